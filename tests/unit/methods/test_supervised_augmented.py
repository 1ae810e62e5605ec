"""Augmentation moves image and label alike."""

import pytest
import torch

from guidednet.methods.supervised_augmented import (
    SupervisedAugmentedConfig,
    random_grid,
    random_intensity,
    rotation_matrices,
)


def test_augmentation_moves_image_and_label_alike():
    options = SupervisedAugmentedConfig(rotation=30.0)
    torch.manual_seed(0)
    volume = (
        (torch.rand(2, 1, 3, 3, 3) > 0.5)
        .float()
        .repeat_interleave(4, 2)
        .repeat_interleave(4, 3)
        .repeat_interleave(4, 4)
    )
    grid = random_grid(volume.shape, options, volume.device)
    moved = torch.nn.functional.grid_sample(volume, grid, mode="bilinear", align_corners=False)
    label = torch.nn.functional.grid_sample(volume, grid, mode="nearest", align_corners=False)
    assert not torch.equal(label, volume) and set(label.unique().tolist()) == {0, 1}
    assert ((moved > 0.5) == (label > 0.5)).float().mean() > 0.9


def test_no_augmentation_is_the_identity():
    options = SupervisedAugmentedConfig(
        rotation=0, scaling=0, shift=0, contrast=0, gamma=0, noise=0
    )
    volume = torch.rand(1, 1, 4, 6, 8)
    grid = random_grid(volume.shape, options, volume.device)
    torch.testing.assert_close(
        torch.nn.functional.grid_sample(volume, grid, align_corners=False),
        volume,
        atol=1e-5,
        rtol=0,
    )
    torch.testing.assert_close(random_intensity(volume, options), volume)


def test_rotations_are_rotations_of_the_anatomy_also_in_flat_crops():
    matrices = rotation_matrices(torch.tensor([[0.3, -0.2, 0.5]]))
    torch.testing.assert_close(matrices @ matrices.mT, torch.eye(3)[None], atol=1e-6, rtol=0)
    assert torch.linalg.det(matrices).item() == pytest.approx(1)
