"""The affine of a stack of slices, from the position and orientation of every slice.

A volume has one affine, so that its slices must lie at equal steps along a line: slice k at
first + k * step. The line need not be perpendicular to the slices: with a tilted gantry it is not,
and the affine has a shear.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from guidednet.errors import InputError

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
FARTHEST_MM = 0.1  # between a voxel's place by the affine and by its own slice's header
SHARE_OF_STEP = 0.02  # the same, as a share of the step
OTHER_DIRECTION = 0.01  # between components of two unit vectors that are not rounding
SAME_PLACE_MM = 1e-3
MISSING = 1.5  # times the usual distance: beyond it slices may be missing
THICK = 0.75  # share of the step that a slice has at least if none is missing beside it
ROUNDED = 0.05  # how far from a whole number of steps a gap of missing slices may be


@dataclass(frozen=True)
class Slice:
    """A slice's place in DICOM's words (LPS, mm).

    `position` (3,) is the centre of its first pixel; `along_row` and `along_column` (3,) are unit
    vectors; `row_spacing` and `column_spacing` are distances between rows and between columns.
    `decimals` is how many the header writes of the position, `number` the slice's place in its
    series and `thickness` its own in mm; 0 if the header does not say.
    """

    name: str
    position: tuple[float, ...]
    along_row: tuple[float, ...]
    along_column: tuple[float, ...]
    row_spacing: float
    column_spacing: float
    shape: tuple[int, int]  # rows, columns
    decimals: int = 16
    number: int = 0
    thickness: float = 0.0


def stack(slices: Sequence[Slice]) -> tuple[list[int], np.ndarray]:
    """The order of the slices, and the affine (4,4) from (column, row, place in order) to RAS mm.

    Every voxel lies within 0.1 mm and 2 % of a step of where its own slice's header puts it.
    Raises InputError, which names the slices, where slices differ in orientation or size, lie at
    the same position, are missing, or lie at changing distances.
    """
    _refuse_other_planes(slices)
    normal = np.cross(slices[0].along_row, slices[0].along_column)
    heights = np.array([np.dot(normal, part.position) for part in slices])
    order = np.argsort(heights, kind="stable").tolist()
    ordered = [slices[index] for index in order]
    _refuse_same_place(ordered, heights[order])
    affine = _fitted(ordered)
    _refuse_off_the_line(ordered, affine, heights[order])
    _refuse_every_other(ordered, float(np.linalg.norm(affine[:3, 2])))
    return order, LPS_TO_RAS @ affine


def _fitted(slices: Sequence[Slice]) -> np.ndarray:
    """The affine (4,4) to LPS mm, with first position and step by least squares over all slices."""
    positions = np.array([part.position for part in slices])
    places = np.stack([np.ones(len(slices)), np.arange(len(slices))], axis=1)
    (first, step), *_ = np.linalg.lstsq(places, positions, rcond=None)
    affine = np.eye(4)
    affine[:3, 0] = np.array(slices[0].along_row) * slices[0].column_spacing
    affine[:3, 1] = np.array(slices[0].along_column) * slices[0].row_spacing
    affine[:3, 2], affine[:3, 3] = step, first
    return affine


def _corners(part: Slice) -> np.ndarray:
    """The places (4,3) of a slice's corner pixels by its own header, LPS mm."""
    rows, columns = part.shape
    down = np.array(part.along_column) * part.row_spacing * (rows - 1)
    right = np.array(part.along_row) * part.column_spacing * (columns - 1)
    return np.array(part.position) + np.array([0 * down, down, right, down + right])


def _errors(slices: Sequence[Slice], affine: np.ndarray) -> np.ndarray:
    """How far (mm) the corners of each slice lie from where the affine puts them, at most."""
    rows, columns = slices[0].shape
    corners = np.array([[0, 0], [0, rows - 1], [columns - 1, 0], [columns - 1, rows - 1]])
    found = []
    for place, part in enumerate(slices):
        voxels = np.column_stack([corners, np.full(4, place), np.ones(4)])
        found.append(np.linalg.norm((voxels @ affine.T)[:, :3] - _corners(part), axis=1).max())
    return np.array(found)


# What is wrong with slices that are no stack


