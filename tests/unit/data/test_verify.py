"""`guidednet prepare --verify` names what is not as it was."""

import shutil

import pytest

from guidednet.data.case_store import PrepareConfig
from guidednet.data.prepare import prepare
from guidednet.data.verify import verify
from guidednet.errors import InputError
from helpers.command_line import call_prepare
from helpers.folders import files
from helpers.volumes import image_of, save_five_cases

CONFIG = PrepareConfig(spacing_mm=(5.0, 3.0, 3.0))


@pytest.fixture
def raw(tmp_path):
    return save_five_cases(tmp_path / "raw")


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
    assert call_prepare(monkeypatch, raw, tmp_path / "store", "--verify") == 0
    assert "20 files are unchanged" in capsys.readouterr().out
    harm, message = FAULTS[name]
    harm(raw, tmp_path / "store" / "cases" / CASE)
    before = files(tmp_path)
    assert call_prepare(monkeypatch, raw, tmp_path / "store", "--verify") == 2
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
