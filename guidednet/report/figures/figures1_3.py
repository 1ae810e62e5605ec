"""Figures 1a, 1c and 3 redrawn: pseudo-labelling, GuidedNet, and a training step of GuidedNet."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text

from guidednet.report.figures.save import DOUBLE, SINGLE, print_figure

COLOURS = {"data": "#DDEEFF", "network": "#FFE7C2", "map": "#E4F2DC", "loss": "#F8D6D6"}
# A diagram has boxes (name, kind, x, y, text) on a 10 x 10 sheet, and arrows (from, to, text,
# whether the gradient is stopped).
Boxes = Sequence[tuple[str, str, float, float, str]]
Arrows = Sequence[tuple[str, str, str, bool]]

PSEUDO_LABELS = (
    (
        ("labelled", "data", 1.4, 8, "labelled\ncrops"),
        ("unlabelled", "data", 1.4, 3, "unlabelled\ncrops"),
        ("network", "network", 4.4, 5.5, "network"),
        ("p", "map", 7.2, 8, "prediction"),
        ("q", "map", 7.2, 3, "pseudo-label"),
        ("sup", "loss", 9.2, 8, "supervised\nloss"),
        ("unsup", "loss", 9.2, 3, "unsupervised\nloss"),
    ),
    (
        ("labelled", "network", "", False),
        ("unlabelled", "network", "", False),
        ("network", "p", "", False),
        ("network", "q", "", False),
        ("p", "sup", "", False),
        ("q", "unsup", "", True),
    ),
)
GUIDED = (
    (
        ("labelled", "data", 1.4, 8, "labelled\ncrops"),
        ("unlabelled", "data", 1.4, 3, "unlabelled\ncrops"),
        ("network", "network", 4.0, 5.5, "network"),
        ("gauss", "map", 6.8, 8, "one Gaussian\nper class"),
        ("q", "map", 6.8, 3, "prediction"),
        ("loss", "loss", 9.2, 5.5, "guided\nloss"),
    ),
    (
        ("labelled", "network", "", False),
        ("unlabelled", "network", "", False),
        ("network", "gauss", "labelled features", False),
        ("network", "q", "", False),
        ("gauss", "q", "corrects", True),
        ("gauss", "loss", "", False),
        ("q", "loss", "", False),
    ),
)
TRAINING = (
    (
        ("labelled", "data", 0.9, 7.6, "labelled crops\nand labels y"),
        ("unlabelled", "data", 0.9, 2.4, "unlabelled\ncrops"),
        ("a", "network", 2.9, 7.6, "network A"),
        ("b", "network", 2.9, 2.4, "network B"),
        ("fa", "map", 4.8, 9, "features f\nof Layer 4"),
        ("pa", "map", 4.8, 6.2, "probabilities\np of A"),
        ("pb", "map", 4.8, 3.8, "probabilities\np of B"),
        ("fb", "map", 4.8, 1, "features f\nof Layer 4"),
        ("ga", "map", 6.9, 9, "3D-CGMM of A\nμ, σ per class"),
        ("w", "map", 6.9, 5, "class weights w\n(true positives)"),
        ("gb", "map", 6.9, 1, "3D-CGMM of B\nμ, σ per class"),
        ("sup", "loss", 9.1, 6.6, "supervised (1)\nof A and B"),
        ("cps", "loss", 9.1, 4, "KT-CPS (15-19)\nboth ways"),
        ("cgmm", "loss", 9.1, 9, "3D-CGMM\n(8-10, 13)"),
        ("cons", "loss", 9.1, 1, "consistency\n(11)"),
    ),
    (
        ("labelled", "a", "", False),
        ("labelled", "b", "", False),
        ("unlabelled", "a", "", False),
        ("unlabelled", "b", "", False),
        ("a", "fa", "", False),
        ("a", "pa", "", False),
        ("b", "pb", "", False),
        ("b", "fb", "", False),
        ("fa", "ga", "", False),
        ("fb", "gb", "", False),
        ("pa", "ga", "", True),
        ("pb", "gb", "", True),
        ("pa", "w", "", True),
        ("pb", "w", "", True),
        ("pa", "sup", "", False),
        ("pb", "cps", "", False),
        ("w", "cps", "", True),
        ("ga", "cgmm", "", False),
        ("gb", "cgmm", "", False),
        ("ga", "cons", "", False),
        ("gb", "cons", "", False),
    ),
)


def figure1a() -> Figure:
    """Figure 1a: pseudo-labelling, in which the two kinds of crops share only network weights."""
    return _diagram(SINGLE, 2.2, PSEUDO_LABELS, "pseudo-labels: two separate losses")


def figure1c() -> Figure:
    """Figure 1c: GuidedNet, whose Gaussians of labelled features correct unlabelled predictions."""
    return _diagram(SINGLE, 2.2, GUIDED, "GuidedNet: labelled features guide")


def figure3() -> Figure:
    """Figure 3: a training step of GuidedNet with equation numbers; dashed arrows: no gradient."""
    return _diagram(DOUBLE, 3.6, TRAINING, "one training step of GuidedNet (dashed: no gradient)")


def edges(diagram: tuple[Boxes, Arrows]) -> pd.DataFrame:
    """The arrows of a diagram as a table: from, to, text, gradient (whether it flows back)."""
    boxes, arrows = diagram
    names = {name: text.replace("\n", " ") for name, _, _, _, text in boxes}
    lines = [(names[start], names[end], text, not stopped) for start, end, text, stopped in arrows]
    return pd.DataFrame(lines, columns=["from", "to", "text", "gradient"])


def _diagram(width: float, height: float, diagram: tuple[Boxes, Arrows], title: str) -> Figure:
    figure, axes = print_figure(width, height)
    boxes, arrows = diagram
    axes.set(xlim=(0, 10.2), ylim=(0, 10), title=title)
    axes.set_axis_off()
    patches = {name: _draw_box(axes, kind, x, y, text) for name, kind, x, y, text in boxes}
    figure.canvas.draw()  # the arrows end at the boxes, whose size is known only after drawing
    for start, end, text, stopped in arrows:
        _draw_arrow(axes, patches[start], patches[end], text, stopped)
    return figure


def _draw_box(axes: Axes, kind: str, x: float, y: float, text: str) -> Text:
    box = {"boxstyle": "round,pad=0.35", "facecolor": COLOURS[kind], "linewidth": 0.7}
    return axes.text(x, y, text, ha="center", va="center", fontsize=7, zorder=3, bbox=box)


def _draw_arrow(axes: Axes, start: Text, end: Text, text: str, stopped: bool) -> None:
    begin, finish = start.get_position(), end.get_position()
    arrow = FancyArrowPatch(
        begin,
        finish,
        arrowstyle="-|>",
        mutation_scale=7,
        linewidth=0.8,
        linestyle="--" if stopped else "-",
        patchA=start.get_bbox_patch(),
        patchB=end.get_bbox_patch(),
        shrinkB=1,
        zorder=1,
    )
    axes.add_patch(arrow)
    if text:
        middle = ((begin[0] + finish[0]) / 2, (begin[1] + finish[1]) / 2)
        axes.text(
            *middle,
            text,
            fontsize=7,
            ha="center",
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
