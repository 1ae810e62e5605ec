"""From a scan's grid to one of another voxel size and back: cubic B-splines for images, the nearest voxel for labels.

The prepared grid keeps the scan's axes, so a B-spline on it is separable: one matrix per axis (scipy's own resampling of
unit vectors), and the volume times the three. That gives the same numbers as resampling voxel by voxel, ten times as
fast, and holds one slice of the scan at a time.
"""

import nibabel as nib
import numpy as np
import torch
from scipy import ndimage

from guidednet.parallel import one_thread

ROUNDING = 1e-6  # voxels: 100 slices of 2.5 mm are 100 slices, though the header's arithmetic says 99.9999999


def prepared_grid(shape: tuple[int, ...], affine: np.ndarray, spacing: tuple[float, ...]) -> tuple[tuple[int, ...], np.ndarray]:
    """Shape (X,Y,Z) and affine (4,4) of the grid with voxels of `spacing` (x,y,z) in mm about the same centre along the same axes.

    As many voxels as fit into the volume's extent, so that no voxel's centre lies outside it; at least one.
    """
    voxel_sizes = nib.affines.voxel_sizes(affine)
    new_shape = np.maximum(np.floor(np.array(shape) * voxel_sizes / spacing + ROUNDING), 1).astype(int)
    axes = affine[:3, :3] / voxel_sizes * spacing
    centre = nib.affines.apply_affine(affine, (np.array(shape) - 1) / 2)
    return tuple(new_shape.tolist()), nib.affines.from_matvec(axes, centre - axes @ ((new_shape - 1) / 2))


def to_spacing(
    data: np.ndarray, affine: np.ndarray, spacing: tuple[float, ...], window: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """An image (X,Y,Z), clipped to `window`, on its `prepared_grid`: (D,H,W) float32, and the grid's affine."""
    shape, new_affine = prepared_grid(data.shape, affine, spacing)
    steps = spacing / nib.affines.voxel_sizes(affine)
    to_x, to_y, to_z = (_spline_matrix(*sizes) for sizes in zip(data.shape, shape, steps, strict=True))
    planes = torch.empty(data.shape[2], shape[1], shape[0])
    with one_thread():
        for z in range(data.shape[2]):
            plane = np.clip(data[:, :, z].T, *window).astype(np.float32, copy=False)
            torch.mm(to_y @ torch.from_numpy(plane), to_x.T, out=planes[z])
        volume = (to_z @ planes.flatten(1)).view(shape[::-1])
    return volume.numpy(), new_affine


def _spline_matrix(old: int, new: int, step: float) -> torch.Tensor:
    """(new, old) float32: cubic B-spline interpolation at `new` places, `step` voxels apart, about the middle of `old` voxels."""
    first = ((old - 1) - (new - 1) * step) / 2
    matrix = ndimage.affine_transform(np.eye(old), (step, 1), (first, 0), output_shape=(new, old), order=3, mode="mirror")
    return torch.from_numpy(matrix.round(9).astype(np.float32))  # a spline's far weights would be subnormal, which is ten times slower


def to_grid(label: np.ndarray, affine: np.ndarray, shape: tuple[int, ...], target: np.ndarray) -> np.ndarray:
    """A label map (D,H,W) on a grid with `affine`, as (X,Y,Z) of `shape` on the grid with affine `target`.

    Each voxel takes the label of the nearest one; beyond the label map's edge it is background.
    """
    matrix = np.linalg.inv(affine) @ target
    turned, offset = matrix[2::-1, 2::-1], matrix[2::-1, 3]  # in array order
    moved = ndimage.affine_transform(label, turned, offset, output_shape=tuple(shape)[::-1], order=0, mode="grid-constant")
    return moved.transpose(2, 1, 0)
