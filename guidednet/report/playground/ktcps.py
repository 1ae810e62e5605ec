"""KT-CPS with three classes: what true positives make of the weights, in three readings."""

import math
from collections.abc import Mapping

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from guidednet.ktcps import KTCPSConfig, difficulty_weights, printed_weights
from guidednet.report.playground.widget import Playground, png

# Voxels that a network gets right in a batch, and the colours of the classes.
COUNTS = {"background": 120_000, "liver": 6_000, "right adrenal gland": 12}
COLOURS = ("#888888", "#3f78b5", "#c77f1a")
WORDS = "Weights of KT-CPS for three classes: as printed, by the released code, and here"


def ktcps_playground(counts: Mapping[str, int] = COUNTS) -> Playground:
    """The widget, which begins with `counts`: true positives of three classes by name."""
    data = {"names": list(counts), "colours": list(COLOURS), "counts": list(counts.values())}
    return Playground("ktcps", data, _picture(counts), WORDS)


def readings(true_positives: torch.Tensor) -> dict[str, torch.Tensor]:
    """The weights (K,) of the three readings; NaN for 0/0, and here for what keeps its weight.

    A class without a true positive is taken for one that is not in the crops.
    """
    there = true_positives > 0
    here = difficulty_weights(true_positives, there).masked_fill(~there, torch.nan)
    smoothing = KTCPSConfig.official().smoothing
    return {
        "as printed": printed_weights(true_positives),
        "released code": difficulty_weights(true_positives, smoothing=smoothing),
        "here": here,
    }


def _picture(counts: Mapping[str, int]) -> bytes:
    """The weights with all classes, and those without a true positive of the last one."""
    figure = Figure(figsize=(9, 2.8), layout="constrained")
    last = list(counts)[-1]
    cases = {"all classes in the crops": dict(counts), f"no {last} in them": {**counts, last: 0}}
    for axes, (title, found) in zip(figure.subplots(1, 2, sharey=True), cases.items(), strict=True):
        weights = readings(torch.tensor([*found.values()], dtype=torch.float64))
        for place, (reading, values) in enumerate(weights.items()):
            for k, weight in enumerate(values.tolist()):
                _draw_weight(axes, place + 0.25 * (k - 1), weight, COLOURS[k], reading)
        axes.set(xticks=range(3), xticklabels=weights, title=title, ylim=(0, 3.6))
    figure.axes[0].set_ylabel("weight w")
    names = [Patch(color=colour, label=name) for name, colour in zip(counts, COLOURS, strict=True)]
    figure.axes[0].legend(handles=names, fontsize=8, frameon=False)
    return png(figure)


def _draw_weight(axes: Axes, place: float, weight: float, colour: str, reading: str) -> None:
    undefined = "kept" if reading == "here" else "0/0"
    height, text = (0.0, undefined) if math.isnan(weight) else (weight, f"{abs(weight):.1f}")
    axes.bar(place, height, 0.22, color=colour)
    axes.text(place, height + 0.08, text, ha="center", fontsize=8)
