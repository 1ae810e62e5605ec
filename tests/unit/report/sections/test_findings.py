"""What the page says was found follows from the published numbers and from the shipped runs."""

import dataclasses

import pandas as pd
import pytest

from guidednet.report.sections.contents import Contents
from guidednet.report.sections.findings import findings, found_section
from guidednet.runs.record import RecordedRuns
from helpers.written_runs import workspace


@pytest.fixture
def made(tmp_path):
    runs = RecordedRuns(tmp_path / "runs", workspace(tmp_path))
    return Contents({}, pd.DataFrame(), runs, 1)


def by_anchor(made):
    return {one.anchor: one for one in findings(made)}


def test_every_finding_has_its_numbers(made):
    found = by_anchor(made)
    assert list(found) == [
        f"found-{name}" for name in ("numbers", "gradient", "equations", "collapse", "teacher")
    ]
    assert found["found-numbers"].short.startswith("8 of 36 numbers")
    assert "exactly zero" in found["found-gradient"].short
    assert "of 3 classes with different counts, 2 have the weight 0 and 1 has none" in (
        found["found-equations"].meaning
    )
    section = found_section(list(found.values()), made)
    assert all(f'id="{anchor}"' in section.html() for anchor in found)


def test_the_collapse_is_that_of_this_workspaces_candidates(made):
    folder = made.workspace.figures / "readings"
    folder.mkdir(parents=True)
    lines = [
        (dataset, reading, seed, best, best - lost)
        for dataset, base in (("btcv", 40.0), ("amos", 60.0))
        for reading, lost in (
            ("KT-CPS alone, as printed", base / 2),
            ("KT-CPS alone, background mean", 1.0),
        )
        for seed, best in ((0, base - 1), (1, base + 1))
    ]
    columns = ["dataset", "reading", "seed", "best_validation", "last_validation"]
    pd.DataFrame(lines, columns=columns).to_csv(folder / "runs.csv", index=False)
    pd.DataFrame({"step": []}).to_csv(folder / "curves.csv", index=False)
    found = by_anchor(made)["found-collapse"]
    assert "−20 to −30 points" in found.short
    assert "falls from 40 to 20 % Dice, and from 40 to 39 %" in found.meaning
    pd.DataFrame(lines[:4], columns=columns).to_csv(folder / "runs.csv", index=False)
    assert "found-collapse" not in by_anchor(made)


def test_a_teacher_is_called_worse_only_where_it_is(made):
    folder = made.workspace.figures / "readings"
    folder.mkdir(parents=True)
    runs = {"dataset": [], "reading": [], "best_validation": [], "last_validation": []}
    pd.DataFrame(runs).to_csv(folder / "runs.csv", index=False)
    curves = pd.DataFrame(
        {
            "step": [50, 100, 50, 100],
            "posterior_dice": [20.0, 55.0, 25.0, 65.0],
            "network_dice": [10.0, 80.0, 30.0, 90.0],
            "dataset": "amos",
            "reading": "as printed",
            "seed": [0, 0, 1, 1],
        }
    )
    curves.to_csv(folder / "curves.csv", index=False)
    found = by_anchor(made)["found-teacher"]
    assert "60 % against 85 % on AMOS phantoms" in found.meaning and "at 25 % of" in found.meaning
    curves.assign(posterior_dice=95.0).to_csv(folder / "curves.csv", index=False)
    assert "found-teacher" not in by_anchor(made)


def test_what_selection_on_test_cases_gains_is_read_from_its_file(made):
    folder = made.workspace.figure_folder
    folder.mkdir(parents=True)
    table = pd.DataFrame({"gain": [0.2, 1.84], "looks": [8, 8], "n_test_cases": [6, 6]})
    table.to_csv(folder / "selection.csv", index=False)
    found = by_anchor(made)["found-selection"]
    assert "up to 1.8 points" in found.short and "8 steps on 6 test cases" in found.meaning
    table.assign(gain=0.0).to_csv(folder / "selection.csv", index=False)
    assert by_anchor(made)["found-selection"].short.endswith("adds nothing here")
    table.iloc[:0].to_csv(folder / "selection.csv", index=False)
    assert "found-selection" not in by_anchor(made)


def test_a_gradient_that_is_not_zero_is_not_called_so(made, monkeypatch):
    monkeypatch.setattr("guidednet.report.sections.findings.CROP_VOXELS", 1000)
    assert "found-gradient" not in by_anchor(made)
    assert dataclasses.is_dataclass(findings(made)[0])
