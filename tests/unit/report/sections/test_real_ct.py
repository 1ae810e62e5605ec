"""The study on real CT: its differences, its table and the links to its runs."""

import pandas as pd
import pytest

from guidednet.report.sections.contents import Contents
from guidednet.report.sections.real_ct import of_phantoms, real_ct_section, setup, summary
from guidednet.runs.environment import REPOSITORY
from guidednet.runs.profiles import profile
from guidednet.runs.record import RecordedRuns
from guidednet.study.real_ct import shipped_rows
from guidednet.study.rows import comparison
from helpers.written_pages import random_scores
from helpers.written_runs import workspace, write_run


@pytest.fixture
def made(tmp_path):
    runs = RecordedRuns(tmp_path / "runs", workspace(tmp_path))
    return Contents({}, pd.DataFrame(), runs, 1)


def write(made, folder, name, table):
    place = made.workspace.figures / folder
    place.mkdir(parents=True, exist_ok=True)
    table.to_csv(place / name, index=False)


def study():
    return pd.DataFrame(
        {
            "method": ["Sup only", "GuidedNet", "MT", "GuidedNet, as printed"],
            "n_labeled": 4,
            "n_unlabeled": [0, 16, 16, 16],
            "mean_dice": [50.0, 52.25, float("nan"), 49.0],
            "n_seeds": [3, 3, 0, 2],
            "to_supervised": [float("nan"), 2.5, float("nan"), -1.0],
            "to_supervised_low": [float("nan"), 1.0, float("nan"), -2.0],
            "to_supervised_high": [float("nan"), 4.5, float("nan"), 0.5],
            "runs": ["k0 k1 k2", "k3 k4 k5", "", "k6 k7"],
        }
    )


def test_the_difference_is_said_and_the_runs_are_linked(made):
    write(made, "study", "table.csv", study())
    folder = made.workspace.figures / "study" / "runs" / "btcv-guidednet-seed0-k3"
    folder.mkdir(parents=True)
    assert "by +2.5 (+1.0\u00a0to\u00a0+4.5) points" in summary(made)
    assert "As printed, it differs by −1.0" in summary(made)
    assert "other methods" not in summary(made), "MT was not trained"
    html = real_ct_section(made).html()
    assert "study/table.csv" in html and "seed 0" not in html and "52.25" in html
    assert "Not run yet: MT." in html and "GuidedNet, as printed (2 seeds)" in html
    assert f'<a href="{made.address(folder)}/">k3</a> k4 k5' in html


def test_the_other_methods_are_counted(made):
    table = study().assign(n_seeds=3)
    table.loc[2, ["to_supervised", "to_supervised_low", "to_supervised_high"]] = -3.0, -5.0, -1.0
    write(made, "study", "table.csv", table)
    assert "(1 trained), none did better than Sup only beyond noise and 1 worse." in summary(made)


def test_the_cases_of_the_study_are_dots(made):
    chosen = profile("study")
    shown = comparison(chosen, 1, "btcv", [(4, 16)])
    rows = [row for row in shown if row.label in ("Sup only", "GuidedNet")]
    write(made, "study", "table.csv", study())
    for number, row in enumerate(rows):
        scores = random_scores(number)
        write_run(made.workspace.figures / "study" / "runs", row.configs[0], found=scores)
    assert real_ct_section(made).html().count('class="case"') == 6


def test_the_page_says_whether_phantoms_rank_alike():
    phantoms = pd.read_csv(REPOSITORY / "figures" / "quick" / "table1.csv")
    alike = phantoms[phantoms["n_seeds"] > 0]
    assert "rank the methods alike: Spearman's ρ of the mean Dice is 1.00" in of_phantoms(alike)
    opposite = alike.assign(mean_dice=-alike["mean_dice"])
    assert "do not tell which method to use on patients" in of_phantoms(opposite)
    assert not of_phantoms(study().iloc[:2]), "two methods have no ranks to compare"


def test_a_run_made_again_is_compared_with_the_shipped_one(made):
    write(made, "study", "table.csv", study())
    config = shipped_rows()[0].configs[0]
    for name, dice in {"runs": 0.5, "repeated/elsewhere": 0.45}.items():
        scores = random_scores(0).assign(value=dice)
        write_run(made.workspace.figures / "study" / name, config, found=scores)
    html = real_ct_section(made).html()
    assert "Sup only, seed 0, trained again" in html
    assert "reached 45.0 instead of 50.0 %; the largest difference for a patient is 5.0" in html
    assert "Two seeds" not in html, "there is one"


def on_two_devices():
    """A table of the study on two devices, in which GuidedNet gains 3 points on both together."""
    table = study().dropna(subset="mean_dice").assign(device="CPU, 1 thread", device_again="GPU X")
    gains = {"to_supervised": 3.0, "to_supervised_low": 1.0, "to_supervised_high": 5.0}
    for suffix, shift in {"_again": 0.5, "_both": 0.0}.items():
        table[f"mean_dice{suffix}"] = table["mean_dice"] + shift
        for name, value in gains.items():
            table[name + suffix] = [float("nan"), value + shift, -value]
            table[name.replace("supervised", "cps") + suffix] = value - 2
    return table


def test_a_second_device_is_said_and_drawn(made):
    write(made, "study", "table.csv", study())
    assert "Trained again" not in summary(made)
    write(made, "study", "second_device.csv", on_two_devices())
    said = summary(made)
    assert "by +3.0 (+1.0\u00a0to\u00a0+5.0) points of Dice over two devices, and by +2.5" in said
    assert "As printed, it differs by −3.0" in said
    html = real_ct_section(made).html()
    assert "Trained again on GPU X, GuidedNet differs from Sup only by +3.5" in html
    assert "from CPS it differs by +1.0 (−1.0\u00a0to\u00a0+3.0) over both." in html
    assert "GuidedNet did better than Sup only beyond noise, and GuidedNet (as printed) worse" in (
        html
    )
    assert "changes by +0.5 points on average (sd 0.0) and that of Sup only by +0.5" in html
    assert "both devices together" in html and "study/second_device.csv" in html


def test_the_cases_are_those_of_the_profile():
    assert setup().startswith("30 abdominal CT of patients with 13 organs")
