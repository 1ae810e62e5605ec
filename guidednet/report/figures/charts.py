"""Charts from data frames; each function draws into the axes that it is given."""

from itertools import product

import pandas as pd
from matplotlib.axes import Axes

from guidednet.data.organs import OrganSet
from guidednet.runs.record import Run

# Distinguishable with any colour vision (Okabe and Ito 2008).
LINE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", "--", ":")


def draw_curves(axes: Axes, runs: dict[str, Run | None], column: str, title: str) -> None:
    """Draw a column of each run's curves over steps; skip missing runs and those without it."""
    styles = product(LINE_STYLES, LINE_COLOURS)
    for (name, run), (style, colour) in zip(runs.items(), styles, strict=False):
        if run is not None and column in (curves := run.curves()):
            values = curves.set_index("step")[column].dropna()
            axes.plot(
                values.index,
                values,
                label=name,
                color=colour,
                linestyle=style,
                marker="." if len(values) < 30 else None,
            )
    axes.set(xlabel="step", title=title)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, ncols=1 + len(runs) // 8)


def draw_means(axes: Axes, table: pd.DataFrame, title: str) -> None:
    """Horizontal bars: mean Dice of each row, with its spread over seeds if there is one."""
    names = (
        table["method"]
        + " "
        + table["n_labeled"].astype(str)
        + "+"
        + table["n_unlabeled"].astype(str)
    )
    colours = [
        LINE_COLOURS[1] if method == "GuidedNet" else LINE_COLOURS[0] for method in table["method"]
    ]
    axes.barh(names, table["mean_dice"].fillna(0), xerr=table["sd_dice"].fillna(0), color=colours)
    axes.invert_yaxis()
    axes.set(xlabel="mean Dice (%), whiskers: spread over seeds", title=title)
    axes.tick_params(axis="y", labelsize=8)


def draw_organ_gains(axes: Axes, table: pd.DataFrame, organs: OrganSet, title: str) -> None:
    """Horizontal bars per organ: each row's Dice minus that of the first row, in points."""
    scores = table.set_index("method")[organs.columns].astype(float)
    gains = (scores.iloc[1:] - scores.iloc[0]).T.iloc[::-1]
    gains.plot.barh(ax=axes, color=LINE_COLOURS[1:], width=0.8)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(xlabel=f"Dice minus {scores.index[0]} (points)", title=title, ylabel="")
    axes.legend(fontsize=8)


def draw_pairs(axes: Axes, table: pd.DataFrame, title: str) -> None:
    """Pairs of bars: mean Dice and mean Jaccard of each row in percent, with numbers above.

    Whiskers show the spread over seeds if `table` has the columns sd_dice and sd_jaccard, which the
    paper's does not.
    """
    places = range(len(table))
    for shift, column, colour, name in (
        (-0.2, "mean_dice", LINE_COLOURS[0], "Dice"),
        (0.2, "mean_jaccard", LINE_COLOURS[1], "Jaccard"),
    ):
        spread = (
            table[column.replace("mean", "sd")].fillna(0)
            if column.replace("mean", "sd") in table
            else None
        )
        bars = axes.bar(
            [place + shift for place in places],
            table[column].fillna(0),
            yerr=spread,
            width=0.38,
            color=colour,
            label=name,
        )
        axes.bar_label(
            bars,
            [f"{value:.1f}" if value == value else "not run" for value in table[column]],
            fontsize=7,
        )
    axes.set_xticks(
        list(places), [str(label).replace("lambda_g = ", "λ = ") for label in table["method"]]
    )
    axes.set(
        ylabel="percent", title=title, ylim=(0, 1.4 * max(table["mean_dice"].fillna(0).max(), 1))
    )
    axes.legend(ncols=2, loc="upper right", frameon=False)
