"""Files are written whole or not at all."""

import os
from pathlib import Path

import numpy as np
import pytest

from guidednet.errors import FailedError
from guidednet.support.files import (
    listed_paths,
    read_json,
    write_array,
    write_bytes,
    write_json,
    written_beside,
)


def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path):
    write_json(tmp_path / "a.json", {"old": 1})
    with pytest.raises(KeyboardInterrupt), written_beside(tmp_path / "a.json") as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert read_json(tmp_path / "a.json") == {"old": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_what_a_killed_process_left_is_removed_and_a_living_one_is_left_alone(tmp_path):
    dead, living = tmp_path / ".999999999-a.bin", tmp_path / ".1-a.bin"
    for leftover in (dead, living):
        leftover.write_text("half")
    write_bytes(tmp_path / "a.bin", b"whole")
    assert not dead.exists() and living.exists()


@pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="reads /proc, which this system lacks"
)
def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_name_before_anything_else(
    tmp_path, monkeypatch
):
    """The order that a power cut may not change; what is not flushed, it may."""
    happened = []
    real = os.fsync, Path.replace

    def fsync(descriptor):
        happened.append("flush " + Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        real[0](descriptor)

    def replace(path, target):
        happened.append(f"name {target.name}")
        return real[1](path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    write_bytes(tmp_path / "run" / "weights.pt", b"1")
    write_json(tmp_path / "run" / "record.json", {})
    beside = f".{os.getpid()}-"
    for place, name in enumerate(("weights.pt", "record.json")):
        assert happened[3 * place : 3 * place + 3] == [
            f"flush {beside}{name}",
            f"name {name}",
            "flush run",
        ]


def test_a_disk_that_is_full_is_one_sentence_and_the_old_file_stays(tmp_path, monkeypatch):
    write_json(tmp_path / "a.json", {"old": 1})
    monkeypatch.setattr(
        os,
        "fsync",
        lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left on device")),
    )
    with pytest.raises(
        FailedError, match=r"a\.json: cannot be written \(No space left on device\); make room"
    ):
        write_json(tmp_path / "a.json", {"new": 1})
    assert read_json(tmp_path / "a.json") == {"old": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_arrays_come_back_memory_mapped(tmp_path):
    write_array(tmp_path / "deep" / "a.npy", np.arange(6).reshape(2, 3))
    assert np.load(tmp_path / "deep" / "a.npy", mmap_mode="r")[1, 2] == 5


def test_paths_are_listed_by_commas_and_names_may_have_commas(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("Smith, J.nii.gz", "b.nii.gz"):
        (tmp_path / name).touch()
    assert listed_paths("b.nii.gz, Smith, J.nii.gz,c.nii.gz") == [
        "b.nii.gz",
        "Smith, J.nii.gz",
        "c.nii.gz",
    ]
    assert listed_paths("") == [] and listed_paths("b.nii.gz,") == ["b.nii.gz"]
