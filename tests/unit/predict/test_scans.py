"""Scans are segmented on their own grid: files, folders and DICOM series."""

import nibabel as nib
import numpy as np
import pytest
import torch

from guidednet.data.datasets import organ_set
from guidednet.errors import InputError
from guidednet.predict import (
    find_jobs,
    organ_volumes,
    segment,
    segment_all,
    write_colour_tables,
)
from helpers.dicom_series import write_series
from helpers.prediction import check_that_prediction_follows_the_scan, segmented
from helpers.tiny_runs import save_run
from helpers.volumes import AXIS_ORDERS, blobs, save


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    torch.manual_seed(0)
    return save_run(tmp_path_factory.mktemp("run"), "cps")


@pytest.mark.parametrize("order", AXIS_ORDERS[::6], ids=str)
def test_prediction_follows_the_scan_through_all_48_axis_orders(order, run_folder, tmp_path):
    """Every sixth; the others are in tests/whole."""
    check_that_prediction_follows_the_scan(order, run_folder, tmp_path)


def test_a_scan_smaller_than_the_window_is_segmented(run_folder, tmp_path):
    image, _, affine = blobs()
    assert segmented(image[:5, :6, :3], affine, run_folder, tmp_path).shape == (5, 6, 3)


def test_ensemble_is_another_answer(run_folder, tmp_path):
    image, _, affine = blobs()
    primary = np.asarray(segmented(image, affine, run_folder, tmp_path).dataobj)
    ensemble = np.asarray(
        segmented(image, affine, run_folder, tmp_path, predictor="ensemble").dataobj
    )
    assert not np.array_equal(primary, ensemble)


@pytest.mark.parametrize(
    ("output", "run", "predictor", "message"),
    [
        ("out.png", None, "primary", "does not end in .nii"),
        ("out.nii", "elsewhere", "primary", "no such file or folder"),
        ("out.nii", None, "teacher", "has no teacher"),
    ],
)
def test_wrong_requests_get_one_sentence_and_no_file(
    output, run, predictor, message, run_folder, tmp_path
):
    image, _, affine = blobs()
    scan = save(tmp_path / "scan.nii.gz", image, affine)
    with pytest.raises(InputError, match=message):
        segment(scan, tmp_path / run if run else run_folder, tmp_path / output, predictor)
    assert [path.name for path in tmp_path.iterdir()] == ["scan.nii.gz"]


def test_a_folder_of_scans_goes_to_a_folder_and_volumes_are_those_of_the_labels(
    run_folder, tmp_path
):
    image, _, affine = blobs()
    for name in ("a.nii.gz", "b.nii.gz"):
        save(tmp_path / "scans" / name, image, affine)
    volumes = segment(tmp_path / "scans", run_folder, tmp_path / "out")
    assert list(volumes["scan"]) == ["a", "b"] and sorted(
        path.name for path in (tmp_path / "out").iterdir()
    ) == ["a.nii.gz", "b.nii.gz"]
    label = nib.load(tmp_path / "out" / "a.nii.gz")
    liver = (np.asarray(label.dataobj) == 1).sum() * np.prod(label.header.get_zooms()) / 1000
    assert volumes["liver"][0] == pytest.approx(liver, abs=1e-3)


def test_a_folder_goes_on_where_it_was_and_names_what_cannot_be_segmented(run_folder, tmp_path):
    image, _, affine = blobs((8, 8, 6))
    for name in ("a.nii.gz", "b.nii.gz", "c.nii.gz"):
        save(tmp_path / "scans" / name, image, affine)
    (tmp_path / "scans" / "b.nii.gz").write_bytes(b"\x1f\x8b")
    first = segment_all(tmp_path / "scans", run_folder, tmp_path / "out")
    assert list(first.volumes["scan"]) == ["a", "c"] and list(first.broken) == ["b"]
    with pytest.raises(InputError, match="1 of 3 scans cannot be segmented; the others are in"):
        first.check(tmp_path / "out")
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    (tmp_path / "out" / "c.nii.gz").write_bytes(b"cut")
    save(tmp_path / "scans" / "b.nii.gz", image, affine)
    again = segment(tmp_path / "scans", run_folder, tmp_path / "out")
    now = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert {path.name for path, time in written.items() if now[path.name] == time} == {"a.nii.gz"}
    assert again.iloc[[0, 2]].reset_index(drop=True).equals(first.volumes)


def test_another_model_or_scan_is_segmented_again(run_folder, tmp_path):
    image, _, affine = blobs((8, 8, 6))
    for name in ("a.nii.gz", "b.nii.gz"):
        save(tmp_path / "scans" / name, image, affine)
    segment(tmp_path / "scans", run_folder, tmp_path / "out")
    before = nib.load(tmp_path / "out" / "a.nii.gz").header["descrip"].item()
    save(tmp_path / "scans" / "a.nii.gz", image + 1, affine)
    segment(tmp_path / "scans", run_folder, tmp_path / "out")
    other_scan = nib.load(tmp_path / "out" / "a.nii.gz").header["descrip"].item()
    segment(tmp_path / "scans", run_folder, tmp_path / "out", "ensemble")
    other_model = nib.load(tmp_path / "out" / "a.nii.gz").header["descrip"].item()
    assert len({before, other_scan, other_model}) == 3


def test_the_volume_of_a_known_shape():
    grid = np.stack(
        np.meshgrid(*[np.arange(-30, 30) * step for step in (1.0, 1.5, 2.0)], indexing="ij")
    )
    ball = (np.linalg.norm(grid, axis=0) <= 25).astype(np.uint8)
    volume = organ_volumes(ball, np.diag([1.0, -1.5, 2.0, 1.0]), organ_set("flare22"))["liver"]
    assert volume == pytest.approx(4 / 3 * np.pi * 25**3 / 1000, rel=0.02)


@pytest.mark.parametrize(
    ("scan", "output", "message"),
    [
        ("scans", "out.nii.gz", "is a folder of scans; give a folder"),
        ("scans", "scans", "would be overwritten"),
        ("nowhere", "out.nii.gz", "nowhere: no such file"),
        ("empty", "out", "does not end in .nii"),
    ],
)
def test_wrong_folders_are_one_sentence(scan, output, message, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "a.nii").touch()
    with pytest.raises(InputError, match=message):
        find_jobs(tmp_path / scan, tmp_path / output)


def test_colour_tables_name_every_organ(tmp_path):
    snap, slicer = write_colour_tables(organ_set("flare22"), tmp_path)
    lines = snap.read_text(encoding="utf-8").splitlines()
    assert (
        len(lines) == 14
        and lines[1].split()[:4] == ["1", "170", "68", "153"]
        and '"liver"' in lines[1]
    )
    assert slicer.read_text(encoding="utf-8").splitlines()[1] == "1 liver 170 68 153 255"


def test_a_dicom_folder_is_segmented_on_its_own_grid(run_folder, tmp_path):
    image, affine = blobs()[0], np.diag([-3.0, -3.0, 5.0, 1.0])
    write_series(tmp_path / "series", image, affine)
    segment(tmp_path / "series", run_folder, tmp_path / "out.nii.gz")
    label = nib.load(tmp_path / "out.nii.gz")
    assert label.shape == image.shape and np.allclose(label.affine, affine, atol=1e-3)
