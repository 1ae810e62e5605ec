"""Figures 4 and 5: the same slices of a test case by every method, with boxes placed by code.

A dashed box marks where the other methods err most and GuidedNet does not. A dotted box marks the
counter-example, where GuidedNet errs and another method does not. Nothing is chosen by eye: the
case has GuidedNet's median Dice, and each plane shows the slice whose box has the largest
advantage.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from guidednet.evaluation.scores import predict_case
from guidednet.report.figures.save import DOUBLE, print_figure
from guidednet.report.viewer.scene import Scene
from guidednet.report.viewer.slices import PLANES, cut, draw_slice, organ_legend
from guidednet.report.viewer.surfaces3d import draw_surfaces
from guidednet.runs.record import Run
from guidednet.runs.store import RunStore
from guidednet.study.rows import Row

OURS = "GuidedNet"
BOX_SHARE = 0.22  # side of a box / side of the slice
BOX_STYLES = {"others err": ("--", "#FFDD00"), "GuidedNet errs": (":", "#FFFFFF")}


@dataclass(frozen=True)
class Box:
    """A box where methods differ: kind, plane, slice index, and half-open rows and columns.

    Rows and columns are those of the displayed slice.
    """

    kind: str
    plane: str
    index: int
    rows: tuple[int, int]
    columns: tuple[int, int]

    def crop(self, volume: np.ndarray) -> np.ndarray:
        """The part of a volume (D,H,W) inside the box."""
        return cut(volume, self.plane, self.index)[slice(*self.rows), slice(*self.columns)]


def median_case(run: Run) -> str:
    """The test case whose mean Dice is the run's median (the lower of two)."""
    scores = (
        run.scores()
        .query("metric == 'dice' and predictor == 'primary'")
        .groupby("case")["value"]
        .mean()
        .sort_values()
    )
    return str(scores.index[(len(scores) - 1) // 2])


def predictions(rows: Sequence[Row], runs: RunStore, case: str) -> dict[str, np.ndarray]:
    """Label maps (D,H,W) of `case` by row label: the first seed of each row if it has finished."""
    configs = {row.label: row.configs[0] for row in rows}
    found = {
        label: config for label, config in configs.items() if runs.get(config, "blank") is not None
    }
    store = {config.dataset: runs.workspace.cases(config.dataset) for config in found.values()}
    return {
        label: predict_case(runs.load_method(config), config, store[config.dataset], case)
        for label, config in found.items()
    }


def advantage(scene: Scene, kind: str) -> np.ndarray:
    """How strongly each voxel (D,H,W) favours a box of `kind`.

    For "others err", this is the share of other methods that are wrong where GuidedNet is right,
    and -1 where GuidedNet is wrong. For "GuidedNet errs", it is 1 where GuidedNet is wrong and the
    best other method is right, and -1 for the reverse.
    """
    wrong = {
        name: label != scene.labels[scene.reference]
        for name, label in scene.labels.items()
        if name != scene.reference
    }
    ours, others = wrong.pop(OURS), wrong
    if kind == "others err":
        return np.mean(list(others.values()), axis=0) * ~ours - ours
    best = min(others.values(), key=np.count_nonzero)
    return (ours & ~best).astype(float) - (best & ~ours)


def place_box(values: np.ndarray, kind: str, plane: str, taken: Sequence[int] = ()) -> Box:
    """The box with the largest sum of `values` (D,H,W) on any slice of `plane` not in `taken`."""
    slices = [cut(values, plane, index) for index in range(values.shape[PLANES[plane][0]])]
    size = tuple(max(2, round(BOX_SHARE * length)) for length in slices[0].shape)
    sums = np.stack([_box_sums(picture, size) for picture in slices])
    sums[list(taken)] = -np.inf
    index, top, left = np.unravel_index(sums.argmax(), sums.shape)
    return Box(
        kind, plane, int(index), (int(top), int(top) + size[0]), (int(left), int(left) + size[1])
    )


def _box_sums(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Sum over every box of `size` inside `picture` (H,W), by the box's first row and column."""
    total = np.pad(picture.astype(float).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    height, width = size
    return (
        total[height:, width:]
        - total[:-height, width:]
        - total[height:, :-width]
        + total[:-height, :-width]
    )


def boxes_of(scene: Scene, planes: Sequence[str]) -> list[Box]:
    """A box for each of `planes` where others err, then a counter-example on a transverse slice."""
    chosen: list[Box] = []
    values = advantage(scene, "others err")
    for plane in planes:
        taken = [box.index for box in chosen if box.plane == plane]
        chosen.append(place_box(values, "others err", plane, taken))
    return [*chosen, place_box(advantage(scene, "GuidedNet errs"), "GuidedNet errs", "transverse")]


def box_table(scene: Scene, boxes: Sequence[Box]) -> pd.DataFrame:
    """One line per box and method, with the numbers of voxels and of wrong voxels in the box.

    The other columns are case, kind, plane, slice, rows and columns of the box, and method.
    """
    reference = scene.labels[scene.reference]
    lines = [
        {
            "case": scene.title,
            "kind": box.kind,
            "plane": box.plane,
            "slice": box.index,
            "first_row": box.rows[0],
            "last_row": box.rows[1] - 1,
            "first_column": box.columns[0],
            "last_column": box.columns[1] - 1,
            "method": name,
            "voxels": box.crop(label).size,
            "wrong": int((box.crop(label) != box.crop(reference)).sum()),
        }
        for box in boxes
        for name, label in scene.labels.items()
        if name != scene.reference
    ]
    return pd.DataFrame(lines)


def draw_comparison(scene: Scene, boxes: Sequence[Box]) -> Figure:
    """Draw a row per box (the counter-example last), then one of 3D surfaces.

    There is a column per label map, the reference first.
    """
    names = list(scene.labels)
    figure, _ = print_figure(DOUBLE, 1.25 * (len(boxes) + 1) + 0.6)
    figure.clear()
    for row, box in enumerate(boxes):
        for column, name in enumerate(names):
            axes = figure.add_subplot(len(boxes) + 1, len(names), row * len(names) + column + 1)
            draw_slice(
                axes,
                scene.image,
                scene.spacing,
                box.plane,
                box.index,
                scene.labels[name],
                scene.organs,
            )
            _draw_box(axes, box, scene.spacing)
            axes.set_title(name if row == 0 else "", fontsize=8)
            axes.set_ylabel(f"{box.plane} {box.index}" if column == 0 else "", fontsize=7)
    for column, name in enumerate(names):
        axes = figure.add_subplot(
            len(boxes) + 1, len(names), len(boxes) * len(names) + column + 1, projection="3d"
        )
        draw_surfaces(axes, scene.labels[name], scene.spacing, scene.organs)
    organ_legend(figure, scene.organs)
    return figure


def _draw_box(axes: Axes, box: Box, spacing: Sequence[float]) -> None:
    rows, columns = (step for axis, step in enumerate(spacing) if axis != PLANES[box.plane][0])
    corner = (box.columns[0] * columns, box.rows[0] * rows)
    style, colour = BOX_STYLES[box.kind]
    size = ((box.columns[1] - box.columns[0]) * columns, (box.rows[1] - box.rows[0]) * rows)
    axes.add_patch(
        Rectangle(corner, *size, fill=False, linestyle=style, linewidth=1.2, edgecolor=colour)
    )
