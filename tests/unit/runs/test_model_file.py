"""Models that travel: one file that predicts the same elsewhere, and a damaged one is one sentence."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch

from guidednet.cli.score_text import folder_text
from guidednet.data.datasets import organ_set
from guidednet.data.dicom import read_series
from guidednet.errors import InputError
from guidednet.evaluation.folders import mean_scores, score_folder
from guidednet.predict import find_jobs, organ_volumes, segment, write_colour_tables
from guidednet.runs.model_file import export, load_model
from guidednet.training import checkpoint
from helpers.dicom_series import write_series
from helpers.tiny_runs import save_run
from helpers.volumes import blobs, save


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    torch.manual_seed(0)
    return save_run(tmp_path_factory.mktemp("run"), "cps")


@pytest.fixture
def model(run_folder, tmp_path):
    export(run_folder, tmp_path / "model.pt")
    return tmp_path / "model.pt"


def test_an_exported_model_predicts_what_its_run_predicts(run_folder, model, tmp_path):
    image, _, affine = blobs()
    scan = save(tmp_path / "scan.nii.gz", image, affine)
    for source, name in ((run_folder, "run"), (model, "file")):
        segment(scan, source, tmp_path / f"{name}.nii.gz")
    found = [np.asarray(nib.load(tmp_path / f"{name}.nii.gz").dataobj) for name in ("run", "file")]
    np.testing.assert_array_equal(*found)
    assert (
        checkpoint.load(model)["dataset"]["labels"]["1"] == "liver"
        and load_model(model).config == load_model(run_folder).config
    )


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[: len(content) // 2], "is damaged, or is not an exported model"),
        (lambda content: b"", "is damaged, or is not an exported model"),
    ],
)
def test_a_damaged_file_is_one_sentence(model, damage, message):
    model.write_bytes(damage(model.read_bytes()))
    with pytest.raises(InputError, match=message):
        load_model(model)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"version": 2}, "newer version"), ({"format": "other"}, "the file is not an exported model")],
)
def test_other_files_and_newer_versions_are_refused(model, change, message):
    checkpoint.save(model, checkpoint.load(model) | change)
    with pytest.raises(InputError, match=message):
        load_model(model)


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


def test_a_dicom_series_is_the_volume_it_was_made_from(tmp_path):
    image, _, _ = blobs()
    affine = np.diag([-3.0, -3.0, 5.0, 1.0])
    affine[:3, 3] = [40, 30, -20]
    write_series(tmp_path / "series", image, affine)
    volume = read_series(tmp_path / "series")
    np.testing.assert_array_equal(volume.data, image.astype(np.int16))
    np.testing.assert_allclose(volume.affine, affine, atol=1e-3)


def test_a_series_with_a_gap_two_series_and_none_are_refused(tmp_path):
    image, affine = blobs()[0], np.diag([-3.0, -3.0, 5.0, 1.0])
    write_series(tmp_path / "gap", image, affine, leave_out=(4, 5))
    with pytest.raises(
        InputError, match="slices are missing between 1.2.3-003.dcm and 1.2.3-006.dcm"
    ):
        read_series(tmp_path / "gap")
    write_series(tmp_path / "two", image, affine)
    write_series(tmp_path / "two", image, affine, series="1.2.4")
    with pytest.raises(InputError, match="holds 2 DICOM series"):
        read_series(tmp_path / "two")
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="no DICOM series"):
        read_series(tmp_path / "none")


def test_contours_and_hidden_files_beside_the_slices_are_passed_over(tmp_path):
    write_series(tmp_path, blobs()[0], np.diag([-3.0, -3.0, 5.0, 1.0]))
    head = (tmp_path / "1.2.3-000.dcm").read_bytes()
    contours = head.replace(b"1.2.840.10008.5.1.4.1.1.2\0", b"1.2.840.10008.5.1.4.1.1.481.3\0"[:26])
    (tmp_path / "contours.dcm").write_bytes(contours[:400])
    (tmp_path / "._1.2.3-000.dcm").write_bytes(b"of another system")
    assert read_series(tmp_path).data.shape == blobs()[0].shape


@pytest.mark.parametrize("number", [7, 19], ids=["in the middle", "the last"])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_damaged_slice_is_named_wherever_it_lies(number, share, tmp_path):
    write_series(tmp_path, blobs()[0], np.diag([-3.0, -3.0, 5.0, 1.0]))
    slice_file = tmp_path / f"1.2.3-{number:03d}.dcm"
    content = slice_file.read_bytes()
    slice_file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=f"{slice_file.name} cannot be read as DICOM"):
        read_series(tmp_path)


def test_a_single_slice_and_slices_of_two_sizes_are_refused(tmp_path):
    image, affine = blobs()[0], np.diag([-3.0, -3.0, 5.0, 1.0])
    write_series(tmp_path / "one", image, affine, leave_out=range(1, 20))
    with pytest.raises(InputError, match="holds a single slice; give all slices"):
        read_series(tmp_path / "one")
    write_series(tmp_path / "two", image, affine)
    write_series(tmp_path / "two", image[:20], affine, leave_out=range(19))
    with pytest.raises(InputError, match="cannot be read as one volume; export the series again"):
        read_series(tmp_path / "two")


def test_a_dicom_folder_is_segmented_on_its_own_grid(run_folder, tmp_path):
    image, affine = blobs()[0], np.diag([-3.0, -3.0, 5.0, 1.0])
    write_series(tmp_path / "series", image, affine)
    segment(tmp_path / "series", run_folder, tmp_path / "out.nii.gz")
    label = nib.load(tmp_path / "out.nii.gz")
    assert label.shape == image.shape and np.allclose(label.affine, affine, atol=1e-3)


def test_a_folder_is_scored_like_its_cases(tmp_path):
    image, label, affine = blobs()
    wrong = label.copy()
    wrong[label == 3] = 0
    save(tmp_path / "references" / "a.nii.gz", label, affine)
    save(tmp_path / "predictions" / "a.nii.gz", wrong, affine)
    own = score_folder(tmp_path / "predictions", tmp_path / "references", "flare22").set_index(
        "organ"
    )
    assert (
        own.loc["liver", "dice"] == 1
        and own.loc["spleen", "dice"] == 0
        and np.isnan(own.loc["pancreas", "dice"])
    )
    rules = score_folder(
        tmp_path / "predictions", tmp_path / "references", "flare22", "challenge"
    ).set_index("organ")
    assert rules.loc["pancreas", "dice"] == 1 and rules.loc["spleen", "nsd"] == 0
    means = mean_scores(pd.concat([own.reset_index()]))
    assert means.loc["mean of organs", "dice"] == pytest.approx(own["dice"].mean())
    assert (
        means.loc["mean of organs", "cases"] == means.loc["liver", "cases"] == 1
        and means.loc["pancreas", "cases"] == 0
    )
    assert "no interval over a single case" in folder_text(own.reset_index(), means)


@pytest.mark.parametrize(
    ("dataset", "rules", "remove", "message"),
    [
        ("flare22", "best", None, "use one of own, challenge"),
        ("kits", "own", None, "unknown data set"),
        ("flare22", "own", "references/a.nii.gz", "a.nii.gz: the reference of"),
        ("flare22", "own", "predictions/a.nii.gz", "holds no NIfTI file"),
    ],
)
def test_wrong_folders_of_predictions_are_one_sentence(dataset, rules, remove, message, tmp_path):
    _, label, affine = blobs()
    for folder in ("predictions", "references"):
        save(tmp_path / folder / "a.nii.gz", label, affine)
    if remove:
        (tmp_path / remove).unlink()
    with pytest.raises(InputError, match=message):
        score_folder(tmp_path / "predictions", tmp_path / "references", dataset, rules)
