"""The disk that preparation needs is known before it begins, and a full one is one sentence."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from guidednet.data import disk_space
from guidednet.data import prepare as preparation
from guidednet.data.case_store import PrepareConfig
from guidednet.data.disk_space import needed_bytes
from guidednet.data.layouts import find_cases
from guidednet.data.prepare import prepare
from helpers.command_line import call_prepare
from helpers.volumes import blobs, save_case, save_five_cases

CONFIG = PrepareConfig(spacing_mm=(5.0, 3.0, 3.0))
SPACING = ["--spacing", 5, 3, 3]


@pytest.fixture
def raw(tmp_path):
    return save_five_cases(tmp_path / "raw")


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
    assert call_prepare(monkeypatch, raw, tmp_path / "store", *SPACING) == 2
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
    assert call_prepare(monkeypatch, raw, tmp_path / "store", *SPACING) == 0


def test_a_store_folder_that_cannot_be_written_is_one_sentence(raw, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    assert call_prepare(monkeypatch, raw, tmp_path / "file" / "store", *SPACING) == 2
    error = capsys.readouterr().err
    assert "cannot be written" in error and error.count("\n") == 1


def test_a_read_only_place_is_one_sentence(raw, tmp_path, monkeypatch, capsys):
    """Simulated, for root may write everywhere."""

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert call_prepare(monkeypatch, raw, tmp_path / "store", *SPACING) == 2
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
    assert call_prepare(monkeypatch, raw, tmp_path / "store", *SPACING) == 1
    assert "cannot be written (No space left on device)" in capsys.readouterr().err
