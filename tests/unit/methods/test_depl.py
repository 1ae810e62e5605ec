"""DePL: what debiasing does to pseudo-labels, and how the mean probability follows."""

import torch

from guidednet.methods.depl import DePLConfig, cross_entropy_of_labelled, follow
from guidednet.methods.parts.pseudo_labels import NO_LABEL
from helpers.batches import a_batch, a_method


def test_a_favoured_class_loses_pseudo_labels_to_the_others():
    method = a_method("depl", DePLConfig(threshold=0.0))
    logits = torch.full((1, 14, 1, 1, 1), -9.0)
    logits[:, 0], logits[:, 1] = 1.0, 0.0
    even = torch.full((14,), 1 / 14)
    favoured = even.clone()
    favoured[0], favoured[1] = 0.9, 0.01
    assert method.debiased(logits, method.bias(even)).item() == 0
    assert method.debiased(logits, method.bias(favoured)).item() == 1


def test_without_strength_and_threshold_it_is_cps():
    batch = a_batch()
    depl = a_method("depl", DePLConfig(strength=0.0, threshold=0.0)).eval()
    cps = a_method("cps").eval()
    for name, value in cps(batch, 4).items():
        torch.testing.assert_close(depl(batch, 4)[name], value)


def test_the_mean_follows_slowly_and_stays_without_rows():
    mean = torch.tensor([0.5, 0.5])
    follow(mean, torch.empty(0, 2, 1, 1, 1), 0.9)
    assert mean.tolist() == [0.5, 0.5]
    follow(mean, torch.tensor([30.0, 0.0]).view(1, 2, 1, 1, 1), 0.9)
    torch.testing.assert_close(mean, torch.tensor([0.55, 0.45]))


def test_voxels_without_a_label_lower_the_mean():
    logits, labels = torch.randn(1, 3, 1, 1, 4), torch.tensor([0, NO_LABEL, 2, NO_LABEL])
    entropies = torch.nn.functional.cross_entropy(
        logits[0, :, 0, 0].T, labels, ignore_index=NO_LABEL, reduction="sum"
    )
    found = cross_entropy_of_labelled(logits, labels.view(1, 1, 1, 4))
    torch.testing.assert_close(found, entropies / 4)
