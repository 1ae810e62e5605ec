"""Who is at work is told from the run folders alone."""

import os
import platform
import time

import pytest
from filelock import FileLock

from guidednet.errors import InputError
from guidednet.runs.at_work import duration, run_folders, status_table, stopped
from guidednet.support.files import write_json
from guidednet.training import checkpoint

STATUS = {
    "step": 250,
    "steps": 1000,
    "best_step": 200,
    "best_validation_dice": 0.3213,
    "seconds_per_step": 2.0,
    "updated": time.time(),
    "process": os.getpid(),
    "machine": platform.node(),
}


def line_of(folder, **changes):
    write_json(folder / "runs" / "a-run" / "status.json", STATUS | changes)
    (line,) = status_table(run_folders(folder)).to_dict("records")
    return line


def test_a_training_says_how_far_it_is(tmp_path):
    assert line_of(tmp_path) == {
        "run": "a-run",
        "state": "at work",
        "step": "250/1000",
        "best Dice (%)": "32.13 at 200",
        "s/step": "2",
        "time left": "25 min 0 s",
    }
    begun = line_of(tmp_path, best_validation_dice=None, seconds_per_step=None)
    assert begun["best Dice (%)"] == begun["time left"] == ""


def test_one_that_was_killed_or_is_silent_is_told(tmp_path):
    assert line_of(tmp_path, process=999999999)["state"] == "killed"
    assert line_of(tmp_path, machine="node7")["state"] == "at work on node7"
    silent = line_of(tmp_path, machine="node7", updated=time.time() - 7200)["state"]
    assert silent == "silent for 2 h 0 min on node7"


def test_one_that_stopped_half_way_has_a_checkpoint_and_nothing_else(tmp_path):
    for name in ("stopped", "done", "working"):
        checkpoint.save(tmp_path / "runs" / name / "checkpoint.pt", {})
    write_json(tmp_path / "runs" / "done" / "record.json", {})
    write_json(tmp_path / "runs" / "working" / "status.json", STATUS)
    assert [path.name for path in stopped(run_folders(tmp_path))] == ["stopped"]


def test_one_that_scores_is_no_longer_training_and_not_stopped(tmp_path):
    checkpoint.save(tmp_path / "runs" / "a" / "checkpoint.pt", {})
    with FileLock(tmp_path / "runs" / "a" / "lock"):
        (line,) = status_table(run_folders(tmp_path)).to_dict("records")
        assert line["state"] == "at work: scores" and line["step"] == ""
        assert stopped(run_folders(tmp_path)) == []
    assert len(stopped(run_folders(tmp_path))) == 1


def test_a_run_is_named_by_its_path_or_its_name(tmp_path):
    folder = tmp_path / "runs" / "a"
    folder.mkdir(parents=True)
    assert run_folders(tmp_path, "a") == run_folders(tmp_path, str(folder)) == [folder]
    with pytest.raises(InputError, match="b: no such run folder"):
        run_folders(tmp_path, "b")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.6, "1 min 0 s"), (3700, "1 h 1 min"), (200000, "2 d 7 h")],
)
def test_durations_have_two_units(seconds, text):
    assert duration(seconds) == text
