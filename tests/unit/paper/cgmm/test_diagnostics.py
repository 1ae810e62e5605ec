"""The numbers that compare the class Gaussians with their network, counted by hand."""

import pytest
import torch

from guidednet.cgmm.config import CGMMConfig
from guidednet.cgmm.diagnostics import mean_dice, posterior_diagnostics

LABELS = torch.tensor([0, 0, 0, 1, 1, 2]).view(1, 1, 1, 6)


def maps_of(classes, num_classes=3):
    """Logits (1,K,1,1,V) that name `classes`."""
    return 5.0 * torch.nn.functional.one_hot(torch.tensor(classes), num_classes).T.view(
        1, num_classes, 1, 1, -1
    )


def features_of(classes):
    """Features (1,3,1,1,V), far apart for different classes."""
    return 2 * maps_of(classes)


@pytest.mark.parametrize("config", [CGMMConfig(), CGMMConfig.official()])
def test_numbers_are_those_of_the_voxels(config):
    # labelled: the features tell all classes apart, the network misses the last voxel
    # unlabelled: the posterior sees classes 0 0 1 1 2 2, the network names 0 0 1 1 1 0
    features = torch.cat([features_of([0, 0, 0, 1, 1, 2]), features_of([0, 0, 1, 1, 2, 2])])
    logits = torch.cat([maps_of([0, 0, 0, 1, 1, 0]), maps_of([0, 0, 1, 1, 1, 0])])
    found = posterior_diagnostics(features, logits, LABELS, config)
    assert found["foreground_ratio"] == 1  # 3 of 3 voxels
    assert found["dice_posterior"] == 1
    assert found["dice_network"] == pytest.approx((1 + 0) / 2)  # organ 1 right, organ 2 missed
    assert found["disagreement"].item() == pytest.approx(2 / 6)
    assert 0 <= found["entropy"] < 0.01


def test_entropy_is_ln_2_where_two_classes_are_equally_likely():
    features = torch.zeros(2, 3, 1, 1, 6)
    features[:1] = features_of([0, 0, 0, 1, 1, 1]) / 10
    features[1:] = features[:1].mean(4, keepdim=True)  # as far from either class
    labels = torch.tensor([0, 0, 0, 1, 1, 1]).view(1, 1, 1, 6)
    found = posterior_diagnostics(features, torch.zeros(2, 3, 1, 1, 6), labels, CGMMConfig())
    assert found["entropy"].item() == pytest.approx(torch.tensor(2.0).log().item(), abs=1e-4)


def test_mean_dice_is_over_the_organs_in_the_labels():
    prediction = torch.tensor([0, 1, 0, 1, 1, 1]).view(1, 1, 1, 6)
    # organ 1: 2 of 2 found, 4 predicted; organ 2: none found; organ 3 is in no label
    assert mean_dice(prediction, LABELS, 4).item() == pytest.approx((2 * 2 / 6 + 0) / 2)
