"""The drawing of Figures 4 and 5: slices of a case by every method, their boxes enlarged, and 3D.

Below each row of slices stand its boxes, enlarged, with the reference as a white dashed outline.
Places are in inches from the upper left corner.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from guidednet.report.figures.figures4_5 import BOX_MM, Box, mean_dice, slice_dice
from guidednet.report.figures.save import DOUBLE, PRINT_STYLE
from guidednet.report.viewer.body import body_box
from guidednet.report.viewer.outlines import draw_outlines
from guidednet.report.viewer.scene import Scene, bounding_box
from guidednet.report.viewer.slices import (
    PLANES,
    cut,
    draw_slice,
    edge_letters,
    organ_legend,
    steps_of,
)
from guidednet.report.viewer.surfaces3d import DRAWN_MM, draw_surfaces

LEFT, GAP, TITLE, LEGEND = 0.16, 0.03, 0.2, 0.72
BOX_STYLES = {"others err": ("--", "#35E0FF"), "GuidedNet errs": (":", "#FFFFFF")}
HALO = [withStroke(linewidth=2.2, foreground="black")]
EXPLAINED = (
    "Numbers: mean Dice (%) on the slice or, below, of the case. Blue box: the others err, "
    "GuidedNet does not. White box: GuidedNet errs. White dashes: reference."
)


def draw_comparison(scene: Scene, boxes: Sequence[Box]) -> Figure:
    """Draw two rows per box (the slice, and the box enlarged), then one of 3D surfaces.

    There is a column per label map, the reference first. Rows are lettered (a), (b), ...
    """
    plt.rcParams.update(PRINT_STYLE)
    names, body = list(scene.labels), body_box(scene)
    width = (DOUBLE - LEFT) / len(names) - GAP
    windows = [_window(scene, box, body) for box in boxes]
    heights = [width * (bottom - top) / (right - left) for left, right, top, bottom in windows]
    enlarged = width * BOX_MM[0] / BOX_MM[1]
    total = TITLE + sum(heights) + len(boxes) * (enlarged + 3 * GAP) + width + LEGEND
    figure = plt.figure(figsize=(DOUBLE, total))
    top = TITLE
    for row, (box, window, height) in enumerate(zip(boxes, windows, heights, strict=True)):
        for column, name in enumerate(names):
            left = LEFT + column * (width + GAP)
            _draw_slice(_axes(figure, left, top, width, height), scene, box, name, window)
            below = _axes(figure, left, top + height + GAP, width, enlarged)
            _draw_enlarged(below, scene, box, name)
            if row == 0:
                _write(figure, left + width / 2, TITLE / 2, name)
        _write(figure, LEFT / 2, top + height / 2, f"({'abcdefgh'[row]}) {box.plane}", 90)
        top += height + enlarged + 3 * GAP
    for column, name in enumerate(names):
        axes = _axes(figure, LEFT + column * (width + GAP), top, width, width, projection="3d")
        _draw_surfaces(axes, scene, name)
    _write(figure, LEFT / 2, top + width / 2, f"({'abcdefgh'[len(boxes)]}) surfaces", 90)
    _write_below(figure, scene)
    return figure


def _window(
    scene: Scene, box: Box, body: tuple[slice, slice, slice]
) -> tuple[float, float, float, float]:
    """Left, right, top and bottom edge in mm of the body, and of the box, on the box's slice."""
    axis = PLANES[box.plane][0]
    shape = cut(scene.image, box.plane, box.index).shape
    kept = [part for number, part in enumerate(body) if number != axis]
    edges = []
    steps = steps_of(scene.spacing, box.plane)
    for size, part, inside, step in zip(shape, kept, (box.rows, box.columns), steps, strict=True):
        # slices are displayed turned, so that the last row of the volume is the first
        first, last = min(size - part.stop, inside[0]), max(size - part.start, inside[1])
        edges.append((first * step, last * step))
    (top, bottom), (left, right) = edges
    return left, right, top, bottom


def _axes(
    figure: Figure, left: float, top: float, width: float, height: float, **options: object
) -> Axes:
    """Axes at a place in inches from the upper left corner of the figure."""
    across, along = figure.get_size_inches()
    place = (left / across, 1 - (top + height) / along, width / across, height / along)
    return figure.add_axes(place, **options)


