"""Where the body lies in a scan, so that pictures need not show the air and the table around it."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from guidednet.report.viewer.scene import Scene, bounding_box

COARSE_MM = 5.0  # voxels on which the body is looked for
MARGIN_MM = 6.0


def body_box(scene: Scene) -> tuple[slice, slice, slice]:
    """The box around the largest connected region brighter than the first window's black.

    It is the whole volume if there is no such region.
    """
    strides = [max(1, round(COARSE_MM / step)) for step in scene.spacing]
    coarse = scene.image[tuple(slice(None, None, stride) for stride in strides)]
    mask = coarse > next(iter(scene.windows.values()))[0]
    opened = ndimage.binary_opening(mask, iterations=2)  # takes the table away, which is thin
    regions, found = ndimage.label(opened)
    if not found:
        return tuple(slice(0, size) for size in scene.image.shape)
    largest = int(np.bincount(regions.ravel())[1:].argmax()) + 1
    box = ndimage.find_objects(regions)[largest - 1]
    margins = [int(np.ceil(MARGIN_MM / step)) for step in scene.spacing]
    return tuple(
        slice(max(0, part.start * stride - margin), min(size, part.stop * stride + margin))
        for part, stride, margin, size in zip(box, strides, margins, scene.image.shape, strict=True)
    )


def without_air(scene: Scene) -> Scene:
    """The scene without what lies around the body, but with every voxel that has a label."""
    boxes = [body_box(scene), *filter(None, map(bounding_box, scene.labels.values()))]
    box = tuple(
        slice(min(part.start for part in parts), max(part.stop for part in parts))
        for parts in zip(*boxes, strict=True)
    )
    affine = scene.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [part.start for part in box[::-1]]
    return replace(
        scene,
        image=scene.image[box],
        labels={name: label[box] for name, label in scene.labels.items()},
        overlays={
            name: replace(overlay, values=overlay.values[box])
            for name, overlay in scene.overlays.items()
        },
        affine=affine,
    )
