"""Figure 6 shows paired differences on one scale, and the paper's numbers as they are printed."""

import numpy as np
import pandas as pd
import pytest

from guidednet import published
from guidednet.report.figures import figure6
from guidednet.report.figures.figure6 import (
    draw_figure6,
    own_differences,
    papers_differences,
    with_papers_layer,
)
from guidednet.report.tables.mean_dice import NO_SCORES
from guidednet.study.rows import Row


class Runs:
    """Runs of two settings on four cases: the second is better by 1 to 4 points."""

    def finished(self, configs):
        return list(configs)


def scores(runs, predictor, metric):
    if not runs:
        return NO_SCORES
    gains = np.arange(1, 5) if runs == ["b"] else np.zeros(4)
    index = pd.MultiIndex.from_product([[0], list("wxyz")], names=["seed", "case"])
    return pd.DataFrame({"liver": np.array([20, 50, 60, 90]) + gains}, index=index)


ROWS = [Row("lambda_g = 0.03", ("a",)), Row("lambda_g = 0.1", ("b",)), Row("lambda_g = 1", ())]


def test_differences_are_paired_by_case(monkeypatch):
    monkeypatch.setattr(figure6, "organ_scores_by_case", scores)
    found = own_differences(ROWS, ROWS[0], Runs()).query("metric == 'dice'")
    assert found["difference"].tolist()[:2] == [0, pytest.approx(2.5)]
    assert found["mean"].tolist()[:2] == [pytest.approx(55), pytest.approx(57.5)]
    other = found.iloc[1]
    assert 1 <= other["low"] < 2.5 < other["high"] <= 4, "much narrower than the spread of cases"
    assert np.isnan(found.iloc[2]["mean"])


def test_the_papers_numbers_keep_two_decimals_and_the_scale_is_shared(monkeypatch):
    monkeypatch.setattr(figure6, "organ_scores_by_case", scores)
    printed = published.printed("figure6")
    paper = papers_differences(printed[printed["panel"].str[0] == "b"])
    figure = draw_figure6({"here": own_differences(ROWS, ROWS[0], Runs()), "paper": paper})
    here, of_paper = figure.axes
    assert here.get_ylim() == of_paper.get_ylim()
    assert [text.get_text() for text in of_paper.get_xticklabels()] == [
        *("L1\n82.05", "L2\n82.76", "L3\n82.85", "L4\n83.64")
    ]
    assert [text.get_text() for text in here.get_xticklabels()][2] == "1\nnot\nrun"


def test_a_shallow_networks_last_layer_has_the_papers_number():
    rows = [Row("Layer 1", ()), Row("Layer 2", ())]
    assert with_papers_layer(rows)["Layer 2"] == "L2 (paper's L4)"
    assert with_papers_layer([Row(f"Layer {n}", ()) for n in range(1, 5)])["Layer 4"] == "Layer 4"
