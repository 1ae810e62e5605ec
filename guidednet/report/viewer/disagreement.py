"""Where two label maps differ: Dice by organ, and connected regions from the largest to the
smallest.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.measure import label as connected

from guidednet.metrics.overlap import dice
from guidednet.report.viewer.scene import Scene, bounding_box

KINDS = ("missed", "false", "other organ")
MOST_REGIONS = 300  # in a list; nobody steps through more

Box = tuple[slice, ...]


@dataclass(frozen=True)
class Region:
    """Neighbouring voxels where two label maps differ about one organ.

    `organ` is the label in the second map or, where that has background, in the first. `kind` says
    what most of its voxels are. `centre` (z,y,x) is the voxel of the region next to its centroid.
    """

    organ: int
    kind: str
    voxels: int
    centre: tuple[int, int, int]


@dataclass(frozen=True)
class Comparison:
    """A label map `first` measured by `second`: Dice by label, and where they differ.

    Dice is NaN for an organ that `second` lacks. `regions` are the largest ones, the largest first;
    `more` counts those that are left out.
    """

    first: str
    second: str
    dice: dict[int, float]
    regions: list[Region]
    more: int


def compare(scene: Scene, first: str, second: str) -> Comparison:
    """Compare two label maps of a scene."""
    ours, theirs = scene.labels[first], scene.labels[second]
    boxes = [box for box in map(bounding_box, (ours, theirs)) if box is not None]
    box = _around(boxes) if boxes else (slice(0, 1),) * 3  # the background outside changes no Dice
    ours, theirs = ours[box], theirs[box]
    values = dice(ours, theirs, scene.organs.num_classes)
    regions, more = disagreements(ours, theirs)
    corner = tuple(part.start for part in box)
    return Comparison(
        first,
        second,
        {label: float(values[label - 1]) for label in scene.organs.column_labels},
        [_moved(region, corner) for region in regions],
        more,
    )


def _around(boxes: list[Box]) -> Box:
    """The smallest box around others."""
    return tuple(
        slice(min(part.start for part in parts), max(part.stop for part in parts))
        for parts in zip(*boxes, strict=True)
    )


def _moved(region: Region, corner: tuple[int, ...]) -> Region:
    centre = tuple(place + start for place, start in zip(region.centre, corner, strict=True))
    return Region(region.organ, region.kind, region.voxels, centre)


def disagreements(first: np.ndarray, second: np.ndarray) -> tuple[list[Region], int]:
    """The regions where `first` and `second` (D,H,W) differ, the largest first, and how many more
    there are than MOST_REGIONS.

    A region is connected through the faces of its voxels and belongs to one organ.
    """
    organ = np.where(first != second, np.where(second > 0, second, first), 0)
    numbers, count = connected(organ, connectivity=1, return_num=True)
    voxels = np.bincount(numbers.ravel(), minlength=count + 1)[1:]
    order = np.argsort(-voxels, kind="stable")[:MOST_REGIONS]
    boxes = ndimage.find_objects(numbers)
    regions = [
        _region(int(number) + 1, boxes[number], numbers, organ, first, second) for number in order
    ]
    return regions, count - len(regions)


def _region(
    number: int,
    box: Box,
    numbers: np.ndarray,
    organ: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
) -> Region:
    inside = numbers[box] == number
    ours, theirs = first[box][inside], second[box][inside]
    kinds = np.select([ours == 0, theirs == 0], [0, 1], default=2)
    places = np.argwhere(inside)
    nearest = places[np.square(places - places.mean(0)).sum(1).argmin()]
    centre = tuple(int(place + part.start) for place, part in zip(nearest, box, strict=True))
    kind = KINDS[int(np.bincount(kinds).argmax())]
    return Region(int(organ[box][inside][0]), kind, len(places), centre)


def all_pairs(scene: Scene) -> Iterator[tuple[str, str]]:
    """Every ordered pair of different label maps."""
    names = list(scene.labels)
    return ((first, second) for first in names for second in names if first != second)
