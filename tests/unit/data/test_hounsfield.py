"""Values that cannot be HU are recognised, and real ones are not doubted."""

import numpy as np
import pytest

from guidednet.data.hounsfield import doubt_about_hu
from guidednet.data.scan import check_hounsfield
from guidednet.data.volume import Volume
from helpers.bad_input import refused

WINDOW = (-325.0, 325.0)


def body(seed=0):
    """HU as a scanner gives them: air, fat, soft tissue, some bone."""
    generator = np.random.default_rng(seed)
    values = np.full((30, 30, 20), -1000.0)
    values[5:25, 5:25] = generator.normal(40, 60, (20, 20, 20))
    values[8:10, 8:10] = generator.normal(700, 200, (2, 2, 20))
    return values.round()


def eight_bits(values):
    return (np.clip((values + 160) / 400, 0, 1) * 255).round()


NOT_HU = {
    "HU + 1024": (lambda hu: hu + 1024, "its lowest value is"),
    "HU + 1000": (lambda hu: hu + 1000, "its lowest value is"),
    "a window of 8 bits": (eight_bits, "its lowest value is 0"),
    "MR": (lambda hu: np.abs(hu + 1000) / 3, "its lowest value is 0"),
    "scaled to 0 to 1": (lambda hu: eight_bits(hu) / 255, "its lowest value is 0"),
    "z-scores": (lambda hu: (hu - hu.mean()) / hu.std(), "its lowest value is -"),
    "clipped to -160 to 240": (lambda hu: np.clip(hu, -160, 240), "its lowest value is -160"),
    "clipped to -250 to 250": (lambda hu: np.clip(hu, -250, 250), "clipped to a grey window"),
}


@pytest.mark.parametrize("name", NOT_HU)
def test_values_that_are_not_hu_are_doubted(name):
    change, message = NOT_HU[name]
    assert message in doubt_about_hu(change(body()), WINDOW)
    scan = Volume(change(body()), np.eye(4))
    refused("--assume-hu if you know", check_hounsfield, "scan.nii.gz", scan, WINDOW)
    check_hounsfield("scan.nii.gz", scan, None)


HU = {
    "as scanned": lambda hu: hu,
    "padded": lambda hu: np.where(hu < -900, -3024, hu),
    "clipped where nothing is used": lambda hu: np.clip(hu, -325, 325),
    "clipped to 12 bits": lambda hu: np.clip(hu, -1024, 3071),
    "fat against the edge": lambda hu: np.maximum(hu, -250 + np.arange(20)),
    "a plain body": lambda hu: np.where(hu > -500, 50, -1000),
}


def test_a_scan_that_is_clipped_to_what_is_used_is_not_doubted():
    assert doubt_about_hu(np.clip(body(), -125, 275), (-125.0, 275.0)) is None
    assert doubt_about_hu(body() + 1024, (-125.0, 275.0)) is not None


@pytest.mark.parametrize("name", HU)
def test_values_that_may_be_hu_are_not_doubted(name):
    assert doubt_about_hu(HU[name](body()), WINDOW) is None
