"""Curves hold the foreground of every network, and logging changes nothing."""

import pytest
import torch

from guidednet.methods import METHODS
from guidednet.training.diagnostics import diagnostics
from helpers.batches import a_batch, a_method


def test_foreground_is_the_share_of_voxels_that_are_no_background():
    method, batch = a_method("cps"), a_batch()
    found = diagnostics(method, batch)
    with torch.no_grad():
        organs = method.network_b(batch.image).logits.argmax(1) > 0
    rows = len(batch.label)
    assert found["foreground/labels"] == pytest.approx((batch.label > 0).float().mean().item())
    assert found["foreground/network_b/labelled"] == pytest.approx(
        organs[:rows].float().mean().item()
    )
    assert found["foreground/network_b/unlabelled"] == pytest.approx(
        organs[rows:].float().mean().item()
    )


@pytest.mark.parametrize("name", METHODS)
def test_logging_changes_neither_weights_nor_random_numbers(name):
    method, batch = a_method(name), a_batch()
    before = {key: value.clone() for key, value in method.state_dict().items()}
    state = torch.get_rng_state()
    values = diagnostics(method, batch)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(value.equal(before[key]) for key, value in method.state_dict().items())
    assert all(isinstance(value, float) for value in values.values())


def test_guidednet_says_how_each_networks_posterior_does():
    found = diagnostics(a_method("guidednet"), a_batch())
    assert {name.split("/")[1] for name in found if name.startswith("cgmm/")} == {
        "network_a",
        "network_b",
    }
    assert {name.split("/")[2] for name in found if name.startswith("cgmm/")} == {
        *("entropy", "disagreement", "foreground_ratio", "dice_posterior", "dice_network")
    }
