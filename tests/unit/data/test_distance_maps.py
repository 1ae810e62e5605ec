"""Signed distance maps against their definition."""

import numpy as np
import pytest
from scipy import ndimage

from guidednet.data.distance_maps import signed_distance_map, signed_distance_maps
from helpers.masks import MASKS


def boundary(mask):
    padded = np.pad(mask, 1, mode="edge")
    return mask & ~ndimage.binary_erosion(padded, border_value=1)[1:-1, 1:-1, 1:-1]


@pytest.mark.parametrize("name", MASKS)
def test_sign_boundary_and_range_of_distance_maps(name):
    mask = MASKS[name]
    phi = signed_distance_map(mask)
    assert np.isfinite(phi).all() and np.abs(phi).max() <= 1
    if name in ("absent", "full"):
        assert (phi == (-1 if name == "full" else 1)).all()
        return
    edge = boundary(mask)
    assert (phi[mask & ~edge] < 0).all() and (phi[edge] == 0).all() and (phi[~mask] > 0).all()


def test_distance_map_against_the_definition():
    mask = MASKS["blob"]
    inside, outside = ndimage.distance_transform_edt(mask), ndimage.distance_transform_edt(~mask)
    expected = np.where(inside == 1, 0, outside / outside.max() - inside / inside.max())
    np.testing.assert_allclose(signed_distance_map(mask), expected)


def test_large_crops_keep_sign_and_nearly_the_distance(monkeypatch):
    mask = MASKS["blob"]
    exact = signed_distance_map(mask)
    monkeypatch.setattr("guidednet.data.distance_maps.EXACT_VOXELS", 0)
    coarse = signed_distance_map(mask)
    assert np.array_equal(np.sign(coarse), np.sign(exact))
    assert np.abs(coarse - exact).max() < 0.2


def test_distance_maps_have_a_channel_per_organ():
    label = np.zeros((8, 8, 8), np.uint8)
    label[2:5, 2:5, 2:5] = 3
    maps = signed_distance_maps(label, 5)
    assert maps.shape == (4, 8, 8, 8) and maps.dtype == np.float32
    assert (maps[[0, 1, 3]] == 1).all() and maps[2, 3, 3, 3] < 0
