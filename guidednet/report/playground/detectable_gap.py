"""The detectable gap: what a paired test finds among few cases, beside the gaps of Table 1."""

from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

from guidednet import published
from guidednet.published.checks import detectable_gap
from guidednet.report.playground.widget import Playground, png

CASES, SPREAD = 14, 5.0  # test cases of FLARE22; points, from case to case
MOST_POINTS = 8  # of the axis
WORDS = "The smallest gap that a paired test finds, and the gaps between the methods of Table 1"


def neighbouring_gaps() -> list[dict[str, object]]:
    """The gaps in mean Dice between methods that follow each other in Table 1, sorted by Dice.

    Each has a `name`, the `gap` in points, and the setting as its `lane`. "Sup only" belongs to
    every setting.
    """
    table = published.printed("table1")
    found = []
    for unlabelled in sorted(set(table["n_unlabeled"]) - {0}):
        rows = table[table["n_unlabeled"].isin((0, unlabelled))].sort_values("mean_dice")
        labelled = int(rows["n_labeled"].iloc[-1])
        lane = f"{labelled} labelled and {unlabelled} unlabelled cases"
        for lower, upper in pairwise(rows.itertuples()):
            name = f"{upper.method} over {lower.method}"
            gap = round(upper.mean_dice - lower.mean_dice, 2)
            found.append({"name": name, "gap": gap, "lane": lane})
    return found


def gap_playground(cases: int = CASES, spread: float = SPREAD) -> Playground:
    """The widget, which begins with so many test `cases` and a `spread` in points."""
    data = {"steps": neighbouring_gaps(), "cases": cases, "spread": spread, "most": MOST_POINTS}
    return Playground("gap", data, _picture(cases, spread), WORDS)


def _picture(cases: int, spread: float) -> bytes:
    """The detectable gap over the number of cases; Table 1's gaps as ticks at the left."""
    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.subplots()
    numbers = np.unique(np.geomspace(4, 200, 30).round().astype(int))
    axes.plot(numbers, [detectable_gap(int(number), spread) for number in numbers])
    axes.plot(cases, detectable_gap(cases, spread), "o", color="#b5523b")
    for step in neighbouring_gaps():
        axes.axhline(step["gap"], 0, 0.03, color="black", linewidth=0.8)
    axes.set(
        xscale="log",
        xlabel="test cases",
        ylabel="points of mean Dice",
        ylim=(0, MOST_POINTS),
        title=f"smallest gap found four times out of five; spread {spread:g} points",
    )
    axes.set_xticks([5, 10, 14, 20, 60, 100, 200], [5, 10, 14, 20, 60, 100, 200])
    return png(figure)
