"""Pictures of the study on real CT: means and differences with intervals, and Dice by organ."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from guidednet.report.figures.charts import LINE_COLOURS
from guidednet.report.figures.save import DOUBLE, print_figure
from guidednet.report.tables.second_device import AGAIN, BOTH, GAIN
from guidednet.study.rows import without_crop

OURS, OTHERS = LINE_COLOURS[1], LINE_COLOURS[0]


def made(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the table that have runs."""
    return table[table["n_seeds"] > 0].reset_index(drop=True)


def draw_study(table: pd.DataFrame) -> Figure:
    """Mean Dice of each row, and its paired difference to "Sup only", with 95 % intervals.

    A hollow diamond is the published mean of the method, at the full resolution and with another
    network.
    """
    shown = made(table)
    figure, (left, right) = print_figure(DOUBLE, 0.9 + 0.2 * len(shown), 1, 2, sharey=True)
    _dots(left, shown, "mean_dice", "ci_low", "ci_high")
    left.plot(shown["published"], shown.index, "D", color="grey", fillstyle="none", markersize=4)
    left.set_yticks(shown.index, _names(shown))
    left.set_ylim(len(shown) - 0.4, -0.6)
    left.set_xlabel("mean Dice (%); hollow diamond: published")
    _dots(right, shown, "to_supervised", "to_supervised_low", "to_supervised_high")
    right.axvline(0, color="black", linewidth=0.8)
    right.set_xlabel("paired difference to Sup only (points)")
    return figure


def _names(shown: pd.DataFrame) -> list[str]:
    """The rows' names with their numbers of seeds."""
    return [
        f"{row.method} ({row.n_seeds} seed{'s' * (row.n_seeds > 1)})" for row in shown.itertuples()
    ]


def _dots(axes: Axes, shown: pd.DataFrame, middle: str, low: str, high: str) -> None:
    """A dot with its interval for each row; rows of GuidedNet in a colour of their own."""
    for place, row in shown.iterrows():
        colour = OURS if row["method"].startswith("GuidedNet") else OTHERS
        axes.plot([row[low], row[high]], [place, place], color=colour, linewidth=1.5)
        axes.plot(row[middle], place, "o", color=colour, markersize=4)
    axes.grid(axis="x", alpha=0.3)


def draw_second_device(table: pd.DataFrame) -> Figure:
    """The difference of each row to "Sup only" on either device and on both, with intervals.

    `table` is that of guidednet.report.tables.second_device.
    """
    shown = table.dropna(subset="to_supervised").reset_index(drop=True)
    devices = shown[["device", "device_again"]].iloc[0]
    labels = {"": devices["device"], AGAIN: devices["device_again"], BOTH: "both together"}
    figure, axes = print_figure(DOUBLE, 1.2 + 0.36 * len(shown))
    for number, (suffix, label) in enumerate(labels.items()):
        middle, low, high = (shown[name + suffix] for name in GAIN)
        places, colour = shown.index + 0.25 * (number - 1), LINE_COLOURS[number]
        width = 2.5 if suffix == BOTH else 1.2
        axes.hlines(places, low, high, color=colour, linewidth=width)
        axes.plot(middle, places, "o", color=colour, markersize=2 * width, label=label)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(shown.index, _names(shown))
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlabel("paired difference to Sup only (points), 95 % interval")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


def draw_organs(table: pd.DataFrame, organs: list[str]) -> Figure:
    """Mean Dice in percent by row and organ, as a heat map with its numbers."""
    shown = made(table)
    values = shown[organs].to_numpy(float)
    figure, axes = print_figure(DOUBLE, 0.6 + 0.2 * len(shown))
    axes.imshow(values, cmap="viridis", vmin=0, vmax=100, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        colour = "white" if value < 60 else "black"
        axes.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=7, color=colour)
    axes.set_xticks(range(len(organs)), organs)
    axes.set_yticks(shown.index, shown["method"])
    axes.tick_params(length=0)
    plt.setp(axes.spines.values(), visible=False)
    return figure


def beside_phantoms(table: pd.DataFrame, figures: Path, profile: str = "quick") -> pd.DataFrame:
    """Mean Dice in percent of each method on real CT and on FLARE22 phantoms, by method.

    The phantoms' are those of Table 1 of `profile`, with 10 % of the cases labelled. Methods that
    either table lacks are left out.
    """
    phantoms = pd.read_csv(figures / profile / "table1.csv")
    tenth = phantoms[phantoms["n_unlabeled"].isin([0, phantoms["n_unlabeled"].max()])]
    means = {"real CT": made(table), "phantoms": tenth}
    columns = {
        name: rows.set_index(rows["method"].map(without_crop))["mean_dice"]
        for name, rows in means.items()
    }
    return pd.concat(columns, axis=1).dropna()


def draw_by_count(axes: Axes, table: pd.DataFrame) -> None:
    """Mean Dice of each method by the number of labelled cases, with 95 % intervals."""
    for number, (method, rows) in enumerate(table.groupby("method", sort=False)):
        middle, places = rows["mean_dice"], rows["n_labeled"] * 1.03**number  # side by side
        ends = [middle - rows["ci_low"], rows["ci_high"] - middle]
        axes.errorbar(places, middle, yerr=ends, fmt="o-", color=LINE_COLOURS[number], label=method)
    counts = sorted(table["n_labeled"].unique())
    axes.set_xscale("log")
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.minorticks_off()
    axes.set(xlabel="labelled training cases, of 20", ylabel="mean Dice (%)")
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)


def draw_against(axes: Axes, both: pd.DataFrame) -> None:
    """A named point per method: its mean Dice on phantoms against that on real CT."""
    axes.plot(both["phantoms"], both["real CT"], "o", color=OTHERS)
    for method, row in both.iterrows():
        place = (row["phantoms"], row["real CT"])
        axes.annotate(method, place, xytext=(4, 3), textcoords="offset points", fontsize=7)
    axes.set(xlabel="mean Dice on phantoms (%)", ylabel="mean Dice on real CT (%)")
    axes.grid(alpha=0.3)
