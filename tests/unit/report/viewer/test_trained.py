"""A case that was segmented on its prepared grid is shown on the scan's own, with smooth outlines."""

from types import SimpleNamespace

import nibabel as nib
import numpy as np

from guidednet.data.case_store import PrepareConfig
from guidednet.data.layouts import RawCase
from guidednet.data.prepare import prepare_label
from guidednet.data.smooth_labels import one_hot
from guidednet.metrics import dice
from guidednet.report.viewer import trained
from guidednet.report.viewer.display_grid import scanned
from guidednet.report.viewer.scene import Overlay
from helpers.viewer_page import body

# The file's axes run towards left and posterior, with an origin.
AFFINE = np.array([[-2, 0, 0, 90], [0, -3, 0, 40], [0, 0, 6, -20], [0, 0, 0, 1.0]])
CONFIG = PrepareConfig(spacing_mm=(6.0, 6.0, 6.0))
STORE = SimpleNamespace(settings={"dataset": "flare22"}, spacing=lambda case: CONFIG.spacing_mm)


def raw_case(folder, labelled=True):
    paths = folder / "image.nii.gz", folder / "label.nii.gz"
    for path, array in zip(paths, body(), strict=True):
        nib.save(nib.Nifti1Image(array.transpose(2, 1, 0)[::-1, ::-1], AFFINE), path)
    return RawCase("case", paths[0], paths[1] if labelled else None)


def shown(raw, folder, monkeypatch):
    """The scene of a raw case on its scan, by a method that is sure of the prepared label."""
    stored = np.asarray(nib.load(folder / "label.nii.gz").dataobj)
    label = prepare_label(stored, AFFINE, CONFIG)
    overlay = {"uncertainty": Overlay((label > 0).astype(np.float32), (0.0, 1.0))}
    monkeypatch.setattr(trained, "case_probabilities", lambda *_: one_hot(label, 14))
    monkeypatch.setattr(trained, "network_uncertainty", lambda *_: overlay)
    grid = scanned(raw, "flare22", CONFIG.spacing_mm)
    return trained.shown_on(grid, STORE, "case", {"CPS": (None, None)}, "synthetic")


def test_a_case_returns_to_its_scan(tmp_path, monkeypatch):
    image, label = body()
    found = shown(raw_case(tmp_path), tmp_path, monkeypatch)
    np.testing.assert_array_equal(found.image, image)
    np.testing.assert_array_equal(found.labels["reference"], label)
    assert list(found.labels) == ["reference", "CPS"] and found.unit == "HU"
    assert np.nanmin(dice(found.labels["CPS"], label, 14)[[0, 1]]) > 0.85
    np.testing.assert_allclose(found.affine @ [59, 0, 0, 1], [90, -77, -20, 1])
    overlay = found.overlays["uncertainty"].values
    assert (
        overlay.shape == image.shape and np.corrcoef(overlay.ravel(), label.ravel() > 0)[0, 1] > 0.8
    )
    assert found.note == (
        "synthetic; predicted on 6 x 6 x 6 mm, shown and measured on the scan's grid"
    )


def test_a_case_without_a_reference_has_none_on_its_scan(tmp_path, monkeypatch):
    found = shown(raw_case(tmp_path, labelled=False), tmp_path, monkeypatch)
    assert list(found.labels) == ["CPS"] and found.reference is None
