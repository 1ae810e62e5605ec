"""Figures 1a, 1c and 3 redrawn: pseudo-labelling, GuidedNet, and a training step of GuidedNet."""

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text

from guidednet.report.figures.save import DOUBLE, PRINT_STYLE, SINGLE

COLOURS = {
    **{"data": "#DDEEFF", "network": "#FFE7C2", "map": "#E4F2DC", "loss": "#F8D6D6"},
    "key": "#FFF3A6",  # what the paper contributes
}
LINE = "#444444"


class Place(NamedTuple):
    """A box of a diagram: its name, its kind (of COLOURS), its centre in inches and its text."""

    name: str
    kind: str
    x: float
    y: float
    text: str


class Arrow(NamedTuple):
    """An arrow between two boxes: its text, and whether it carries no gradient.

    It aims `shift` inches to the right of the middle of the box where it ends.
    """

    start: str
    end: str
    text: str = ""
    stopped: bool = False
    shift: float = 0.0


class Diagram(NamedTuple):
    """Boxes and arrows on a sheet of so many inches."""

    size: tuple[float, float]
    boxes: Sequence[Place]
    arrows: Sequence[Arrow]


PSEUDO_LABELS = Diagram(
    (SINGLE, 1.25),
    (
        Place("labelled", "data", 0.38, 0.95, "labelled\ncrops"),
        Place("unlabelled", "data", 0.38, 0.3, "unlabelled\ncrops"),
        Place("network", "network", 1.15, 0.625, "network"),
        Place("p", "map", 1.98, 0.95, "prediction"),
        Place("q", "map", 1.98, 0.3, "prediction,\npseudo-label"),
        Place("sup", "loss", 2.92, 0.95, "supervised\nloss"),
        Place("unsup", "loss", 2.92, 0.3, "unsupervised\nloss"),
    ),
    (
        Arrow("labelled", "network"),
        Arrow("unlabelled", "network"),
        Arrow("network", "p"),
        Arrow("network", "q"),
        Arrow("p", "sup"),
        Arrow("q", "unsup"),
    ),
)
GUIDED = Diagram(
    (SINGLE, 1.45),
    (
        Place("labelled", "data", 0.38, 1.12, "labelled\ncrops"),
        Place("unlabelled", "data", 0.38, 0.32, "unlabelled\ncrops"),
        Place("network", "network", 1.05, 0.72, "network"),
        Place("gauss", "key", 1.98, 1.12, "a Gaussian\nper class"),
        Place("q", "map", 1.98, 0.32, "prediction"),
        Place("loss", "loss", 2.95, 0.72, "guided\nloss"),
    ),
    (
        Arrow("labelled", "network"),
        Arrow("unlabelled", "network"),
        Arrow("network", "gauss"),
        Arrow("network", "q"),
        Arrow("gauss", "q", "corrects", True),
        Arrow("gauss", "loss"),
        Arrow("q", "loss"),
    ),
)
# Figure 3, in inches: columns of crops, networks, outputs, what is made of them, and losses.
CROPS, NETWORKS, OUTPUTS, MADE, TAUGHT, LOSSES = 0.5, 1.45, 2.55, 3.8, 5.0, 6.27
MIDDLE = 1.95  # between the halves of the two networks


def _boxes_of(network: str, side: int) -> list[Place]:
    """The boxes of network "A" (`side` 1, above the middle) or "B" (-1, below it)."""
    places = (
        ("network", "network", NETWORKS, 1.05, f"network {network}"),
        ("f", "map", OUTPUTS, 1.6, "features f\n(Layer 4)"),
        ("p", "map", OUTPUTS, 0.9, f"probabilities\np of {network}"),
        ("gauss", "key", MADE, 1.6, "3D-CGMM: μ, σ of\nlabelled classes (3, 4)"),
        ("G", "key", TAUGHT, 1.6, "posteriors G, G'\n(5-7)"),
        ("y", "map", MADE - 0.35, 0.28, f"pseudo-label\nŷ of {network} (15)"),
        ("fit", "loss", LOSSES, 1.68, "labelled crops:\nG fits y (8-10)"),
        ("rectify", "loss", LOSSES, 1.12, "rectification:\np follows G' (13)"),
        ("sup", "loss", LOSSES, 0.56, "supervised:\np fits y (1)"),
    )
    return [
        Place(f"{name}{network}", kind, x, MIDDLE + side * above, text)
        for name, kind, x, above, text in places
    ]


