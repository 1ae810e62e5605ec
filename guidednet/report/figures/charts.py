"""Charts from data frames; each function draws into the axes that it is given."""

import re
from collections.abc import Iterator, Sequence
from itertools import cycle, product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from guidednet.data.organs import OrganSet
from guidednet.runs.record import Run

# Distinguishable with any colour vision (Okabe and Ito 2008).
LINE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", "--", ":")
MOST_COLOURED = 7  # lines of a chart that can be told apart by their colours
HIGHLIGHTED = {"Sup only": "#000000", "GuidedNet": LINE_COLOURS[1]}
QUIET = "#BBBBBB"


def draw_curves(axes: Axes, runs: dict[str, Run | None], column: str, title: str) -> None:
    """Draw a column of each run's curves over steps; skip missing runs and those without it.

    Of more than MOST_COLOURED runs, only those of HIGHLIGHTED are coloured and named, at the end of
    their lines. Dice is in percent.
    """
    found = {
        name: values * (100 if column.endswith("dice") else 1)
        for name, run in runs.items()
        if run is not None and (values := _values(run, column)) is not None
    }
    many = len(found) > MOST_COLOURED
    for (name, values), (style, colour) in zip(found.items(), _styles(), strict=False):
        own = _highlight(name) if many else colour
        line = {"color": own or QUIET, "linestyle": "-" if many else style}
        line |= {"label": name, "zorder": 3 if own else 2, "linewidth": 1.6 if own else 0.9}
        axes.plot(values.index, values, marker="." if len(values) < 30 else None, **line)
    axes.set(xlabel="step", title=title, ylabel="%" if column.endswith("dice") else "")
    axes.grid(alpha=0.3)
    if many:
        _name_highlighted(axes, found)
    elif found:
        axes.legend(fontsize=8, ncols=1 + len(found) // 8)


def _values(run: Run, column: str) -> pd.Series | None:
    curves = run.curves()
    return curves.set_index("step")[column].dropna() if column in curves else None


def _styles() -> Iterator[tuple[str, str]]:
    """Line styles with colours, again and again."""
    return cycle(product(LINE_STYLES, LINE_COLOURS))


def _highlight(name: str) -> str | None:
    """The colour of a run by its name: that of the first of HIGHLIGHTED that starts it."""
    return next(
        (
            colour
            for start, colour in HIGHLIGHTED.items()
            if name == start or re.fullmatch(rf"{re.escape(start)} \d+\+\d+", name)
        ),
        None,
    )


def _name_highlighted(axes: Axes, found: dict[str, pd.Series]) -> None:
    """Names beside the ends of the highlighted lines, and what the grey lines are."""
    named = {name: values for name, values in found.items() if _highlight(name)}
    ends = sorted(named, key=lambda name: named[name].iloc[-1])
    if not ends:
        return
    places = _apart([named[name].iloc[-1] for name in ends], 0.06 * np.ptp(axes.get_ylim()))
    for name, place in zip(ends, places, strict=True):
        own, end = {"color": _highlight(name), "fontsize": 8, "va": "center"}, named[name].index[-1]
        axes.annotate(name, (end, place), (6, 0), textcoords="offset points", **own)
    others = f"grey: {len(found) - len(named)} other runs"
    axes.text(0.02, 0.02, others, transform=axes.transAxes, fontsize=8, color="grey")
    axes.margins(x=0.02)
    axes.set_xlim(right=axes.get_xlim()[0] + 1.35 * np.ptp(axes.get_xlim()))


def _apart(places: Sequence[float], gap: float) -> list[float]:
    """Rising `places`, moved until each is `gap` or more above the one before; their mean stays."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + gap) if moved else place)
    return [place - (np.mean(moved) - np.mean(places)) for place in moved]


def draw_means(axes: Axes, table: pd.DataFrame, title: str) -> None:
    """Dots: mean Dice of each row, with its 95 % interval over test cases if there is one.

    Rows without runs are named. The axis does not start at 0, because rows differ by a few points.
    """
    ratios = table["n_labeled"].astype(str) + "+" + table["n_unlabeled"].astype(str)
    names = table["method"] + " " + ratios
    places = np.arange(len(table))
    for place, row in zip(places, table.itertuples(), strict=True):
        colour = LINE_COLOURS[1] if row.method == "GuidedNet" else LINE_COLOURS[0]
        low, high = getattr(row, "ci_low", np.nan), getattr(row, "ci_high", np.nan)
        axes.plot([low, high], [place, place], color=colour, linewidth=1.2)
        axes.plot(row.mean_dice, place, "o", color=colour, markersize=5)
        if row.mean_dice != row.mean_dice:
            axes.text(0.02, place, "not run", transform=axes.get_yaxis_transform(), va="center")
    axes.set_yticks(places, names, fontsize=8)
    axes.invert_yaxis()
    whiskers = "; lines: 95 % interval over test cases" if "ci_low" in table else ""
    axes.set(xlabel=f"mean Dice (%){whiskers}", title=title)
    axes.grid(axis="x", alpha=0.3)


def draw_organ_gains(axes: Axes, table: pd.DataFrame, organs: OrganSet, title: str) -> None:
    """Dots per organ: each row's Dice minus that of the first row, in points.

    Within an organ and in the legend the rows stand in the order of the table.
    """
    scores = table.set_index("method")[organs.columns].astype(float)
    gains = scores.iloc[1:] - scores.iloc[0]
    places = np.arange(len(organs.columns))
    for number, (name, values) in enumerate(gains.iterrows()):
        shift = 0.7 * ((number + 0.5) / len(gains) - 0.5)
        line = {"color": LINE_COLOURS[1 + number % 6], "label": name, "markersize": 4}
        axes.plot(values, places + shift, "o", **line)
        axes.hlines(places + shift, 0, values, color=line["color"], linewidth=0.8)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(places, organs.columns)
    axes.set_ylim(len(places) - 0.5, -0.5)
    axes.set(xlabel=f"Dice minus {scores.index[0]} (points)", title=title)
    axes.grid(axis="x", alpha=0.3)
    axes.legend(fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.12))
