"""DTC: from distance maps to masks, and what its consistency reaches."""

import numpy as np
import pytest
import torch

from guidednet.data.distance_maps import signed_distance_map
from guidednet.methods.dtc import transform
from helpers.batches import a_batch, a_method, reached
from helpers.masks import MASKS


@pytest.mark.parametrize("name", MASKS)
def test_transform_of_the_exact_distance_map_gives_the_mask_back(name):
    phi = torch.from_numpy(signed_distance_map(MASKS[name]))
    assert np.array_equal((transform(phi) >= 0.5).numpy(), MASKS[name])


def test_transform_is_a_falling_step():
    values = transform(torch.tensor([-0.05, -0.001, 0.0, 0.001, 0.05]))
    assert (values.diff() < 0).all() and values[2] == 0.5 and values[0] == 1 and values[4] < 1e-30


def test_consistency_of_dtc_reaches_both_heads():
    method = a_method("dtc")
    with torch.no_grad():
        method.distance_head.layer.weight *= 1e-3  # near 0, where the step is not saturated
        method.distance_head.layer.bias.zero_()
    assert reached(method, method(a_batch(), 4)["consistency"]) == {"network", "distance_head"}
