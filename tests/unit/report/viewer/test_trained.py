"""A case that was segmented on its prepared grid is shown on the scan's own."""

from dataclasses import replace

import nibabel as nib
import numpy as np

from guidednet.data.case_store import PrepareConfig
from guidednet.data.datasets import organ_set
from guidednet.data.layouts import RawCase
from guidednet.data.nifti import Volume
from guidednet.data.prepare import prepare_image, prepare_label
from guidednet.metrics import dice
from guidednet.report.viewer.scene import SCALED_WINDOWS, Overlay, Scene
from guidednet.report.viewer.trained import on_scan
from helpers.viewer_page import body

# The file's axes run towards left and posterior, with an origin.
AFFINE = np.array([[-2, 0, 0, 90], [0, -3, 0, 40], [0, 0, 6, -20], [0, 0, 0, 1.0]])
CONFIG = PrepareConfig(spacing_mm=(6.0, 6.0, 6.0))


def raw_case(folder):
    paths = folder / "image.nii.gz", folder / "label.nii.gz"
    for path, array in zip(paths, body(), strict=True):
        nib.save(nib.Nifti1Image(array.transpose(2, 1, 0)[::-1, ::-1], AFFINE), path)
    return RawCase("case", *paths)


def prepared_scene(raw):
    image, label = (np.asarray(nib.load(path).dataobj) for path in (raw.image, raw.label))
    grey, _ = prepare_image(Volume(image.astype(np.float32), AFFINE), CONFIG)
    labels = prepare_label(label, AFFINE, CONFIG)
    organs = organ_set("flare22")
    certain = {"uncertainty": Overlay(grey, (0.0, 1.0))}
    return Scene(
        "case",
        grey,
        {"reference": labels, "CPS": labels},
        np.diag([6, 6, 6, 1.0]),
        organs,
        SCALED_WINDOWS,
        "scaled",
        "reference",
        certain,
    )


def test_a_case_returns_to_its_scan(tmp_path):
    image, label = body()
    raw = raw_case(tmp_path)
    found = on_scan(prepared_scene(raw), raw)
    np.testing.assert_array_equal(found.image, image)
    np.testing.assert_array_equal(found.labels["reference"], label)
    assert list(found.labels) == ["reference", "CPS"] and found.unit == "HU"
    assert np.nanmin(dice(found.labels["CPS"], label, 14)[[0, 1]]) > 0.85
    np.testing.assert_allclose(found.affine @ [59, 0, 0, 1], [90, -77, -20, 1])
    overlay = found.overlays["uncertainty"].values
    assert overlay.shape == image.shape and np.corrcoef(overlay.ravel(), image.ravel())[0, 1] > 0.9


def test_a_case_without_a_reference_has_none_on_its_scan(tmp_path):
    raw = raw_case(tmp_path)
    prepared = prepared_scene(raw)
    hidden = replace(prepared, labels={"CPS": prepared.labels["CPS"]}, reference=None)
    assert list(on_scan(hidden, raw).labels) == ["CPS"]
