"""Organs of a slice as smooth outlines with a light fill, whatever the size of its voxels."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from scipy import ndimage
from skimage.measure import find_contours

from guidednet.data.organs import OrganSet
from guidednet.data.smooth_labels import spline_matrix

FINE_MM = 1.6  # pixels of an outline
BLUR = 0.6  # pixels: takes the steps off an outline, moves it by less than half a pixel
MARGIN = 3  # pixels around an organ


def draw_outlines(
    axes: Axes,
    label: np.ndarray,
    steps: Sequence[float],
    organs: OrganSet,
    fill: float = 0.18,
    width: float = 0.9,
    colour: str | None = None,
    style: str = "solid",
) -> None:
    """Draw every organ of `label` (H,W) in its own colour, or all in `colour`.

    Pixels are `steps` (rows, columns) in mm, and so are the axes, from the upper left corner.
    `fill` is the opacity inside the outline, `width` its width in points.
    """
    for value in np.unique(label[label > 0]).tolist():
        shade = colour or organs.by_label[value].colour
        outline = outline_of(label == value, steps)
        line = {"edgecolor": shade, "linewidth": width, "linestyle": style}
        # unlike a patch, an artist does not move the limits, which would take most of the time
        axes.add_artist(PathPatch(outline, facecolor=to_rgba(shade, fill), **line))


def outline_of(mask: np.ndarray, steps: Sequence[float]) -> Path:
    """The outline of a mask (H,W) that is not empty, as a path of (x,y) in mm.

    Pixels are `steps` (rows, columns) in mm. The path runs where the smoothed mask is a half.
    """
    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    values, places = np.pad(mask[box].astype(np.float32), MARGIN), []
    for axis, (step, part) in enumerate(zip(steps, box, strict=True)):
        times = max(1, int(np.ceil(step / FINE_MM)))
        fine = (np.arange(values.shape[axis] * times) + 0.5) / times - 0.5
        if times > 1:
            matrix = spline_matrix(values.shape[axis], fine).numpy()
            values = np.moveaxis(np.tensordot(matrix, values, (1, axis)), 0, axis)
        places.append((fine + 0.5 - MARGIN + part.start) * step)
    smooth = ndimage.gaussian_filter(values, BLUR)
    # a speck that the smoothing would remove is drawn at half its height
    lines = find_contours(smooth, min(0.5, smooth.max() / 2))
    rows, columns = places
    corners = [
        np.column_stack(
            [
                np.interp(line[:, 1], np.arange(len(columns)), columns),
                np.interp(line[:, 0], np.arange(len(rows)), rows),
            ]
        )
        for line in lines
    ]
    return Path.make_compound_path(*(Path(line, closed=True) for line in corners))
