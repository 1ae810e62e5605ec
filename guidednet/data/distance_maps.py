"""Signed distance maps of organs, the shape targets of SASSnet and DTC.

phi(v) = d_out(v) / max d_out - d_in(v) / max d_in in voxel units: negative inside, 0 on the organ's
boundary voxels (those with a face neighbour outside), positive outside, within [-1, 1] (Li et al.,
MICCAI 2020; Luo et al., AAAI 2021). An organ that is absent from the crop has phi = 1 everywhere;
an organ that fills the crop has phi = -1. The published value for an absent organ is 0, "boundary
everywhere", which in most crops would teach that the organ is half present.
"""

import numpy as np
from scipy import ndimage

# Above this size the outer distance is computed at half resolution, which is about a voxel off, far
# from any boundary.
EXACT_VOXELS = 150_000


def signed_distance_maps(label: np.ndarray, num_classes: int) -> np.ndarray:
    """Maps (K-1,D,H,W), float32, of the organs 1 ... K-1 of a label map (D,H,W)."""
    maps = np.ones((num_classes - 1, *label.shape), np.float32)
    for organ in np.unique(label[label > 0]):
        maps[organ - 1] = signed_distance_map(label == organ)
    return maps


def signed_distance_map(mask: np.ndarray) -> np.ndarray:
    """The map (D,H,W) of one binary mask."""
    if not mask.any() or mask.all():
        return np.where(mask, -1.0, 1.0)
    inside, outside = _distance_inside(mask), _distance_outside(mask)
    signed = outside / outside.max() - inside / inside.max()
    return np.where(inside == 1, 0.0, signed)


def _distance_inside(mask: np.ndarray) -> np.ndarray:
    """Exact distance to the outside for voxels in the mask, computed in a box around it."""
    box = tuple(
        slice(max(edge.start - 1, 0), edge.stop + 1)
        for edge in ndimage.find_objects(mask.astype(np.uint8))[0]
    )
    distance = np.zeros(mask.shape)
    distance[box] = ndimage.distance_transform_edt(mask[box])
    return distance


def _distance_outside(mask: np.ndarray) -> np.ndarray:
    """Distance to the mask for voxels outside it, at least 1, so that the sign stays the mask's."""
    if mask.size <= EXACT_VOXELS:
        return ndimage.distance_transform_edt(~mask)
    coarse = np.add.reduceat(
        np.add.reduceat(
            np.add.reduceat(mask, range(0, mask.shape[0], 2), 0), range(0, mask.shape[1], 2), 1
        ),
        range(0, mask.shape[2], 2),
        2,
    )
    distance = 2 * ndimage.distance_transform_edt(coarse == 0)
    full = distance.repeat(2, 0).repeat(2, 1).repeat(2, 2)[tuple(map(slice, mask.shape))]
    return np.where(mask, 0, np.maximum(full, 1))
