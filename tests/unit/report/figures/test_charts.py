"""Charts show the numbers of their table, and name what is not run."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.container import ErrorbarContainer

from guidednet.data.datasets import organ_set
from guidednet.report.figures.charts import draw_curves, draw_means, draw_organ_gains, draw_pairs
from guidednet.report.figures.save import DOUBLE, print_figure


def test_pairs_show_their_spread_and_name_what_is_not_run():
    missing = float("nan")
    table = pd.DataFrame(
        {"method": ["a", "b"], "mean_dice": [50, missing], "mean_jaccard": [40, missing]}
    )
    table = table.assign(sd_dice=[2, missing], sd_jaccard=[3, missing])
    figure, grid = print_figure(DOUBLE, 2, 1, 3)
    for axes, part in zip(
        grid, (table, table[1:], table[["method", "mean_dice", "mean_jaccard"]]), strict=True
    ):
        draw_pairs(axes, part, "pairs")
    assert [text.get_text() for text in grid[0].texts] == ["50.0", "not run", "40.0", "not run"]
    spread = [
        container for container in grid[0].containers if isinstance(container, ErrorbarContainer)
    ]
    assert np.ptp(spread[0].lines[2][0].get_segments()[0][:, 1]) == 4


def test_runs_that_are_missing_or_lack_the_column_have_no_curve():
    curves = pd.DataFrame({"step": [1, 2], "ktcps_weight_1": [0.1, 0.2]})
    runs = {
        "here": SimpleNamespace(curves=lambda: curves),
        "not there": None,
        "CPS": SimpleNamespace(curves=lambda: curves[["step"]]),
    }
    figure, axes = plt.subplots()
    draw_curves(axes, runs, "ktcps_weight_1", "weights")
    assert [line.get_label() for line in axes.lines] == ["here"]


def test_bars_are_the_numbers_of_the_table():
    rows = {
        "method": ["CPS", "GuidedNet"],
        "n_labeled": 1,
        "n_unlabeled": 9,
        "mean_dice": [50.0, 60.0],
        "sd_dice": [1.0, np.nan],
    }
    table = pd.DataFrame(
        rows
        | {"mean_jaccard": [40.0, np.nan]}
        | dict.fromkeys(organ_set("flare22").columns, [50.0, 62.5])
    )
    figure, (means, gains, pairs) = plt.subplots(1, 3)
    draw_means(means, table, "means")
    draw_organ_gains(gains, table, organ_set("flare22"), "gains")
    draw_pairs(pairs, table, "pairs")
    assert [bar.get_width() for bar in means.patches] == [50, 60]
    assert [bar.get_width() for bar in gains.patches] == [12.5] * 13
    assert [text.get_text() for text in pairs.texts] == ["50.0", "60.0", "40.0", "not run"]
