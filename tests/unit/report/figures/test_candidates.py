"""What the candidates reached, as the notebooks show it."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from guidednet.report.figures.candidates import (
    DATASETS,
    candidate_tables,
    draw_course,
    means_over_seeds,
)
from guidednet.runs.workspace import open_workspace
from guidednet.study.candidates import HEADLINE


@pytest.fixture(scope="module")
def tables():
    return candidate_tables(open_workspace("smoke"))


def test_means_are_over_the_seeds_of_a_reading():
    runs = pd.DataFrame(
        [
            ("btcv", "a", 0, 40.0, 30.0),
            ("btcv", "a", 1, 50.0, 50.0),
            ("amos", "a", 0, 60.0, 60.0),
        ],
        columns=["dataset", "reading", "seed", "best_validation", "last_validation"],
    )
    means = means_over_seeds(runs)
    assert means.loc["a"].tolist() == [45.0, 40.0, 2, 60.0, 60.0, 1]


def test_shipped_runs_have_the_headline_and_the_print_on_both_data_sets(tables):
    runs = tables["runs"]
    for dataset in DATASETS:
        readings = set(runs.loc[runs["dataset"] == dataset, "reading"])
        assert {HEADLINE, "as printed", "as released", "Sup only", "CPS"} <= readings


def test_course_draws_a_line_for_each_reading_and_the_share_of_the_labels(tables):
    axes = plt.figure().subplots()
    colours = {"CPS": "grey", "as printed": "red"}
    draw_course(axes, tables["curves"], "amos", colours, "unlabelled_foreground")
    assert [line.get_label() for line in axes.lines] == [*colours, "of the labels"]
