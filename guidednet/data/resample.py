"""Resampling to another voxel size and back: cubic B-splines for images, a vote for labels.

The prepared grid keeps the scan's axes, so a B-spline on it is separable: the volume is multiplied
by one matrix per axis, which scipy's own resampling of unit vectors gives. The numbers are those of
resampling voxel by voxel, but the work takes a tenth of the time and holds only one slice of the
scan at a time.
"""

from collections.abc import Iterator
from itertools import product

import nibabel as nib
import numpy as np
import torch
from scipy import ndimage

from guidednet.processes.workers import one_thread

Box = tuple[slice, ...]
Vote = tuple[int, Box, np.ndarray]  # a label id, a part of the grid, its votes there
# In voxels: 100 slices of 2.5 mm are 100 slices, even if a header's rounding gives 99.9999999.
ROUNDING = 1e-6
# In voxels: half-way between two voxels the later one wins, as in rounding; if ties went to the
# background, organs would shrink.
TIE = 1e-3


def prepared_grid(
    shape: tuple[int, ...], affine: np.ndarray, spacing: tuple[float, ...]
) -> tuple[tuple[int, ...], np.ndarray]:
    """Shape (X,Y,Z) and affine (4,4) of the grid with voxels of `spacing` (x,y,z) in mm.

    The grid keeps the centre and the axes. It has as many voxels as fit into the volume's extent,
    at least one, so that no voxel's centre lies outside.
    """
    voxel_sizes = nib.affines.voxel_sizes(affine)
    new_shape = np.maximum(np.floor(np.array(shape) * voxel_sizes / spacing + ROUNDING), 1).astype(
        int
    )
    axes = affine[:3, :3] / voxel_sizes * spacing
    centre = nib.affines.apply_affine(affine, (np.array(shape) - 1) / 2)
    return tuple(new_shape.tolist()), nib.affines.from_matvec(
        axes, centre - axes @ ((new_shape - 1) / 2)
    )


def to_spacing(
    data: np.ndarray,
    affine: np.ndarray,
    spacing: tuple[float, ...],
    window: tuple[float, float] | None,
) -> tuple[np.ndarray, np.ndarray]:
    """An image (X,Y,Z), clipped to `window` if there is one, on its `prepared_grid`.

    Returns (D,H,W), float32, and the affine of the grid.
    """
    shape, new_affine = prepared_grid(data.shape, affine, spacing)
    steps = spacing / nib.affines.voxel_sizes(affine)
    to_x, to_y, to_z = (
        _spline_matrix(*sizes) for sizes in zip(data.shape, shape, steps, strict=True)
    )
    planes = torch.empty(data.shape[2], shape[1], shape[0])
    with one_thread():
        for z in range(data.shape[2]):
            plane = data[:, :, z].T if window is None else np.clip(data[:, :, z].T, *window)
            plane = plane.astype(np.float32, copy=False)
            torch.mm(to_y @ torch.from_numpy(plane), to_x.T, out=planes[z])
        volume = (to_z @ planes.flatten(1)).view(shape[::-1])
    return volume.numpy(), new_affine


def label_to_spacing(
    label: np.ndarray, affine: np.ndarray, spacing: tuple[float, ...]
) -> np.ndarray:
    """A label map (X,Y,Z), uint8, on its `prepared_grid`, as (D,H,W).

    The B-spline of each organ's mask is its vote, and the largest vote wins. On the way there and
    back, this preserves thin organs better than the nearest voxel or a linear vote.
    """
    shape, _ = prepared_grid(label.shape, affine, spacing)
    steps = spacing / nib.affines.voxel_sizes(affine)
    matrices = [
        _spline_matrix(*sizes, shift=TIE) for sizes in zip(label.shape, shape, steps, strict=True)
    ]
    with one_thread():
        return _winners(
            shape[::-1],
            (_spline_vote(label.T, value, box, matrices[::-1]) for value, box in _organs(label.T)),
        )


def to_grid(
    label: np.ndarray, affine: np.ndarray, shape: tuple[int, ...], target: np.ndarray
) -> np.ndarray:
    """A label map (D,H,W), uint8, resampled from the grid with `affine` to another grid.

    The other grid may be any; it has `shape` (X,Y,Z) and the affine `target`. The linear
    interpolation of each organ's mask is its vote, and the largest vote wins. Voxels beyond the
    edge of the label map are background. Returns (X,Y,Z).
    """
    matrix = np.linalg.inv(affine) @ target
    axes, offset = matrix[2::-1, 2::-1], matrix[2::-1, 3] + TIE  # in array order
    votes = (
        _linear_vote(label, value, box, axes, offset, tuple(shape)[::-1])
        for value, box in _organs(label)
    )
    return _winners(tuple(shape)[::-1], votes).transpose(2, 1, 0)


