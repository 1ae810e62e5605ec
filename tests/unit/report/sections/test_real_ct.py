"""The study on real CT: its own table if it is there, else the readings."""

import pandas as pd
import pytest

from guidednet.report.sections.contents import Contents
from guidednet.report.sections.real_ct import real_ct_section, setup, study_file, summary
from guidednet.runs.record import RecordedRuns
from guidednet.study.candidates import HEADLINE
from helpers.written_runs import workspace


@pytest.fixture
def made(tmp_path):
    runs = RecordedRuns(tmp_path / "runs", workspace(tmp_path))
    return Contents({}, pd.DataFrame(), runs, 1)


def write(made, folder, name, table):
    place = made.workspace.figures / folder
    place.mkdir(parents=True, exist_ok=True)
    table.to_csv(place / name, index=False)


def readings(**difference):
    values = {"to_supervised": 1.5, "low": -1.0, "high": 4.0} | difference
    names = ["Sup only", "as printed", "as released", HEADLINE]
    lines = [
        {"dataset": "btcv", "reading": name, "seed": 0, "test": 40.0, "last_test": 38.0}
        | {"device": "CPU", "run": "r0"}
        | values
        for name in names
    ]
    return pd.DataFrame(lines)


def write_readings(made, table):
    # a study of the project itself would come first
    write(made, "study", "other.csv", table)
    write(made, "readings", "runs.csv", table)
    write(made, "readings", "curves.csv", pd.DataFrame({"step": []}))


def test_the_readings_are_shown_while_there_is_no_study(made):
    write_readings(made, readings())
    assert study_file(made) is None
    assert "differs" in summary(made) and "+1.5 (−1.0\u00a0to\u00a0+4.0)" in summary(made)
    assert "cannot be told apart" in summary(made)
    html = real_ct_section(made).html()
    assert "GuidedNet, as printed, seed 0" in html and "lost 2.0 points" in html
    assert "readings/runs.csv" in html and html.count('class="mean"') == 3
    write_readings(made, readings(low=0.5))
    assert "cannot be told" not in summary(made)


@pytest.mark.parametrize("prefix", ["", "difference_"])
def test_a_study_comes_first(made, prefix):
    write_readings(made, readings())
    table = pd.DataFrame(
        {
            "method": ["Sup only", "GuidedNet"],
            "mean_dice": [50.0, 52.5],
            "difference": [float("nan"), 2.5],
            f"{prefix}low": [float("nan"), 1.0],
            f"{prefix}high": [float("nan"), 4.5],
        }
    )
    write(made, "study", "table.csv", table)
    assert "+2.5 (+1.0\u00a0to\u00a0+4.5)" in summary(made)
    html = real_ct_section(made).html()
    assert "study/table.csv" in html and "seed 0" not in html and "52.50" in html


def test_a_study_without_differences_is_a_table(made):
    write_readings(made, readings())
    write(made, "study", "table.csv", pd.DataFrame({"method": ["CPS"], "mean_dice": [50.25]}))
    assert "no finished run" in summary(made) and "50.25" in real_ct_section(made).html()


def test_the_cases_are_those_of_the_profile():
    assert setup().startswith("30 abdominal CT of patients with 13 organs")
