"""Charts from data frames; each function draws into the axes that it is given."""

import re
from collections.abc import Iterator, Sequence
from itertools import cycle, product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

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


def draw_gains(axes: Axes, table: pd.DataFrame, title: str) -> None:
    """Dots: each row's Dice minus that of its baseline, in points, with the interval if known.

    `table` has the columns method, n_labeled, n_unlabeled, baseline, difference, low and high.
    """
    ratios = table["n_labeled"].astype(str) + "+" + table["n_unlabeled"].astype(str)
    places = np.arange(len(table))
    colours = [LINE_COLOURS[method == "GuidedNet"] for method in table["method"]]
    axes.hlines(places, table["low"], table["high"], colors=colours, linewidth=1.2)
    axes.scatter(table["difference"], places, color=colours, s=25, zorder=3)
    axes.set_yticks(places, table["method"] + " " + ratios, fontsize=8)
    axes.set_ylim(len(places) - 0.5, -0.5)
    _finish_gains(axes, table, title)


def draw_organ_gains(axes: Axes, table: pd.DataFrame, organs: Sequence[str], title: str) -> None:
    """As `draw_gains` for each of `organs`, which the column organ of `table` names.

    Within an organ and in the legend the rows stand in the order of the table.
    """
    methods, places = table["method"].unique(), np.arange(len(organs))
    for number, name in enumerate(methods):
        part = table[table["method"] == name].set_index("organ").reindex(organs)
        height = places + 0.7 * ((number + 0.5) / len(methods) - 0.5)
        line = {"color": LINE_COLOURS[1 + number % 6]}
        label = name if part["difference"].notna().any() else None
        axes.plot(part["difference"], height, "o", label=label, markersize=4, **line)
        axes.hlines(height, part["low"], part["high"], linewidth=1, **line)
    axes.set_yticks(places, organs)
    axes.set_ylim(len(places) - 0.5, -0.5)
    axes.legend(fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.09))
    _finish_gains(axes, table, title)


def _finish_gains(axes: Axes, table: pd.DataFrame, title: str) -> None:
    """The line at no gain, and what an axis of gains shows."""
    axes.axvline(0, color="black", linewidth=0.8, zorder=1)
    axes.grid(axis="x", alpha=0.3)
    lines = "; line: 95 % interval" if table["low"].notna().any() else ""
    axes.set(xlabel=f"Dice minus {table['baseline'].iloc[0]} (points){lines}", title=title)