def _refuse_other_planes(slices: Sequence[Slice]) -> None:
    """Raise InputError if slices differ in orientation, size or pixel spacing from the most."""
    _refuse_odd(
        slices,
        [(*part.along_row, *part.along_column) for part in slices],
        OTHER_DIRECTION,
        "not oriented like the other slices",
        "move such a scout or reformatted view away",
    )
    _refuse_odd(
        slices,
        [(*part.shape, part.row_spacing, part.column_spacing) for part in slices],
        1e-3,
        "not as large as the other slices, so that they cannot be read as one volume",
        "export the series again",
    )


def _refuse_odd(
    slices: Sequence[Slice], values: list[tuple], within: float, difference: str, fix: str
) -> None:
    """Raise InputError that names the slices whose values are not those of most slices."""
    rounded = [tuple(np.round(value, 2).tolist()) for value in values]
    usual = values[rounded.index(Counter(rounded).most_common(1)[0][0])]
    odd = [
        part.name
        for part, value in zip(slices, values, strict=True)
        if np.abs(np.subtract(value, usual)).max() > within
    ]
    if odd:
        verb = "is" if len(odd) == 1 else "are"
        raise InputError(f"{_listed(odd)} {verb} {difference}; {fix}")


def _listed(names: Sequence[str], most: int = 3) -> str:
    """Names in words: "a", "a and b", "a, b, c and 4 more slices"."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more slices"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _refuse_same_place(slices: Sequence[Slice], heights: np.ndarray) -> None:
    same = np.flatnonzero(np.diff(heights) < SAME_PLACE_MM)
    if not len(same):
        return
    first, second = slices[same[0]].name, slices[same[0] + 1].name
    if len(same) >= len(slices) // 2:
        raise InputError(
            f"{first} and {second} lie at the same position, as do most slices, so the series "
            "holds several volumes, such as phases; export one of them"
        )
    raise InputError(
        f"{first} and {second} lie at the same position; keep the one that belongs to the series"
    )


def _refuse_off_the_line(slices: Sequence[Slice], affine: np.ndarray, heights: np.ndarray) -> None:
    """Raise InputError if a slice lies too far from where the affine puts it."""
    errors, step = _errors(slices, affine), float(np.linalg.norm(affine[:3, 2]))
    rounding = np.sqrt(3) / 2 * 10.0 ** -max(part.decimals for part in slices)
    if errors.max() <= min(FARTHEST_MM, max(SHARE_OF_STEP * step, rounding)):
        return
    steps = np.diff(heights)
    usual = float(np.median(steps))
    widest = int(steps.argmax())
    if np.abs(steps / usual - 1).max() <= SHARE_OF_STEP:
        worst = slices[int(errors.argmax())].name
        raise InputError(
            f"{worst} lies {errors.max():.2g} mm from the line of the other slices; "
            "export the series again"
        )
    gaps = steps[steps > MISSING * usual] / usual
    others = steps[steps <= MISSING * usual]
    whole = np.abs(gaps - gaps.round()) <= ROUNDED * gaps.round()
    if len(gaps) and whole.all() and np.abs(others / usual - 1).max() <= ROUNDED:
        raise InputError(
            f"slices are missing between {slices[widest].name} and {slices[widest + 1].name} "
            f"({steps[widest]:.1f} mm apart instead of {usual:.1f} mm); export the whole series"
        )
    _refuse_changing(slices, steps)


def _refuse_every_other(slices: Sequence[Slice], step: float) -> None:
    """Raise InputError if an even stack is only every second, third ... slice of its series.

    That is so if their numbers say it, unless the slices are as thick as their distance.
    """
    gaps = {
        abs(after.number - part.number) for part, after in zip(slices, slices[1:], strict=False)
    }
    if len(gaps) != 1 or max(gaps) < 2 or slices[0].thickness > THICK * step:
        return
    raise InputError(
        f"slices are missing between {slices[0].name} and {slices[1].name}, as between all others: "
        f"their numbers are {slices[0].number} and {slices[1].number}; export the whole series"
    )


def _refuse_changing(slices: Sequence[Slice], steps: np.ndarray) -> None:
    """Raise InputError that says where the distance between slices first changes."""
    changed = int(np.argmax(np.abs(steps / steps[0] - 1) > SHARE_OF_STEP))
    changed = changed if changed else int(np.abs(np.diff(steps)).argmax()) + 1
    raise InputError(
        f"the distance between slices changes at {slices[changed].name}, from "
        f"{steps[changed - 1]:.4g} to {steps[changed]:.4g} mm, so they do not form one even "
        "volume; export a part or a reconstruction with equal distances"
    )
