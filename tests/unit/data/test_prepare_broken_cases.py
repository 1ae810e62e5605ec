"""Preparing many cases: broken ones among good ones, the disk, the presets, --verify, and labels
and volumes there and back.
"""

import dataclasses
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import SimpleITK

from guidednet.cli.parser import main
from guidednet.config import from_dict
from guidednet.data import disk_space
from guidednet.data import prepare as preparation
from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.datasets import organ_set
from guidednet.data.disk_space import needed_bytes
from guidednet.data.layouts import find_cases
from guidednet.data.nifti import Volume
from guidednet.data.prepare import prepare, prepare_image
from guidednet.data.resample import to_grid
from guidednet.data.verify import verify
from guidednet.errors import InputError
from guidednet.predict import organ_volumes
from helpers.there_and_back import check_organs_after_the_way_there_and_back
from helpers.volumes import blobs, save, save_case

CONFIG = PrepareConfig(spacing_mm=(5.0, 3.0, 3.0))
SPACING = ["--spacing", 5, 3, 3]


@pytest.fixture
def raw(tmp_path):
    for number in range(1, 6):
        save_case(tmp_path / "raw", number)
    return tmp_path / "raw"


def image_of(raw, number):
    return raw / "images" / f"FLARE22_Tr_{number:04d}_0000.nii.gz"


def damage(raw):
    """One file cut short, one image with NaN; three cases are left."""
    image_of(raw, 2).write_bytes(image_of(raw, 2).read_bytes()[:500])
    save(image_of(raw, 4), np.full((30, 26, 20), np.nan, np.float32), blobs()[2])


def call(monkeypatch, *arguments):
    monkeypatch.setattr(
        sys,
        "argv",
        ["guidednet", "prepare", *map(str, arguments), "--dataset", "flare22", "--workers", "1"],
    )
    return main()


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("workers", [1, 2])
def test_broken_cases_stop_no_other(workers, raw, tmp_path):
    damage(raw)
    with pytest.raises(InputError) as caught:
        prepare(raw, tmp_path / "store", "flare22", CONFIG, workers)
    headline, *lines = str(caught.value).splitlines()
    assert "2 of 5 cases cannot be used" in headline and len(lines) == 2
    assert (
        "0002_0000.nii.gz: cannot be read as NIfTI" in lines[0]
        and "0004_0000.nii.gz: has voxels that are not finite" in lines[1]
    )
    done = sorted(path.parent.name for path in (tmp_path / "store").rglob("case.json"))
    assert done == [f"FLARE22_Tr_{number:04d}" for number in (1, 3, 5)]
    assert not (tmp_path / "store" / "cases.csv").exists()


def test_mended_cases_complete_the_store_and_the_others_are_not_done_again(
    raw, tmp_path, monkeypatch
):
    whole = prepare(raw, tmp_path / "whole", "flare22", CONFIG)
    damage(raw)
    with pytest.raises(InputError):
        prepare(raw, tmp_path / "store", "flare22", CONFIG)
    for number in (2, 4):
        save_case(raw, number)
    original, calls = preparation.prepare_image, []
    monkeypatch.setattr(
        preparation, "prepare_image", lambda *arguments: calls.append(1) or original(*arguments)
    )
    assert prepare(raw, tmp_path / "store", "flare22", CONFIG) == whole == []
    assert len(calls) == 2 and files(tmp_path / "store") == files(tmp_path / "whole")


def test_a_case_that_breaks_later_takes_the_table_away(raw, tmp_path):
    """Else a training would go on with what the table says, and never know."""
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    damage(raw)
    with pytest.raises(InputError):
        prepare(raw, tmp_path / "store", "flare22", CONFIG)
    with pytest.raises(InputError, match="cases.csv: not found"):
        CaseStore(tmp_path / "store")


def test_skip_broken_leaves_them_out_and_says_so(raw, tmp_path, monkeypatch, capsys):
    damage(raw)
    store = tmp_path / "store"
    assert call(monkeypatch, raw, store, *SPACING) == 2
    assert "2 of 5 cases cannot be used" in capsys.readouterr().err
    assert call(monkeypatch, raw, store, *SPACING, "--skip-broken") == 0
    error = capsys.readouterr().err
    assert "2 cases are left out" in error and "0002_0000.nii.gz: cannot be read" in error
    assert CaseStore(store).labelled_ids == [f"FLARE22_Tr_{number:04d}" for number in (1, 3, 5)]
    broken = pd.read_csv(store / "broken.csv")
    assert (
        list(broken["case_id"]) == ["FLARE22_Tr_0002", "FLARE22_Tr_0004"]
        and "not finite" in broken["reason"][1]
    )
    for number in (2, 4):
        save_case(raw, number)
    assert call(monkeypatch, raw, store, *SPACING) == 0
    assert len(CaseStore(store).table) == 5 and not (store / "broken.csv").exists()


