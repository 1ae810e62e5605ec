"""What holds for the surfaces of any two masks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidednet.metrics.surface_distance import surface_scores
from helpers.strategies import MASK_PAIRS, SPACINGS


@given(MASK_PAIRS, SPACINGS, st.floats(0, 10))
def test_surface_scores_are_symmetric_and_within_their_range(masks, spacing, tolerance):
    nsd, hd95 = surface_scores(*masks, spacing, tolerance)
    assert surface_scores(*reversed(masks), spacing, tolerance) == pytest.approx((nsd, hd95))
    assert 0 <= nsd <= 1 and 0 <= hd95 <= np.linalg.norm(np.multiply(masks[0].shape, spacing))
    assert surface_scores(*masks, spacing, tolerance + 1)[0] >= nsd
    assert surface_scores(masks[0], masks[0], spacing, 0.0) == (1.0, 0.0)


@given(MASK_PAIRS, SPACINGS, st.floats(0.1, 10))
def test_distances_scale_with_the_voxels(masks, spacing, factor):
    scaled = surface_scores(*masks, tuple(factor * side for side in spacing), 1.0)[1]
    assert scaled == pytest.approx(factor * surface_scores(*masks, spacing, 1.0)[1])


@given(MASK_PAIRS, SPACINGS, st.integers(0, 2), st.integers(1, 4))
def test_a_shift_is_as_far_as_its_voxels_are_thick(masks, spacing, axis, voxels):
    """A plate moves by just that; any other mask at most, since every voxel has its own image at
    that distance.
    """
    widths = [(0, voxels if place == axis else 0) for place in range(3)]
    mask = np.pad(masks[0], widths)
    plate = np.zeros_like(mask)
    plate[(slice(None),) * axis + (0,)] = True
    far = voxels * spacing[axis]
    nsd, hd95 = surface_scores(np.roll(mask, voxels, axis), mask, spacing, far)
    assert nsd == 1 and hd95 <= far
    assert surface_scores(np.roll(plate, voxels, axis), plate, spacing, 0.0) == (
        0.0,
        pytest.approx(far),
    )
