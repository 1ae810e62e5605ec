"""From a scan's grid to one of another voxel size and back: cubic B-splines for images, a vote for labels.

The prepared grid keeps the scan's axes, so a B-spline on it is separable: one matrix per axis (scipy's own resampling of
unit vectors), and the volume times the three. That gives the same numbers as resampling voxel by voxel, ten times as
fast, and holds one slice of the scan at a time.
"""

from itertools import product

import nibabel as nib
import numpy as np
import torch
from scipy import ndimage

from guidednet.parallel import one_thread

ROUNDING = 1e-6  # voxels: 100 slices of 2.5 mm are 100 slices, though the header's arithmetic says 99.9999999
TIE = 1e-3  # voxels: half-way between two voxels the later one wins, as in rounding; with a draw for the background organs would shrink


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
    """A label map (D,H,W) uint8 on a grid with `affine`, as (X,Y,Z) of `shape` on the grid with affine `target`.

    A vote: each of the eight voxels around a place has its weight of linear interpolation, and the label with most
    weight wins. There and back this keeps thin organs better than the nearest voxel does. Beyond the edge is background.
    """
    matrix = np.linalg.inv(affine) @ target
    axes, offset = matrix[2::-1, 2::-1], matrix[2::-1, 3] + TIE  # in array order
    result = np.zeros(tuple(shape)[::-1], np.uint8)
    most, background = np.zeros(result.shape, np.float32), np.ones(result.shape, np.float32)
    for value, box in enumerate(ndimage.find_objects(label), start=1):
        if box is None or (place := _reach(box, axes, offset, result.shape)) is None:
            continue
        weight = _weight(label[box] == value, axes, offset + axes @ [s.start for s in place] - [s.start for s in box], place)
        background[place] -= weight
        wins = weight > most[place]
        result[place][wins] = value
        most[place][wins] = weight[wins]
    result[background > most] = 0
    return result.transpose(2, 1, 0)


def _reach(box: tuple[slice, ...], axes: np.ndarray, offset: np.ndarray, shape: tuple[int, ...]) -> tuple[slice, ...] | None:
    """The part of a grid of `shape` that lies within one voxel of `box`; None where nothing does."""
    corners = np.array(list(product(*((s.start - 1, s.stop) for s in box))))
    places = (corners - offset) @ np.linalg.inv(axes).T
    first = np.clip(np.floor(places.min(0)), 0, shape).astype(int)
    last = np.clip(np.ceil(places.max(0)) + 1, 0, shape).astype(int)
    return tuple(map(slice, first.tolist(), last.tolist())) if (first < last).all() else None


def _weight(mask: np.ndarray, axes: np.ndarray, offset: np.ndarray, place: tuple[slice, ...]) -> np.ndarray:
    """Linear interpolation of `mask` in the part `place` of the target grid, float32; 0 around the mask."""
    diagonal = np.diag(axes)
    aligned = np.abs(axes - np.diag(diagonal)).max() < ROUNDING / max(mask.shape)
    size = tuple(s.stop - s.start for s in place)
    how = {"output_shape": size, "order": 1, "mode": "grid-constant"}
    return ndimage.affine_transform(mask.astype(np.float32), diagonal if aligned else axes, offset, **how)
