"""Slices of volumes with organs in fixed colours, as static pictures.

Volumes are (D,H,W) = (z,y,x), RAS+ in nibabel's terms. Pictures are in radiological orientation:
the patient's right is on the left, anterior (transverse) or superior (coronal, sagittal) is up.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from guidednet.data.organs import OrganSet
from guidednet.errors import one_of
from guidednet.report.viewer.outlines import draw_outlines

LETTERS = {
    "color": "white",
    "zorder": 5,
    "path_effects": [withStroke(linewidth=1.5, foreground="k")],
}
# By plane: the volume axis that is cut, and the names at the left, right, top and bottom edge.
PLANES = {"transverse": (0, "RLAP"), "coronal": (1, "RLSI"), "sagittal": (2, "APSI")}


def cut(volume: np.ndarray, plane: str, index: int) -> np.ndarray:
    """Slice `index` of `volume` in display orientation: row 0 at the top, column 0 at the left."""
    # Array axes run towards R, A or S, which are displayed left or up, so both axes are flipped.
    return cut_unturned(volume, plane, index)[::-1, ::-1]


def cut_unturned(volume: np.ndarray, plane: str, index: int) -> np.ndarray:
    """Slice `index` of `volume`, rows and columns by rising index of the volume."""
    one_of("plane", plane, PLANES)
    return volume[(slice(None),) * PLANES[plane][0] + (index,)]


def draw_slice(
    axes: Axes,
    volume: np.ndarray,
    spacing: Sequence[float],
    plane: str,
    index: int,
    label: np.ndarray | None = None,
    organs: OrganSet | None = None,
    window: tuple[float, float] = (0.0, 1.0),
    voxels: bool = False,
    letters: bool = True,
) -> None:
    """Draw one slice in the grey values of `window`, with the organs of `label` outlined.

    `spacing` (z,y,x) in mm keeps the proportions true, and the axes are in mm. Grey values are
    interpolated and outlines smooth; with `voxels` every voxel is a square, as networks see it.
    `letters` name the sides of the patient.
    """
    picture = cut(volume, plane, index)
    rows, columns = steps_of(spacing, plane)
    extent = (0, picture.shape[1] * columns, picture.shape[0] * rows, 0)
    how = {"extent": extent, "interpolation": "nearest" if voxels else "bicubic"}
    axes.imshow(picture, cmap="gray", vmin=window[0], vmax=window[1], **how)
    if label is not None and organs is not None:
        section = cut(label, plane, index)
        if voxels:
            axes.imshow(overlay(section, organs), **how)
        else:
            draw_outlines(axes, section, (rows, columns), organs)
    axes.set(xticks=[], yticks=[])
    if letters:
        edge_letters(axes, PLANES[plane][1])


def steps_of(spacing: Sequence[float], plane: str) -> tuple[float, float]:
    """Height and width in mm of a pixel of a slice; `spacing` is (z,y,x)."""
    rows, columns = (step for axis, step in enumerate(spacing) if axis != PLANES[plane][0])
    return rows, columns


def overlay(labels: np.ndarray, organs: OrganSet, opacity: float = 0.45) -> np.ndarray:
    """RGBA (..., 4) of label ids: each organ in its colour, the background transparent."""
    colours = np.zeros((256, 4))
    for label, organ in organs.by_label.items():
        colours[label] = (*to_rgb(organ.colour), opacity)
    return colours[labels]


def edge_letters(axes: Axes, names: str, size: float = 7) -> None:
    """Write the patient's sides at the left, right, top and bottom edge of `axes`."""
    places = (
        (0.02, 0.5, "left", "center"),
        (0.98, 0.5, "right", "center"),
        (0.5, 0.98, "center", "top"),
        (0.5, 0.02, "center", "bottom"),
    )
    for name, (x, y, across, along) in zip(names, places, strict=True):
        axes.text(
            x, y, name, fontsize=size, ha=across, va=along, transform=axes.transAxes, **LETTERS
        )


def organ_legend(figure: Figure, organs: OrganSet, columns: int = 5, size: float = 8) -> None:
    """Draw a legend of all organs in so many columns below the figure, in type of `size` points."""
    patches = [
        Patch(color=organs.by_label[label].colour, label=organs.by_label[label].name)
        for label in organs.column_labels
    ]
    figure.legend(
        handles=patches, loc="outside lower center", ncols=columns, fontsize=size, frameon=False
    )
