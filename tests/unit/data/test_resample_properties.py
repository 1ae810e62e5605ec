"""What holds for volumes in any storage order and with voxels of any size."""

import nibabel as nib
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from guidednet.data.nifti import Volume, canonical
from guidednet.data.resample import label_to_spacing, prepared_grid, to_grid
from helpers.strategies import LABEL_PAIRS, SPACINGS, VOLUMES
from helpers.volumes import AXIS_ORDERS, reoriented


def affine_of(spacing, origin=(-50.0, 20.0, 7.0)):
    """Affine (4,4) of a grid with voxels of `spacing` (x,y,z) in mm."""
    return nib.affines.from_matvec(np.diag(spacing), origin)


@given(LABEL_PAIRS, SPACINGS, st.sampled_from(AXIS_ORDERS))
def test_every_storage_order_reads_as_the_same_volume(maps, spacing, order):
    affine = affine_of(spacing)
    data, grid = canonical(Volume(*reoriented(maps[0], affine, order)))
    np.testing.assert_array_equal(data, maps[0].transpose(2, 1, 0))
    np.testing.assert_allclose(grid, affine, atol=1e-9)


@given(LABEL_PAIRS, SPACINGS, st.sampled_from(AXIS_ORDERS))
def test_labels_come_back_to_the_grid_that_they_came_from(maps, spacing, order):
    affine = affine_of(spacing)
    prepared = label_to_spacing(maps[0], affine, spacing)
    np.testing.assert_array_equal(prepared, maps[0].transpose(2, 1, 0))
    stored, stored_affine = reoriented(maps[0], affine, order)
    np.testing.assert_array_equal(to_grid(prepared, affine, stored.shape, stored_affine), stored)


@given(VOLUMES, SPACINGS, SPACINGS)
def test_a_prepared_grid_keeps_the_centre_and_lies_within_the_volume(shape, old, new):
    grid, affine = prepared_grid(shape, affine_of(old), new)
    corners = np.array([np.zeros(3), np.array(grid) - 1])
    # in voxels of the volume
    first, last = nib.affines.apply_affine(np.linalg.inv(affine_of(old)) @ affine, corners)
    np.testing.assert_allclose(first + last, np.array(shape) - 1, atol=1e-6)
    assert (first >= -0.5).all() and (np.array(grid) >= 1).all()
