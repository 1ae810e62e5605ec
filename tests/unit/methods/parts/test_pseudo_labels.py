"""Pseudo-labels: the limits of the threshold, and the loss on a part of the voxels."""

import torch

from guidednet.losses import supervised_loss
from guidednet.methods.parts.pseudo_labels import NO_LABEL, partial_loss, sure_labels


def test_a_threshold_of_0_keeps_all_and_of_1_none():
    probabilities = torch.rand(2, 3, 2, 2, 2).softmax(1)
    probabilities[0, :, 0, 0, 0] = torch.tensor([0.0, 1.0, 0.0])  # as rounding gives
    assert torch.equal(sure_labels(probabilities, 0.0), probabilities.argmax(1))
    assert (sure_labels(probabilities, 1.0) == NO_LABEL).all()


def test_with_all_labels_it_is_the_supervised_loss_and_without_any_zero():
    logits, labels = (
        torch.randn(2, 3, 4, 4, 4, requires_grad=True),
        torch.randint(0, 3, (2, 4, 4, 4)),
    )
    torch.testing.assert_close(partial_loss(logits, labels), supervised_loss(logits, labels))
    nothing = partial_loss(logits, torch.full_like(labels, NO_LABEL))
    (gradient,) = torch.autograd.grad(nothing, logits)
    assert nothing == 0 and (gradient == 0).all()


def test_it_sees_labelled_voxels_alone():
    logits, labels = torch.randn(1, 3, 2, 4, 4), torch.randint(0, 3, (1, 2, 4, 4))
    half = labels.clone()
    half[:, 1] = NO_LABEL
    torch.testing.assert_close(
        partial_loss(logits, half), supervised_loss(logits[:, :, :1], labels[:, :1])
    )
