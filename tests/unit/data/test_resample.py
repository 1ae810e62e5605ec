"""Resampling keeps places in the world, and labels come back."""

import nibabel as nib
import numpy as np
import pytest

from guidednet.data.case_store import PrepareConfig
from guidednet.data.datasets import organ_set
from guidednet.data.nifti import Volume
from guidednet.data.prepare import prepare_image
from guidednet.data.resample import to_grid
from guidednet.predict import organ_volumes
from helpers.there_and_back import check_organs_after_the_way_there_and_back
from helpers.volumes import AXIS_ORDERS, blobs, reoriented


def test_resampling_keeps_places_in_the_world():
    """A ramp of 1 HU per mm along each axis stays one on the new grid, also where the file's axes
    are oblique.
    """
    turn = nib.affines.from_matvec(
        np.array([[0.98, -0.199, 0], [0.199, 0.98, 0], [0, 0, 1]]) @ np.diag([2.0, 2.0, 4.0]),
        (-20, 5, 9),
    )
    index = np.stack(np.meshgrid(*[np.arange(size) for size in (24, 28, 12)], indexing="ij"), -1)
    world = nib.affines.apply_affine(turn, index)
    volume = Volume((world @ [1.0, 2.0, 0.5]).astype(np.float32), turn)
    config = PrepareConfig(spacing_mm=(3.0, 2.5, 2.5), percentiles=(0.0, 100.0))
    prepared, affine = prepare_image(volume, config)
    places = nib.affines.apply_affine(
        affine,
        np.stack(np.meshgrid(*[np.arange(s) for s in prepared.shape[::-1]], indexing="ij"), -1),
    )
    inner = (slice(4, -4),) * 3
    slope = np.polyfit(
        (places @ [1.0, 2.0, 0.5])[inner].ravel(), prepared.transpose(2, 1, 0)[inner].ravel(), 1
    )
    fitted = np.polyval(slope, (places @ [1.0, 2.0, 0.5])[inner])
    assert slope[0] > 0 and np.abs(fitted - prepared.transpose(2, 1, 0)[inner]).max() < 1e-2


def test_label_there_and_back_on_a_flipped_grid():
    _, label, affine = blobs()
    for order in AXIS_ORDERS[::7]:
        stored, stored_affine = reoriented(label, affine, order)
        back = to_grid(label.transpose(2, 1, 0), affine, stored.shape, stored_affine)
        assert np.array_equal(back, stored)


def test_beyond_the_scan_is_air():
    """Where the coarse grid ends outside the scan, the padding is the window's lower end, not 0 HU."""
    image = np.full((11, 11, 11), 300.0, np.float32)
    image[0, 0, 0] = -325
    prepared, _ = prepare_image(
        Volume(image, np.eye(4)), PrepareConfig(spacing_mm=(4.0, 4.0, 4.0), percentiles=(0, 100))
    )
    assert set(np.unique(prepared.round(3))) <= {0.0, 1.0}


def test_organs_survive_the_way_there_and_back():
    """On a scan and a prepared grid twice as coarse as real ones: harder, and made in seconds."""
    check_organs_after_the_way_there_and_back("flare22", 2.0, (5.0, 2.5, 2.5))


def test_volume_of_a_ball_on_an_oblique_grid():
    """A ball of 30 mm, predicted on the prepared grid, has its 113 ml on an anisotropic, turned
    one.
    """
    angle = np.deg2rad(20)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    affine = nib.affines.from_matvec(turn @ np.diag([-0.9, 0.9, 4.0]), (60, -50, -60))
    shape = (120, 130, 30)
    image, prepared_affine = prepare_image(
        Volume(np.random.default_rng(0).normal(size=shape).astype(np.float32), affine),
        PrepareConfig(),
    )
    index = np.stack(
        np.meshgrid(*[np.arange(size) for size in image.shape[::-1]], indexing="ij"), -1
    )
    centre = nib.affines.apply_affine(affine, (np.array(shape) - 1) / 2)
    inside = np.linalg.norm(nib.affines.apply_affine(prepared_affine, index) - centre, axis=-1) < 30
    predicted = inside.transpose(2, 1, 0).astype(np.uint8)
    volume = organ_volumes(
        to_grid(predicted, prepared_affine, shape, affine), affine, organ_set("flare22")
    )["liver"]
    assert volume == pytest.approx(4 / 3 * np.pi * 3.0**3, rel=0.02)