def test_no_table_of_no_cases(raw, tmp_path):
    for number in range(1, 6):
        image_of(raw, number).write_text("hello")
    with pytest.raises(InputError, match="5 of 5 cases"):
        prepare(raw, tmp_path / "store", "flare22", CONFIG, skip_broken=True)
    assert not (tmp_path / "store" / "cases.csv").exists()


def test_only_some_cases_with_a_broken_one_elsewhere(raw, tmp_path):
    damage(raw)
    prepare(raw, tmp_path / "store", "flare22", CONFIG, only={"FLARE22_Tr_0001", "FLARE22_Tr_0003"})
    assert CaseStore(tmp_path / "store").labelled_ids == ["FLARE22_Tr_0001", "FLARE22_Tr_0003"]
    assert verify(raw, tmp_path / "store", "flare22") == 8


def test_needed_disk_is_what_the_arrays_take(raw, tmp_path):
    save_case(raw, labelled=False)
    image, label, affine = blobs((31, 27, 23), (0.9, 1.1, 3.7))
    save_case(raw, 6, image, label, affine)
    config = PrepareConfig(spacing_mm=(2.5, 1.25, 1.25))
    prepare(raw, tmp_path / "store", "flare22", config)
    arrays = [np.load(path) for path in (tmp_path / "store").rglob("*.npy")]
    assert (
        needed_bytes(find_cases(raw, "flare22"), config)
        == sum(array.nbytes for array in arrays)
        > 0
    )


def test_the_estimate_is_printed_and_counts_what_is_not_done(raw, tmp_path):
    said = []
    prepare(raw, tmp_path / "store", "flare22", CONFIG, only={"FLARE22_Tr_0001"}, say=said.append)
    prepare(raw, tmp_path / "store", "flare22", CONFIG, say=said.append)
    prepare(raw, tmp_path / "store", "flare22", CONFIG, say=said.append)
    assert (
        "for 1 cases" in said[0]
        and "for 4 cases" in said[1]
        and said[2] == "all 5 cases are already prepared"
    )


def test_a_disk_too_small_is_refused_before_anything_is_written(raw, tmp_path, monkeypatch, capsys):
    needed = needed_bytes(find_cases(raw, "flare22"), CONFIG)
    monkeypatch.setattr(
        disk_space.shutil, "disk_usage", lambda folder: SimpleNamespace(free=needed - 1)
    )
    assert call(monkeypatch, raw, tmp_path / "store", *SPACING) == 2
    error = capsys.readouterr().err
    assert (
        str(tmp_path / "store") in error
        and "GB is needed for 5 cases" in error
        and "GB is free" in error
        and error.count("\n") == 1
    )
    assert not (tmp_path / "store").exists()
    monkeypatch.setattr(
        disk_space.shutil, "disk_usage", lambda folder: SimpleNamespace(free=needed)
    )
    assert call(monkeypatch, raw, tmp_path / "store", *SPACING) == 0