def probabilities_to_grid(
    probabilities: np.ndarray, affine: np.ndarray, shape: tuple[int, ...], target: np.ndarray
) -> np.ndarray:
    """Class probabilities (K,D,H,W) on another grid, as `to_grid` does with labels; (K,X,Y,Z).

    Each organ's are interpolated linearly, and the background is what they leave of 1: beyond the
    edge it is 1, and the sum over classes is 1 everywhere.
    """
    found = np.empty((len(probabilities), *shape), np.float32)
    for value in range(1, len(probabilities)):
        found[value] = linear_to_grid(probabilities[value], affine, shape, target)
    found[0] = np.maximum(1 - found[1:].sum(0), 0)
    return found


def linear_to_grid(
    values: np.ndarray, affine: np.ndarray, shape: tuple[int, ...], target: np.ndarray
) -> np.ndarray:
    """`values` (D,H,W) interpolated linearly on another grid, as `to_grid` does; 0 beyond the edge.

    Returns (X,Y,Z), float32.
    """
    matrix = np.linalg.inv(affine) @ target
    axes, offset = matrix[2::-1, 2::-1], matrix[2::-1, 3]
    size = max(values.shape)
    return _linear(values, axes, offset, tuple(shape)[::-1], size).transpose(2, 1, 0)


def _organs(label: np.ndarray) -> Iterator[tuple[int, Box]]:
    """The label ids that occur in `label`, with their bounding boxes."""
    return ((value, box) for value, box in enumerate(ndimage.find_objects(label), start=1) if box)


def _winners(shape: tuple[int, ...], votes: Iterator[Vote]) -> np.ndarray:
    """The label map of `shape` in which each voxel has the label with the largest vote.

    The vote of the background is 1 minus the votes of all organs.
    """
    winner = np.zeros(shape, np.uint8)
    most, background = np.zeros(shape, np.float32), np.ones(shape, np.float32)
    for value, place, vote in votes:
        background[place] -= vote
        wins = vote > most[place]
        winner[place][wins] = value
        most[place][wins] = vote[wins]
    winner[background > most] = 0
    return winner


def _spline_vote(label: np.ndarray, value: int, box: Box, matrices: list[torch.Tensor]) -> Vote:
    """The B-spline of the mask of `value`, where it is not negligible.

    `matrices` has one matrix per axis of `label`.
    """
    vote, place = torch.from_numpy((label[box] == value).astype(np.float32)), []
    for matrix, extent in zip(matrices, box, strict=True):
        rows = matrix[:, extent].abs().sum(1).gt(0.05).nonzero().flatten()
        place.append(slice(int(rows[0]), int(rows[-1]) + 1) if len(rows) else slice(0, 0))
        # the new axis goes last, so that three turns restore the order
        vote = torch.tensordot(vote, matrix[place[-1], extent], ([0], [1]))
    return value, tuple(place), vote.numpy()


def _linear_vote(
    label: np.ndarray,
    value: int,
    box: Box,
    axes: np.ndarray,
    offset: np.ndarray,
    shape: tuple[int, ...],
) -> Vote:
    """The linear interpolation of the mask of `value` at axes @ index + offset.

    It covers the part of a grid of `shape` that the mask reaches.
    """
    corners = np.array(list(product(*((s.start - 1, s.stop) for s in box))))
    reach = (corners - offset) @ np.linalg.inv(axes).T
    first = np.clip(np.floor(reach.min(0)), 0, shape).astype(int)
    last = np.maximum(np.clip(np.ceil(reach.max(0)) + 1, 0, shape).astype(int), first)
    place = tuple(map(slice, first.tolist(), last.tolist()))
    if (first == last).any():
        return value, place, np.zeros(last - first, np.float32)
    start = offset + axes @ first - [s.start for s in box]
    mask = (label[box] == value).astype(np.float32)
    return (
        value,
        place,
        _linear(mask, axes, start, tuple((last - first).tolist()), max(label.shape)),
    )


def _linear(
    values: np.ndarray, axes: np.ndarray, start: np.ndarray, shape: tuple[int, ...], size: int
) -> np.ndarray:
    """`values` interpolated linearly at axes @ index + start for a grid of `shape`; 0 outside.

    `size` is the longest side of the volume that `values` are of.
    """
    diagonal = np.diag(axes)
    # for a diagonal matrix scipy works axis by axis, three times as fast
    aligned = np.abs(axes - np.diag(diagonal)).max() < ROUNDING / size
    how = {"output_shape": shape, "order": 1, "mode": "grid-constant"}
    return ndimage.affine_transform(values, diagonal if aligned else axes, start, **how)


def _spline_matrix(old: int, new: int, step: float, shift: float = 0.0) -> torch.Tensor:
    """The matrix (new, old), float32, of cubic B-spline interpolation along one axis.

    The `new` places are `step` voxels apart, centred on the `old` voxels and shifted by `shift`.
    """
    first = ((old - 1) - (new - 1) * step) / 2 + shift
    matrix = ndimage.affine_transform(
        np.eye(old), (step, 1), (first, 0), output_shape=(new, old), order=3, mode="mirror"
    )
    # a spline's distant weights would be subnormal, which makes products ten times slower
    return torch.from_numpy(matrix.round(9).astype(np.float32))
