"""Figure 6: what lambda_g and the feature layer change, as differences to the default setting."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from guidednet.report.figures.charts import LINE_COLOURS
from guidednet.report.figures.save import DOUBLE, print_figure
from guidednet.report.tables.mean_dice import mean_with_interval, organ_scores_by_case, paired_gain
from guidednet.runs.store import RunStore
from guidednet.study.rows import Row

METRICS = {"dice": "Dice", "jaccard": "Jaccard"}
PAPERS_DEFAULTS = ("0.3", "Layer 4")
PAPERS_LAST = 4  # the paper's last layer


def own_differences(rows: Sequence[Row], default: Row, runs: RunStore) -> pd.DataFrame:
    """For every row and metric its mean and its difference to `default`, in points.

    The difference is that of the means, with its 95 % interval over test cases, paired by case.
    Columns are setting, metric, mean, difference, low and high; NaN without runs.
    """
    lines = []
    for row in rows:
        for metric in METRICS:
            ours, theirs = (
                organ_scores_by_case(runs.finished(one.configs), one.predictor, metric=metric)
                for one in (row, default)
            )
            mean, *_ = mean_with_interval(ours)
            lines.append((row.label, metric, mean, *mean_with_interval(paired_gain(ours, theirs))))
    columns = ["setting", "metric", "mean", "difference", "low", "high"]
    return pd.DataFrame(lines, columns=columns)


def papers_differences(printed: pd.DataFrame) -> pd.DataFrame:
    """The paper's numbers of one panel as `own_differences`; it prints no interval."""
    default = printed[printed["value"].isin(PAPERS_DEFAULTS)].iloc[0]
    lines = [
        (row["value"], metric, row[metric], row[metric] - default[metric], np.nan, np.nan)
        for _, row in printed.iterrows()
        for metric in METRICS
    ]
    columns = ["setting", "metric", "mean", "difference", "low", "high"]
    return pd.DataFrame(lines, columns=columns)


def draw_figure6(panels: dict[str, pd.DataFrame]) -> Figure:
    """A panel for each of `panels` by title; all have the same y-axis."""
    figure, grid = print_figure(DOUBLE, 2.5, 1, len(panels), sharey=True)
    for axes, (title, differences) in zip(grid, panels.items(), strict=True):
        draw_differences(axes, differences, title)
    grid[0].set_ylabel("difference to the default (points)")
    handles, names = grid[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3, frameon=False)
    return figure


def draw_differences(axes: Axes, differences: pd.DataFrame, title: str) -> None:
    """Dots with intervals: the difference of every setting; its mean Dice stands below."""
    settings = differences["setting"].drop_duplicates().tolist()
    for number, (metric, name) in enumerate(METRICS.items()):
        part = differences[differences["metric"] == metric].set_index("setting").loc[settings]
        places = np.arange(len(settings)) + 0.24 * (number - 0.5)
        line = {"color": LINE_COLOURS[number], "label": name}
        axes.plot(places, part["difference"], "os"[number], markersize=4, **line)
        axes.vlines(places, part["low"], part["high"], color=line["color"], linewidth=1.1)
    axes.axhline(0, color="grey", linewidth=0.8, linestyle=":")
    dice = differences[differences["metric"] == "dice"].set_index("setting")["mean"]
    ticks = [f"{shown_setting(name)}\n{_number(dice[name])}" for name in settings]
    axes.set_xticks(range(len(settings)), ticks, fontsize=6)
    axes.set_xlim(-0.6, len(settings) - 0.4)
    axes.set_title(title, fontsize=8)


def _number(value: float) -> str:
    return "not\nrun" if np.isnan(value) else f"{value:.2f}"  # in two lines: panels are narrow


def shown_setting(label: str) -> str:
    """The name of a row below its dots."""
    return label.removeprefix("lambda_g = ").replace("Layer ", "L")


def with_papers_layer(rows: Sequence[Row]) -> dict[str, str]:
    """Names of the rows of panel b; the last layer also has the paper's number, if that differs."""
    last = len(rows)
    return {
        row.label: f"L{number} (paper's L{PAPERS_LAST})"
        if number == last != PAPERS_LAST
        else row.label
        for number, row in enumerate(rows, start=1)
    }
