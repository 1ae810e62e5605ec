"""Surface distances of shapes with known answers."""

import numpy as np
import pytest

from guidednet.data.datasets import organ_set
from guidednet.metrics.surface_distance import surface, surface_distances, surface_scores

SPACING = (5.0, 2.0, 1.0)


def slab(first, last):
    mask = np.zeros((20, 12, 12), bool)
    mask[first:last, 3:9, 3:9] = True
    return mask


def test_equal_masks_are_perfect():
    assert surface_scores(slab(4, 9), slab(4, 9), SPACING, 0.0) == (1.0, 0.0)


def test_a_shift_of_one_slice_is_one_slice_thickness():
    there, back = surface_distances(slab(5, 10), slab(4, 9), SPACING)
    assert there.max() == back.max() == 5.0
    nsd, hd95 = surface_scores(slab(5, 10), slab(4, 9), SPACING, 4.9)
    assert hd95 == 5.0 and 0 < nsd < 1
    assert surface_scores(slab(5, 10), slab(4, 9), SPACING, 5.0)[0] == 1


def test_single_voxels_are_as_far_apart_as_they_are():
    a, b = np.zeros((10, 10, 10), bool), np.zeros((10, 10, 10), bool)
    a[1, 1, 1], b[4, 3, 1] = True, True
    assert surface_scores(a, b, SPACING, 1.0) == (0.0, pytest.approx(np.hypot(15, 4)))


def test_missing_and_absent_organs():
    nothing = np.zeros((20, 12, 12), bool)
    nsd, hd95 = surface_scores(nothing, slab(4, 9), SPACING, 3.0)
    assert nsd == 0 and hd95 == pytest.approx(np.linalg.norm([100, 24, 12]))
    assert all(np.isnan(surface_scores(slab(4, 9), nothing, SPACING, 3.0)))


def test_surface_of_a_cube_is_its_hull():
    assert surface(slab(4, 9)).sum() == 5 * 6 * 6 - 3 * 4 * 4


def test_tolerances_are_those_of_the_challenge():
    tolerances = {organ.name: organ.tolerance_mm for _, organ in organ_set("flare22").in_order}
    assert tolerances["liver"] == 5 and tolerances["duodenum"] == 7 and tolerances["aorta"] == 2
