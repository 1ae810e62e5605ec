"""Charts show the numbers of their table, and name what is not run."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from guidednet.data.datasets import organ_set
from guidednet.report.figures.charts import draw_curves, draw_means, draw_organ_gains


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


def chart(names, column="validation_dice"):
    """The axes of the curves of runs with these names."""
    curves = pd.DataFrame({"step": [1, 2], column: [0.25, 0.5]})
    _, axes = plt.subplots()
    draw_curves(axes, {name: SimpleNamespace(curves=lambda: curves) for name in names}, column, "")
    return axes


def test_dice_is_in_percent_everywhere():
    axes = chart(["CPS"])
    assert list(axes.lines[0].get_ydata()) == [25, 50] and axes.get_ylabel() == "%"
    assert list(chart(["CPS"], "cps").lines[0].get_ydata()) == [0.25, 0.5]


def test_among_many_lines_guidednet_is_in_sight():
    others = [f"method {number} 6+54" for number in range(20)]
    axes = chart([*others, "Sup only 6+0", "GuidedNet 6+54", "GuidedNet, as printed 6+54"])
    lines = {line.get_label(): line for line in axes.lines}
    ours = lines["GuidedNet 6+54"]
    assert sum(line.get_color() == ours.get_color() for line in axes.lines) == 1
    assert all(
        line.get_zorder() < ours.get_zorder() for name, line in lines.items() if name in others
    )
    assert axes.get_legend() is None, "a legend would lie over the lines"
    names = [text for text in axes.texts if text.get_text() in ("GuidedNet 6+54", "Sup only 6+0")]
    assert len(names) == 2 and abs(names[0].xy[1] - names[1].xy[1]) > 1, "no name over another"


def test_dots_are_the_numbers_of_the_table_with_their_intervals():
    rows = {
        "method": ["CPS", "GuidedNet", "DHC"],
        "n_labeled": 1,
        "n_unlabeled": 9,
        "mean_dice": [50.0, 51.0, np.nan],
        "ci_low": [48.0, 49.0, np.nan],
        "ci_high": [52.0, 53.0, np.nan],
    }
    _, axes = plt.subplots()
    draw_means(axes, pd.DataFrame(rows), "means")
    whiskers, dots = axes.lines[::2], axes.lines[1::2]
    assert [dot.get_xdata()[0] for dot in dots][:2] == [50, 51]
    assert [list(line.get_xdata()) for line in whiskers][:2] == [[48, 52], [49, 53]]
    assert axes.get_xlim()[0] > 40, "two points of difference cannot be seen on an axis from 0"
    assert [text.get_text() for text in axes.texts] == ["not run"]


def test_gains_stand_in_the_order_of_the_legend():
    organs = organ_set("flare22")
    table = pd.DataFrame({"method": ["CPS", "KT-CPS", "GuidedNet"]})
    table = table.assign(**{name: [50.0, 55.0, 62.5] for name in organs.columns})
    figure, axes = plt.subplots()
    draw_organ_gains(axes, table, organs, "gains")
    first, second = (line for line in axes.lines if line.get_label() in ("KT-CPS", "GuidedNet"))
    assert (first.get_xdata() == 5).all() and (second.get_xdata() == 12.5).all()
    down = axes.transData.transform(np.column_stack([first.get_xdata(), first.get_ydata()]))[:, 1]
    below = axes.transData.transform(np.column_stack([second.get_xdata(), second.get_ydata()]))
    assert (down > below[:, 1]).all(), "the row that the legend names first is above"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["KT-CPS", "GuidedNet"]
