"""Where the body lies in a scan, so that pictures need not show the air and the table around it."""

import numpy as np
from scipy import ndimage

from guidednet.report.viewer.scene import Scene

COARSE_MM = 5.0  # voxels on which the body is looked for
MARGIN_MM = 6.0


def body_box(scene: Scene) -> tuple[slice, slice, slice]:
    """The box around the largest connected region brighter than the first window's black.

    It is the whole volume if there is no such region.
    """
    strides = [max(1, round(COARSE_MM / step)) for step in scene.spacing]
    coarse = scene.image[tuple(slice(None, None, stride) for stride in strides)]
    mask = coarse > next(iter(scene.windows.values()))[0]
    opened = ndimage.binary_opening(mask)  # takes the table away, which is thin
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
