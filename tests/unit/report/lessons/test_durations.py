"""Durations are those of the records."""

import math

import pytest

from guidednet.report.lessons.durations import minutes, notebook_minutes, time_text, trained_in
from guidednet.runs.record import RecordedRuns
from guidednet.study.rows import Row
from guidednet.support.files import write_json
from helpers.tiny_runs import tiny_config
from helpers.written_runs import write_run


@pytest.fixture
def runs(tmp_path):
    write_run(tmp_path, tiny_config("cps"), {"seconds_per_step": 30.0})
    return RecordedRuns(tmp_path)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1 second"),
        (59, "59 seconds"),
        (90, "1.5 minutes"),
        (600, "10 minutes"),
        (9e3, "2.5 hours"),
    ],
)
def test_a_duration_in_words(seconds, text):
    assert time_text(seconds) == text


def test_trainings_that_are_finished_are_summed_once(runs):
    cps, missing = tiny_config("cps"), tiny_config("guidednet")
    assert minutes([cps, cps, missing], runs) == 2.5
    assert math.isnan(minutes([missing], runs))
    said = trained_in([Row("CPS", (cps,)), Row("again", (cps, missing))], runs)
    assert said == "The training of this run took 2.5 minutes (CPU, 1 thread), by the records."
    assert trained_in([Row("x", (missing,))], runs) == "None of these runs is finished."


def test_notebooks_without_a_record_have_no_minutes(tmp_path):
    write_json(tmp_path / "old.json", {"key": "k"})
    write_json(tmp_path / "new.json", {"key": "k", "seconds": 90.0})
    assert notebook_minutes(tmp_path / "new.json") == 1.5
    assert math.isnan(notebook_minutes(tmp_path / "old.json"))
    assert math.isnan(notebook_minutes(tmp_path / "none.json"))
