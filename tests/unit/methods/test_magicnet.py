"""MagicNet: mixing, recovery and blended pseudo-labels."""

import pytest
import torch

from guidednet.errors import InputError
from guidednet.methods.magicnet import MagicNetConfig, fitting_crop, grid_of
from guidednet.methods.parts.cubes import draw_permutations, mix, recover
from helpers.batches import a_batch, a_method


def test_mixing_nothing_changes_nothing():
    method, batch = a_method("magicnet").eval(), a_batch()
    identity = torch.arange(4)[:, None].expand(4, method.cells)
    torch.testing.assert_close(
        method.mixed_logits(batch.image, identity), method.student(batch.image).logits
    )


def test_classifier_and_recovery_commute():
    method, image = a_method("magicnet").eval(), a_batch().image
    permutation = draw_permutations(4, method.cells, image.device)
    features = method.student(mix(image, method.grid, permutation)).features
    late = recover(method.student.classify(features), method.grid, permutation)
    torch.testing.assert_close(method.mixed_logits(image, permutation), late)


def test_frequent_classes_lean_on_the_cubes_and_rare_ones_on_the_teacher():
    method = a_method("magicnet", MagicNetConfig(warm_up=0)).eval()
    method.frequency.copy_(torch.tensor([10.0, 1.0] + [0.0] * 12))
    assert (
        method.omega()[0] == 1
        and method.omega()[1] == pytest.approx(0.1)
        and (method.omega() <= 1).all()
    )
    image, cubes = torch.rand(1, 1, 8, 8, 16), torch.zeros(1, 14, 8, 8, 16)
    cubes[:, 7] = 100
    torch.manual_seed(3)
    teacher = method.teacher_logits(image).argmax(1)
    torch.manual_seed(3)
    blended = method.pseudo_label(image, cubes, step=1)
    assert (blended[teacher == 0] == 7).all()
    assert torch.equal(blended[teacher > 1], teacher[teacher > 1])


def test_pseudo_labels_carry_no_gradient():
    method = a_method("magicnet")
    assert not method.pseudo_label(
        torch.rand(1, 1, 8, 8, 16), torch.rand(1, 14, 8, 8, 16, requires_grad=True), 1
    ).requires_grad


def test_a_crop_that_the_cubes_do_not_fill_is_refused_with_one_that_they_do():
    assert grid_of((16, 32, 48), side=16) == (1, 2, 3)
    with pytest.raises(InputError, match=r"\(24, 40, 40\).*--set batch\.crop=32,32,32$"):
        grid_of((24, 40, 40), side=16)
    assert fitting_crop((4, 40, 90), side=16) == (16, 32, 96)