def _write(figure: Figure, left: float, top: float, text: str, rotation: float = 0) -> None:
    across, along = figure.get_size_inches()
    place = left / across, 1 - top / along
    figure.text(*place, text, ha="center", va="center", fontsize=8, rotation=rotation)


def _draw_slice(
    axes: Axes, scene: Scene, box: Box, name: str, window: tuple[float, float, float, float]
) -> None:
    grey = next(iter(scene.windows.values()))
    place = (axes, scene.image, scene.spacing, box.plane, box.index)
    draw_slice(*place, scene.labels[name], scene.organs, grey, letters=False)
    left, right, top, bottom = window
    axes.set(xlim=(left, right), ylim=(bottom, top), facecolor="black")
    edge_letters(axes, PLANES[box.plane][1], size=5)
    _mark_box(axes, box, scene.spacing)
    if name != scene.reference:
        _write_dice(axes, slice_dice(scene, box, name))


def _draw_enlarged(axes: Axes, scene: Scene, box: Box, name: str) -> None:
    """The inside of the box, with the reference as a white dashed outline."""
    grey, steps = next(iter(scene.windows.values())), steps_of(scene.spacing, box.plane)
    place = (axes, scene.image, scene.spacing, box.plane, box.index)
    draw_slice(*place, scene.labels[name], scene.organs, grey, letters=False)
    if name != scene.reference:
        reference = cut(scene.labels[scene.reference], box.plane, box.index)
        how = {"fill": 0.0, "width": 0.7, "colour": "white", "style": "dashed"}
        draw_outlines(axes, reference, steps, scene.organs, **how)
    (top, bottom), (left, right) = (
        [edge * step for edge in edges]
        for edges, step in zip((box.rows, box.columns), steps, strict=True)
    )
    axes.set(xlim=(left, right), ylim=(bottom, top))
    style, colour = BOX_STYLES[box.kind]
    for spine in axes.spines.values():
        spine.set(color=colour, linestyle=style, linewidth=1)


def _mark_box(axes: Axes, box: Box, spacing: Sequence[float]) -> None:
    rows, columns = steps_of(spacing, box.plane)
    corner = (box.columns[0] * columns, box.rows[0] * rows)
    size = ((box.columns[1] - box.columns[0]) * columns, (box.rows[1] - box.rows[0]) * rows)
    style, colour = BOX_STYLES[box.kind]
    line = {"linestyle": style, "linewidth": 1, "edgecolor": colour, "path_effects": HALO}
    axes.add_patch(Rectangle(corner, *size, fill=False, **line))


def _write_dice(axes: Axes, value: float) -> None:
    text = "no organ" if np.isnan(value) else f"{value:.0f}"
    place = {"transform": axes.transAxes, "ha": "right", "va": "bottom"}
    axes.text(0.97, 0.03, text, color="white", fontsize=7, path_effects=HALO, **place)


def _draw_surfaces(axes: Axes, scene: Scene, name: str) -> None:
    organs = bounding_box(scene.labels[scene.reference])  # the same view for every method
    label = scene.labels[name][organs]
    draw_surfaces(axes, label, scene.spacing, scene.organs, smooth_mm=DRAWN_MM, fills=True)
    axes.set_rasterized(True)  # thousands of triangles would fill the PDF
    if name != scene.reference:
        value = mean_dice(scene.labels[name], scene.labels[scene.reference], scene)
        place = {"transform": axes.transAxes, "ha": "right", "va": "bottom", "fontsize": 7}
        axes.text2D(0.97, 0.03, f"{value:.0f}", **place)


def _write_below(figure: Figure, scene: Scene) -> None:
    organ_legend(figure, scene.organs, columns=5, size=6)
    height = figure.get_size_inches()[1]
    for line, text in enumerate((EXPLAINED, f"{scene.title}; {scene.note}")):
        place = 0.5, (LEGEND - 0.05 - 0.12 * line) / height
        figure.text(*place, text, ha="center", va="top", fontsize=6)