def _arrows_of(network: str) -> list[Arrow]:
    """The arrows of the half of network "A" or "B"."""
    flows = (
        ("network", "f"),
        ("network", "p"),
        ("f", "gauss"),
        ("gauss", "G"),
        ("G", "fit"),
        ("p", "rectify"),
        ("p", "sup"),
    )
    stopped = (("p", "y"), ("G", "rectify"))
    return [
        *(Arrow(crops, f"network{network}") for crops in ("labelled", "unlabelled")),
        *(Arrow(start + network, end + network) for start, end in flows),
        *(Arrow(start + network, end + network, stopped=True) for start, end in stopped),
        Arrow(f"p{network}", "weights", stopped=True),
        Arrow(f"p{network}", "cps", shift=0.4),
        Arrow(f"y{network}", "cps", stopped=True),
        Arrow(f"G{network}", "agree", shift=-0.45),
    ]


TRAINING = Diagram(
    (DOUBLE, 2 * MIDDLE),
    (
        Place("labelled", "data", CROPS, MIDDLE + 0.6, "labelled\ncrops, labels y"),
        Place("unlabelled", "data", CROPS, MIDDLE - 0.6, "unlabelled\ncrops"),
        *_boxes_of("A", 1),
        *_boxes_of("B", -1),
        Place("weights", "key", OUTPUTS, MIDDLE, "class weights w\n(16-18)"),
        Place("cps", "loss", TAUGHT, MIDDLE, "KT-CPS: A learns ŷ\nof B, B of A (19)"),
        Place("agree", "loss", LOSSES, MIDDLE, "consistency: G'\nof A and B agree (11)"),
    ),
    (*_arrows_of("A"), *_arrows_of("B"), Arrow("weights", "cps", stopped=True)),
)


def figure1a() -> Figure:
    """Figure 1a: pseudo-labelling, in which the two kinds of crops share only network weights."""
    return _drawn(PSEUDO_LABELS)


def figure1c() -> Figure:
    """Figure 1c: GuidedNet, whose Gaussians of labelled features correct unlabelled predictions."""
    return _drawn(GUIDED)


def figure3() -> Figure:
    """Figure 3: a training step of GuidedNet with equation numbers; dashed arrows: no gradient."""
    return _drawn(TRAINING)


def edges(diagram: Diagram) -> pd.DataFrame:
    """The arrows of a diagram as a table: from, to, text, gradient (whether it flows back)."""
    names = {box.name: box.text.replace("\n", " ") for box in diagram.boxes}
    lines = [
        (names[arrow.start], names[arrow.end], arrow.text, not arrow.stopped)
        for arrow in diagram.arrows
    ]
    return pd.DataFrame(lines, columns=["from", "to", "text", "gradient"])


def _drawn(diagram: Diagram) -> Figure:
    plt.rcParams.update(PRINT_STYLE)
    figure = plt.figure(figsize=diagram.size)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, diagram.size[0]), ylim=(0, diagram.size[1]))
    axes.set_axis_off()
    drawn = {box.name: _draw_box(axes, box) for box in diagram.boxes}
    figure.canvas.draw()  # the arrows end at the boxes, whose size is known only after drawing
    for arrow in diagram.arrows:
        _draw_arrow(axes, drawn[arrow.start], drawn[arrow.end], arrow)
    return figure


def _draw_box(axes: Axes, box: Place) -> Text:
    shape = {"boxstyle": "round,pad=0.3", "facecolor": COLOURS[box.kind], "edgecolor": LINE}
    place = {"ha": "center", "va": "center", "zorder": 3, "linespacing": 1.15}
    return axes.text(box.x, box.y, box.text, fontsize=7, bbox={"linewidth": 0.7, **shape}, **place)


def _draw_arrow(axes: Axes, start: Text, end: Text, arrow: Arrow) -> None:
    begin, (x, y) = start.get_position(), end.get_position()
    line = FancyArrowPatch(
        begin,
        (x + arrow.shift, y),
        arrowstyle="-|>,head_length=0.45,head_width=0.2",
        mutation_scale=8,
        linewidth=0.8,
        linestyle=(0, (3, 2)) if arrow.stopped else "-",
        color=LINE,
        patchA=start.get_bbox_patch(),
        patchB=end.get_bbox_patch(),
        shrinkA=0,
        shrinkB=2,
        zorder=4,  # above the boxes, whose size at another resolution is known once they are drawn
    )
    axes.add_patch(line)
    if arrow.text:
        middle = ((begin[0] + x) / 2, (begin[1] + y) / 2)
        plain = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        axes.text(*middle, arrow.text, fontsize=7, ha="center", va="center", bbox=plain, zorder=5)
