"""Organ surfaces in 3D, drawn off-screen: marching cubes, fixed colours, one camera."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LightSource
from mpl_toolkits.mplot3d import Axes3D
from mpl_toolkits.mplot3d.art3d import Poly3DCollection
from scipy import ndimage
from skimage.measure import marching_cubes

from guidednet.data.organs import OrganSet

Mesh = tuple[np.ndarray, np.ndarray]
MOST_CORNERS = 65_535  # of one surface
DRAWN_MM = 5.0  # voxels of surfaces that are drawn
FILLING = 0.95  # share of the width or height of axes
CAMERA = {"elev": 10, "azim": -80}  # from the front and slightly above


def organ_surfaces(
    label: np.ndarray, spacing: Sequence[float], organs: OrganSet, smooth_mm: float = 0.0
) -> dict[str, Mesh]:
    """The surface of each organ of `label` (D,H,W): vertices (V,3) and faces (F,3).

    Vertices are in mm along x (right), y (anterior) and z (superior). `smooth_mm` blurs the mask
    first, for display only.
    """
    found = {}
    for value, organ in organs.by_label.items():
        if not (box := ndimage.find_objects((label == value).astype(np.uint8))):
            continue
        mask = np.pad((label[box[0]] == value).astype(np.float32), 2)
        if smooth_mm:
            mask = ndimage.gaussian_filter(mask, [smooth_mm / step for step in spacing])
        if mask.max() <= 0.5:
            continue  # too small to survive the blur
        vertices, faces, _, _ = marching_cubes(mask, 0.5, spacing=tuple(spacing))
        vertices += [(part.start - 2) * step for part, step in zip(box[0], spacing, strict=True)]
        found[organ.name] = (vertices[:, ::-1], faces[:, ::-1])
    return found


def display_surfaces(
    label: np.ndarray, spacing: Sequence[float], organs: OrganSet, most_voxels: int
) -> dict[int, Mesh]:
    """The surface of each organ by label, light enough to be turned in a browser.

    They are made on every n-th voxel, so that no side has more than `most_voxels`, and moved by
    half a voxel: vertices are in mm from the volume's corner. A surface with more corners than
    uint16 can number is made on a coarser grid.
    """
    stride = max(1, -(-max(label.shape) // most_voxels))
    reduced = label[::stride, ::stride, ::stride]
    steps = [step * stride for step in spacing]
    meshes = organ_surfaces(reduced, steps, organs, smooth_mm=0.5 * min(steps))
    if any(len(vertices) > MOST_CORNERS for vertices, _ in meshes.values()):
        return display_surfaces(label, spacing, organs, most_voxels // 2)
    half = np.array(spacing[::-1]) / 2
    return {
        organs.label_of(name): (vertices + half, faces)
        for name, (vertices, faces) in meshes.items()
    }


def thinned(
    label: np.ndarray, spacing: Sequence[float], voxel_mm: float
) -> tuple[np.ndarray, tuple[float, ...]]:
    """Every n-th voxel of `label` (D,H,W), so that its sides come close to `voxel_mm`, and the new
    spacing.
    """
    strides = [max(1, round(voxel_mm / step)) for step in spacing]
    steps = tuple(step * stride for step, stride in zip(spacing, strides, strict=True))
    return label[tuple(slice(None, None, stride) for stride in strides)], steps


def draw_surfaces(
    axes: Axes3D,
    label: np.ndarray,
    spacing: Sequence[float],
    organs: OrganSet,
    smooth_mm: float = 0.0,
    fills: bool = False,
) -> None:
    """Draw every organ of `label` (D,H,W) into 3D `axes`, with the patient seen from the front.

    The patient's right is on the left. Small voxels are thinned out, because every triangle takes
    time. With `fills` the volume fills square axes.
    """
    label, spacing = thinned(label, spacing, DRAWN_MM)
    colours = {organ.name: organ.colour for organ in organs.by_label.values()}
    light = LightSource(azdeg=225, altdeg=45)
    for name, (vertices, faces) in organ_surfaces(label, spacing, organs, smooth_mm).items():
        axes.add_collection3d(
            Poly3DCollection(
                vertices[faces],
                facecolors=colours[name],
                shade=True,
                lightsource=light,
                antialiased=False,  # seams would show between the triangles
            )
        )
    size = np.array(label.shape[::-1]) * np.array(spacing)[::-1]
    axes.set(xlim=(size[0], 0), ylim=(size[1], 0), zlim=(0, size[2]))
    # matplotlib scales a box by its diagonal, which leaves much of the axes empty
    zoom = FILLING * np.linalg.norm(size) / max(size[0], size[2]) if fills else 1.0
    axes.set_box_aspect(size, zoom=zoom)
    axes.view_init(**CAMERA)
    axes.set_axis_off()
