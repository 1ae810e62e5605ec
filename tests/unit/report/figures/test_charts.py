"""Charts show the numbers of their table, and name what is not run."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from guidednet.report.figures.charts import draw_curves, draw_gains, draw_organ_gains


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


def gains(**columns):
    """Three rows beside CPS, of which the paper has the first two."""
    rows = {"method": ["KT-CPS", "GuidedNet", "DHC"], "n_labeled": 1, "n_unlabeled": 9}
    rows |= {"baseline": "CPS", "difference": [0.4, 1.5, -2.0]}
    rows |= {"low": [-0.2, 0.5, -3.0], "high": [0.9, 2.5, -1.0]}
    return pd.DataFrame(rows | columns)


def intervals(lines):
    """(low, high) of each line of a collection."""
    return [tuple(line[:, 0]) for line in lines.get_segments()]


def test_dots_are_differences_with_their_intervals_around_zero():
    _, axes = plt.subplots()
    draw_gains(axes, gains(), "gains")
    lines, dots = axes.collections
    assert list(dots.get_offsets()[:, 0]) == [0.4, 1.5, -2]
    assert intervals(lines) == [(-0.2, 0.9), (0.5, 2.5), (-3, -1)]
    assert [text.get_text() for text in axes.get_yticklabels()][1] == "GuidedNet 1+9"
    assert axes.get_xlabel() == "Dice minus CPS (points); line: 95 % interval"
    low, high = axes.get_xlim()
    assert low < 0 < high < 10, "no axis that starts at a Dice of 0 and hides a point"


def test_without_an_interval_no_line_is_promised():
    _, axes = plt.subplots()
    draw_gains(axes, gains(low=np.nan, high=np.nan), "paper")
    assert axes.get_xlabel() == "Dice minus CPS (points)"


def test_gains_of_organs_have_intervals_and_stand_in_the_order_of_the_legend():
    organs = ["Liv", "Spl"]
    table = pd.concat([gains(organ=organ) for organ in organs])
    _, axes = plt.subplots()
    draw_organ_gains(axes, table, organs, "gains")
    assert intervals(axes.collections[1]) == [(0.5, 2.5)] * 2
    first, second, _ = (line for line in axes.lines if line.get_marker() == "o")
    assert (first.get_xdata() == 0.4).all() and (second.get_xdata() == 1.5).all()
    heights = axes.transData.transform(np.column_stack([[0, 0], first.get_ydata()]))[:, 1]
    below = axes.transData.transform(np.column_stack([[0, 0], second.get_ydata()]))[:, 1]
    assert (heights > below).all(), "the row that the legend names first is above"
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["KT-CPS", "GuidedNet", "DHC"]
