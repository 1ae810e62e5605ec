"""Label maps on a finer grid with smooth surfaces: interpolate first, decide afterwards.

On the finer grid each class has the cubic B-spline of its probability, and the most probable class
wins. Both grids have the same axes, so the spline is one matrix per axis. Sums over the classes
stay 1, because interpolation is linear in the values.
"""

from collections.abc import Sequence

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from guidednet.errors import InputError
from guidednet.processes.workers import one_thread

NEGLIGIBLE = 0.02  # a probability below it decides nothing
SUPPORT = 3  # voxels around a class that its spline noticeably reaches
ALIGNED = 1e-4  # largest part of a step along one axis that may lead along another


def smooth_labels(
    probabilities: np.ndarray, affine: np.ndarray, shape: Sequence[int], target: np.ndarray
) -> np.ndarray:
    """The most probable class (D,H,W), uint8, on another grid with the same axes.

    `probabilities` (K,D,H,W) lie on a grid with `affine` (4,4) from voxels (x,y,z) to mm; the other
    grid has `shape` (D,H,W) and the affine `target`. Beyond the edge the nearest voxel counts.
    Raises InputError if the two grids are turned against each other.
    """
    matrices = axis_matrices(probabilities.shape[1:], affine, shape, target)
    values = torch.from_numpy(np.ascontiguousarray(probabilities, dtype=np.float32))
    winner, most = torch.zeros(*shape, dtype=torch.uint8), torch.zeros(*shape)
    with one_thread():
        most.copy_(_interpolated(values[0], matrices))
        for label in range(1, len(values)):
            box = _reach(values[label] > NEGLIGIBLE)
            places = [_rows_reaching(*pair) for pair in zip(matrices, box, strict=True)]
            parts = [
                matrix[place, extent]
                for matrix, place, extent in zip(matrices, places, box, strict=True)
            ]
            found, best = _interpolated(values[label][box], parts), most[tuple(places)]
            wins = found > best
            best[wins] = found[wins]  # `best` and the next are views
            winner[tuple(places)][wins] = label
    return winner.numpy()


def smooth_values(
    values: np.ndarray, affine: np.ndarray, shape: Sequence[int], target: np.ndarray
) -> np.ndarray:
    """A volume of numbers (D,H,W), float32, on another grid with the same axes (cubic B-spline)."""
    matrices = axis_matrices(values.shape, affine, shape, target)
    with one_thread():
        return _interpolated(
            torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)), matrices
        ).numpy()


def one_hot(label: np.ndarray, num_classes: int) -> np.ndarray:
    """A label map (...) as probabilities (K,...) of 0 and 1, float32."""
    return np.stack([label == value for value in range(num_classes)]).astype(np.float32)


def axis_matrices(
    size: Sequence[int], affine: np.ndarray, shape: Sequence[int], target: np.ndarray
) -> list[Tensor]:
    """A matrix (new, old) for each of the axes (z,y,x): cubic B-spline interpolation along it.

    Raises InputError if the grids are turned against each other.
    """
    ways = np.linalg.inv(affine) @ target
    steps, offsets = np.diag(ways)[2::-1], ways[2::-1, 3]
    if np.abs(ways[:3, :3] - np.diag(np.diag(ways)[:3])).max() > ALIGNED:
        raise InputError("the two grids are turned against each other; give grids of the same axes")
    return [
        spline_matrix(old, offset + step * np.arange(new))
        for old, new, step, offset in zip(size, shape, steps, offsets, strict=True)
    ]


def spline_matrix(old: int, places: np.ndarray) -> Tensor:
    """The matrix (places, old) that interpolates `old` values at `places`, in voxels."""
    rows, columns = np.meshgrid(places.clip(0, old - 1), np.arange(old), indexing="ij")
    values = ndimage.map_coordinates(np.eye(old), [rows, columns], order=3, mode="mirror")
    return torch.from_numpy(values.round(9).astype(np.float32))


def _interpolated(values: Tensor, matrices: Sequence[Tensor]) -> Tensor:
    """`values` (d,h,w) with a matrix applied along every axis."""
    for matrix in matrices:  # the new axis goes last, so that three turns restore the order
        values = torch.tensordot(values, matrix, ([0], [1]))
    return values


def _reach(mask: Tensor) -> tuple[slice, ...]:
    """The box around `mask` (d,h,w), wide enough for the spline; empty if the mask is."""
    box = ndimage.find_objects(mask.numpy().astype(np.uint8))
    if not box:
        return (slice(0, 0),) * mask.ndim
    return tuple(
        slice(max(part.start - SUPPORT, 0), min(part.stop + SUPPORT, size))
        for part, size in zip(box[0], mask.shape, strict=True)
    )


def _rows_reaching(matrix: Tensor, extent: slice) -> slice:
    """The places that have half of their weight or more in the voxels of `extent`."""
    rows = (matrix[:, extent].sum(1) > 0.5).nonzero().flatten().tolist()
    return slice(rows[0], rows[-1] + 1) if rows else slice(0, 0)
