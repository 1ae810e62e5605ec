"""Files are written whole or not at all."""

import numpy as np
import pytest

from guidednet.files import read_json, write_array, write_bytes, write_json, written_beside


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


def test_arrays_come_back_memory_mapped(tmp_path):
    write_array(tmp_path / "deep" / "a.npy", np.arange(6).reshape(2, 3))
    assert np.load(tmp_path / "deep" / "a.npy", mmap_mode="r")[1, 2] == 5