def test_a_store_folder_that_cannot_be_written_is_one_sentence(raw, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    assert call(monkeypatch, raw, tmp_path / "file" / "store", *SPACING) == 2
    error = capsys.readouterr().err
    assert "cannot be written" in error and error.count("\n") == 1


def test_a_read_only_place_is_one_sentence(raw, tmp_path, monkeypatch, capsys):
    """Simulated, for root may write everywhere."""

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert call(monkeypatch, raw, tmp_path / "store", *SPACING) == 2
    error = capsys.readouterr().err
    assert (
        f"{tmp_path / 'store'}: cannot be written (Permission denied)" in error
        and error.count("\n") == 1
    )
    assert not (tmp_path / "store").exists()


def test_a_disk_that_fills_is_one_sentence_with_status_1(raw, tmp_path, monkeypatch, capsys):
    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(preparation, "write_array", fail)
    assert call(monkeypatch, raw, tmp_path / "store", *SPACING) == 1
    assert "cannot be written (No space left on device)" in capsys.readouterr().err


def test_official_preset_is_what_the_released_code_computes():
    """Against SimpleITK step by step: clip to [-325, 325], cubic B-spline, clip to [-22, 325],
    fixed z-score.
    """
    image, _, affine = blobs((40, 36, 24), (0.8, 0.8, 3.0))
    image = image.astype(np.float32) * 3 - 200
    config = PrepareConfig.official()
    prepared, new_affine = prepare_image(Volume(image, affine), config)
    scan = SimpleITK.GetImageFromArray(np.clip(image, -325, 325).transpose(2, 1, 0))
    scan.SetSpacing((0.8, 0.8, 3.0))
    grid = SimpleITK.Image(prepared.shape[::-1], SimpleITK.sitkUInt8)
    grid.SetSpacing(config.spacing_mm[::-1])
    grid.SetOrigin(new_affine[:3, 3].tolist())
    resampled = SimpleITK.Resample(scan, grid, SimpleITK.Transform(), SimpleITK.sitkBSpline)
    expected = (np.clip(SimpleITK.GetArrayFromImage(resampled), -22, 325) - 214.68231) / 100.240135
    assert config.spacing_mm == (2.5, 1.22250766, 1.22250766)
    np.testing.assert_allclose(prepared, expected, atol=2e-3)
    assert prepared.min() == pytest.approx((-22 - 214.68231) / 100.240135, abs=1e-5)


def test_presets_on_the_command_line(raw, tmp_path, monkeypatch):
    assert call(monkeypatch, raw, tmp_path / "official", "--preset", "official", *SPACING) == 0
    assert call(monkeypatch, raw, tmp_path / "paper", *SPACING) == 0
    official, paper = CaseStore(tmp_path / "official"), CaseStore(tmp_path / "paper")
    assert official.settings["spacing_mm"] == paper.settings["spacing_mm"] == [5.0, 3.0, 3.0]
    assert (
        official.image("FLARE22_Tr_0001").min() < -2 and paper.image("FLARE22_Tr_0001").min() == 0
    )
    assert "z_score" not in paper.settings  # as stores made before there were presets


def test_settings_survive_json_and_records_without_newer_fields_stay_readable():
    for config in (PrepareConfig(), PrepareConfig.official()):
        assert from_dict(PrepareConfig, dataclasses.asdict(config)) == config
    older = {
        "spacing_mm": [2.5, 1.25, 1.25],
        "hu_window": [-325.0, 325.0],
        "percentiles": [0.5, 99.5],
    }
    assert from_dict(PrepareConfig, older) == PrepareConfig()


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def change_a_voxel(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))


CASE = "FLARE22_Tr_0003"
FAULTS = {
    "truncated image array": (
        lambda raw, case: truncate(case / "image.npy"),
        "image.npy: has changed",
    ),
    "one voxel of a label array": (
        lambda raw, case: change_a_voxel(case / "label.npy"),
        "label.npy: has changed",
    ),
    "array gone": (lambda raw, case: (case / "image.npy").unlink(), "image.npy: missing"),
    "record gone": (lambda raw, case: (case / "case.json").unlink(), "case.json: missing"),
    "raw image changed": (
        lambda raw, case: change_a_voxel(image_of(raw, 3)),
        "0003_0000.nii.gz: has changed",
    ),
    "raw label changed": (
        lambda raw, case: truncate(raw / "labels" / f"{CASE}.nii.gz"),
        "0003.nii.gz: has changed",
    ),
    "raw image gone": (lambda raw, case: image_of(raw, 3).unlink(), f"case {CASE} is missing"),
    "raw label gone": (
        lambda raw, case: (raw / "labels" / f"{CASE}.nii.gz").unlink(),
        f"{CASE}.nii.gz: missing",
    ),
    "raw folder gone": (lambda raw, case: shutil.rmtree(raw), "raw: no such folder"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_verify_names_what_is_not_as_it_was_and_changes_nothing(
    name, raw, tmp_path, monkeypatch, capsys
):
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    assert call(monkeypatch, raw, tmp_path / "store", "--verify") == 0
    assert "20 files are unchanged" in capsys.readouterr().out
    harm, message = FAULTS[name]
    harm(raw, tmp_path / "store" / "cases" / CASE)
    before = files(tmp_path)
    assert call(monkeypatch, raw, tmp_path / "store", "--verify") == 2
    assert message in capsys.readouterr().err
    assert files(tmp_path) == before


def test_verify_names_every_fault(raw, tmp_path):
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    change_a_voxel(image_of(raw, 1))
    truncate(tmp_path / "store" / "cases" / CASE / "image.npy")
    for workers in (1, 2):
        with pytest.raises(InputError) as caught:
            verify(raw, tmp_path / "store", "flare22", workers)
        assert "2 files or cases" in str(caught.value) and len(str(caught.value).splitlines()) == 3


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
