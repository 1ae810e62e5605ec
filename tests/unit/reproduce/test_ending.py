"""The last lines of a reproduction: what was done, what came out, where to go."""

import json

import pandas as pd
import pytest

from guidednet.reproduce.ending import Outcome, ending
from guidednet.reproduce.headlines import headlines, of_rows, on_real_ct
from guidednet.runs.environment import REPOSITORY
from guidednet.runs.record import RecordedRuns
from guidednet.runs.store import RunStore
from guidednet.study.artefacts import Artefact, artefacts
from guidednet.study.rows import Row
from helpers.tiny_runs import tiny_config
from helpers.written_runs import liver_scores, workspace, write_run


@pytest.fixture
def runs(tmp_path):
    return RunStore(workspace(tmp_path), "cpu")


def write_notebook(folder, name, hold):
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"cells": [{"outputs": [f"{hold} of {hold} checks hold"]}]})
    (folder / f"{name}.ipynb").write_text(text)


def test_the_ending_counts_and_says_what_to_open(runs, tmp_path):
    folder = runs.workspace.report_folder / "notebooks"
    for name, hold in (("a", 6), ("b", 5)):
        write_notebook(folder, name, hold)
    made = {name: Artefact(name) for name in ("a", "b", "c")}
    outcome = Outcome(540.0, tmp_path / "index.html", ["finished", "finished", "missing"], ["c"])
    said = ending(outcome, made, runs, seeds=1)
    assert (
        "finished in 9 min: 2 runs, 2 notebooks, 11 checks hold, 1 failed check (c); 1 run not made"
    ) in said
    assert f"open first: {tmp_path / 'index.html'}" in said
    assert "bash reproduce.sh lab" in said and "--profile quick" in said
    well = ending(Outcome(40.0, tmp_path, ["finished"]), made, runs, seeds=1)
    assert "0 failed checks" in well and "not made" not in well


def test_without_runs_two_headlines_are_left(runs):
    said = headlines(artefacts("numbers", runs.workspace.profile), runs, seeds=1)
    assert len(said) == 2 and said[0].startswith("the paper: 8 of 36 numbers")


def test_real_ct_is_the_shipped_studys():
    table = pd.read_csv(REPOSITORY / "figures/study/table.csv").set_index("method")
    assert f"{table.loc['GuidedNet', 'to_supervised']:+.1f} (95 % interval" in on_real_ct()


def test_the_difference_of_this_run_is_paired_by_case(runs, tmp_path):
    for method, shares in (("cps", (0.4, 0.6)), ("guidednet", (0.5, 0.8))):
        found = liver_scores()
        found["value"] = found["case"].map(dict(zip(("t0", "t1"), shares, strict=True)))
        write_run(tmp_path / "runs", tiny_config(method), found=found)
    rows = [
        Row("CPS", (tiny_config("cps"),)),
        Row("Sup only", (tiny_config("supervised"),)),
        Row("GuidedNet", (tiny_config("guidednet"),)),
    ]
    recorded = RecordedRuns(tmp_path / "runs", runs.workspace)
    said = of_rows(rows, recorded)
    assert "GuidedNet minus CPS +15.0 (95 % interval 10.0 to 20.0) points of Dice" in said
    assert "phantoms, not patients, 3 labelled and 4 unlabelled, 2 test cases" in said
    assert of_rows(rows[:2], recorded) == ""
