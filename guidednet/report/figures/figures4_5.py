"""What Figures 4 and 5 show: a test case, slices of it, and a box on each, all chosen by code.

In a box "others err" the other methods err most and GuidedNet does not. The counter-example
"GuidedNet errs" is where GuidedNet errs and another method does not. Nothing is chosen by eye: the
case has GuidedNet's median Dice, and each plane shows the slice whose box has the largest
advantage, among those with half as many organs as the fullest. The figures are drawn by
guidednet.report.figures.slices_compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import ndimage

from guidednet.metrics.overlap import dice
from guidednet.report.viewer.scene import Scene
from guidednet.report.viewer.slices import PLANES, cut, steps_of
from guidednet.runs.record import Run

OURS = "GuidedNet"
APART_MM = 20.0  # at least, between two slices of one plane
BOX_MM = (50.0, 80.0)  # height and width of a box, but at most half of the slice


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


def place_box(
    values: np.ndarray,
    kind: str,
    plane: str,
    spacing: Sequence[float],
    taken: Sequence[int] = (),
) -> Box:
    """The box with the largest sum of `values` (D,H,W) on any slice of `plane` not in `taken`.

    It is moved until what counts for it lies in its middle. `spacing` (z,y,x) is in mm.
    """
    slices = [cut(values, plane, index) for index in range(values.shape[PLANES[plane][0]])]
    size = tuple(
        max(1, min(round(wanted / step), length // 2))
        for wanted, step, length in zip(
            BOX_MM, steps_of(spacing, plane), slices[0].shape, strict=True
        )
    )
    sums = np.stack([_box_sums(picture, size) for picture in slices])
    if len(taken) < len(slices):
        sums[list(taken)] = -np.inf
    index, *corner = (int(place) for place in np.unravel_index(sums.argmax(), sums.shape))
    rows, columns = _centred(slices[index], corner, size)
    return Box(kind, plane, index, rows, columns)


def _centred(
    picture: np.ndarray, corner: Sequence[int], size: tuple[int, int]
) -> list[tuple[int, int]]:
    """Rows and columns of the box of `size` around the centroid of what is positive in the box at
    `corner`; it stays inside `picture` (H,W).
    """
    inside = picture[
        tuple(slice(first, first + side) for first, side in zip(corner, size, strict=True))
    ]
    weights = inside.clip(min=0)
    if not weights.any():
        return [(first, first + side) for first, side in zip(corner, size, strict=True)]
    middle = ndimage.center_of_mass(weights)
    edges = []
    for first, side, place, length in zip(corner, size, middle, picture.shape, strict=True):
        start = min(max(0, round(first + place - (side - 1) / 2)), length - side)
        edges.append((start, start + side))
    return edges


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
        taken = _poor(scene, plane) | _near(chosen, scene, plane)
        chosen.append(place_box(values, "others err", plane, scene.spacing, sorted(taken)))
    against, poor = advantage(scene, "GuidedNet errs"), sorted(_poor(scene, "transverse"))
    return [*chosen, place_box(against, "GuidedNet errs", "transverse", scene.spacing, poor)]


def _poor(scene: Scene, plane: str) -> set[int]:
    """The slices of `plane` with less than half as many organs as the slice with the most."""
    reference = scene.labels[scene.reference]
    numbers = [
        np.count_nonzero(np.bincount(cut(reference, plane, index).ravel())[1:])
        for index in range(reference.shape[PLANES[plane][0]])
    ]
    return {index for index, number in enumerate(numbers) if number < max(numbers) / 2}


def _near(boxes: Sequence[Box], scene: Scene, plane: str) -> set[int]:
    """The slices of `plane` within APART_MM of one of `boxes` on that plane."""
    axis = PLANES[plane][0]
    slices = range(scene.image.shape[axis])
    reach = min(int(APART_MM / scene.spacing[axis]), len(slices) // 10)
    taken = [box.index for box in boxes if box.plane == plane]
    return {index for index in slices if any(abs(index - other) <= reach for other in taken)}


def box_table(scene: Scene, boxes: Sequence[Box]) -> pd.DataFrame:
    """One line per box and method, with the numbers of voxels and of wrong voxels in the box.

    `slice_dice` is the mean Dice (%) of the organs on the whole slice, `case_dice` that of the
    case, both on the scene's grid. The other columns are case, kind, plane, slice, rows and columns
    of the box, and method.
    """
    reference = scene.labels[scene.reference]
    case_dice = {name: mean_dice(label, reference, scene) for name, label in scene.labels.items()}
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
            "slice_dice": slice_dice(scene, box, name),
            "case_dice": case_dice[name],
        }
        for box in boxes
        for name, label in scene.labels.items()
        if name != scene.reference
    ]
    return pd.DataFrame(lines)


def slice_dice(scene: Scene, box: Box, name: str) -> float:
    """Mean Dice (%) of label map `name` over the organs of the reference on the box's slice."""
    ours, reference = (
        cut(scene.labels[label], box.plane, box.index) for label in (name, scene.reference)
    )
    return mean_dice(ours, reference, scene)


def mean_dice(label: np.ndarray, reference: np.ndarray, scene: Scene) -> float:
    """Mean Dice (%) over the organs of `reference`, of any shape; NaN if it has none."""
    values = dice(label, reference, scene.organs.num_classes)
    return float(100 * np.nanmean(values)) if np.isfinite(values).any() else float("nan")
