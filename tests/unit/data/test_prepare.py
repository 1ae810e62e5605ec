"""From raw NIfTI to the store: contents, intensities, and going on after a kill."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from guidednet.data import prepare as preparation
from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.nifti import Volume
from guidednet.data.prepare import prepare, prepare_image, scale_intensity
from guidednet.errors import InputError
from helpers.folders import files
from helpers.volumes import AXIS_ORDERS, blobs, reoriented, save, save_case, save_three_cases

CONFIG = PrepareConfig(spacing_mm=(5.0, 3.0, 3.0))


@pytest.fixture
def raw(tmp_path):
    return save_three_cases(tmp_path / "raw")


def test_store_holds_what_the_raw_files_say(raw, tmp_path):
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    store = CaseStore(tmp_path / "store")
    image, label, _ = blobs()
    assert store.labelled_ids == [
        "FLARE22_Tr_0001",
        "FLARE22_Tr_0002",
    ] and store.unlabelled_ids == ["Case_00001"]
    assert np.array_equal(store.label("FLARE22_Tr_0001"), label.transpose(2, 1, 0))
    prepared = store.image("FLARE22_Tr_0001")
    assert (
        isinstance(prepared, np.memmap)
        and prepared.dtype == np.float16
        and prepared.shape == (20, 26, 30)
    )
    assert prepared.min() == 0 and prepared.max() == 1
    expected = scale_intensity(
        np.clip(image, -325, 325).transpose(2, 1, 0).astype(float), (0.5, 99.5)
    )
    np.testing.assert_allclose(prepared, expected, atol=2e-3)
    assert store.spacing("FLARE22_Tr_0001") == (5.0, 3.0, 3.0)
    row = store.table.loc["FLARE22_Tr_0001"]
    assert (
        row["liver"] == (label == 1).sum()
        and row["spleen"] == (label == 3).sum()
        and row["pancreas"] == 0
    )
    assert pd.isna(store.table.loc["Case_00001", "liver"])
    assert list(store.class_voxels(store.labelled_ids)[:4]) == [
        2 * (label == value).sum() for value in range(4)
    ]


@pytest.mark.parametrize("order", AXIS_ORDERS[::5], ids=str)
def test_axis_order_of_the_file_does_not_matter(order):
    image, _, affine = blobs()
    expected, _ = prepare_image(Volume(image.astype(np.float32), affine), CONFIG)
    stored, stored_affine = reoriented(image, affine, order)
    found, _ = prepare_image(Volume(stored.astype(np.float32), stored_affine), CONFIG)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_percentiles_and_constant_volumes():
    values = np.arange(1001.0)
    scaled = scale_intensity(values, (10, 90))
    assert (
        scaled[100] == 0
        and scaled[900] == 1
        and scaled[500] == pytest.approx(0.5)
        and scaled.min() == 0
        and scaled.max() == 1
    )
    assert not scale_intensity(np.full(10, 7.0), (0.5, 99.5)).any()


def test_resume_equals_one_go(raw, tmp_path, monkeypatch):
    prepare(raw, tmp_path / "whole", "flare22", CONFIG)
    original, calls = preparation.prepare_image, []

    def killed_at_the_second(scan, config):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(scan, config)

    monkeypatch.setattr(preparation, "prepare_image", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        prepare(raw, tmp_path / "parts", "flare22", CONFIG)
    assert not (tmp_path / "parts" / "cases.csv").exists()
    prepare(raw, tmp_path / "parts", "flare22", CONFIG)
    assert len(calls) == 4  # the first case was not done again
    assert files(tmp_path / "parts") == files(tmp_path / "whole")


def test_several_processes_equal_one(raw, tmp_path):
    prepare(raw, tmp_path / "one", "flare22", CONFIG, workers=1)
    prepare(raw, tmp_path / "two", "flare22", CONFIG, workers=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")


@pytest.mark.parametrize("name", ["image.npy", "label.npy"])
def test_a_lost_array_is_made_again(name, raw, tmp_path):
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    before = files(tmp_path / "store")
    (tmp_path / "store" / "cases" / "FLARE22_Tr_0001" / name).unlink()
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    assert files(tmp_path / "store") == before


def test_a_withdrawn_label_leaves_the_store(tmp_path):
    image, label, affine = blobs()
    save(tmp_path / "raw" / "imagesTr" / "amos_0001.nii.gz", image, affine)
    save(tmp_path / "raw" / "labelsTr" / "amos_0001.nii.gz", label, affine)
    prepare(tmp_path / "raw", tmp_path / "store", "amos", CONFIG)
    assert CaseStore(tmp_path / "store").labelled_ids == ["amos_0001"]
    shutil.move(tmp_path / "raw" / "imagesTr", tmp_path / "raw" / "imagesTs")
    prepare(tmp_path / "raw", tmp_path / "store", "amos", CONFIG)
    assert CaseStore(tmp_path / "store").unlabelled_ids == ["amos_0001"]
    assert not list((tmp_path / "store").rglob("label.npy"))


def test_a_kill_between_two_sources_does_not_mix_them(raw, tmp_path, monkeypatch):
    """The new image is in place, its case.json is not, and the old source comes back."""
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    before = files(tmp_path / "store")
    image, _, _ = blobs()
    save_case(raw, 2, image=image[::-1].copy())

    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(preparation, "_write_label", killed)
        prepare(raw, tmp_path / "store", "flare22", CONFIG)
    save_case(raw, 2)
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    assert (
        files(tmp_path / "store")["cases/FLARE22_Tr_0002/image.npy"]
        == before["cases/FLARE22_Tr_0002/image.npy"]
    )


def test_a_changed_source_is_prepared_again(raw, tmp_path):
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    before = CaseStore(tmp_path / "store").table["prepared_image_sha256"]
    image, _, _ = blobs()
    save_case(raw, 2, image=image[::-1].copy())
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    changed = CaseStore(tmp_path / "store").table["prepared_image_sha256"] != before
    assert list(changed[changed].index) == ["FLARE22_Tr_0002"]


def test_a_store_of_other_settings_is_refused(raw, tmp_path):
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    with pytest.raises(InputError, match="prepared with other settings"):
        prepare(raw, tmp_path / "store", "flare22", PrepareConfig(spacing_mm=(6.0, 3.0, 3.0)))


def test_source_hashes_are_in_the_table(raw, tmp_path):
    import hashlib

    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    row = CaseStore(tmp_path / "store").table.loc["FLARE22_Tr_0001"]
    assert (
        row["image_sha256"]
        == hashlib.sha256((raw / "images" / "FLARE22_Tr_0001_0000.nii.gz").read_bytes()).hexdigest()
    )
    assert json.loads(row["original_shape"]) == [30, 26, 20]


def test_what_is_doubtful_about_many_scans_is_said_once(tmp_path, capsys):
    for number in range(1, 4):
        save_case(tmp_path / "raw", number, image=blobs()[0] + 1024)
    prepare(tmp_path / "raw", tmp_path / "store", "flare22", PrepareConfig((5.0, 3.0, 3.0)))
    (said,) = capsys.readouterr().err.splitlines()
    assert "FLARE22_Tr_0001" in said and said.endswith("is this CT in HU? (2 more scans alike)")
