"""A volume on its own grid, and what no scan's grid can be."""

from dataclasses import dataclass
from itertools import product

import nibabel as nib
import numpy as np

from guidednet.errors import InputError

FARTHEST = 5000  # mm from the origin; no scanner's table reaches that far
SMALLEST, LARGEST = 10, 4000  # mm: a scan's longest side is between them
# Resampling anything larger would exhaust the memory: 1 m by 1 m by 4 m.
LARGEST_VOLUME = 4e9  # mm³
# Volume of the box spanned by three axes of length 1; tilted scanners have at least 0.8.
FLATTEST = 1e-3


@dataclass(frozen=True)
class Volume:
    """A volume as stored: `data` (X,Y,Z) in the file's axis order, `affine` (4,4) to RAS mm.

    `header` is that of its NIfTI file, None if it comes from elsewhere. `notes` are sentences that
    the user should read: the volume is usable, but something about it was assumed.
    """

    data: np.ndarray
    affine: np.ndarray
    header: nib.Nifti1Header | None = None
    notes: tuple[str, ...] = ()


def check_grid(source: object, shape: tuple[int, ...], affine: np.ndarray) -> None:
    """Raise InputError, which names `source`, if no scan has the grid of `shape` and `affine`."""
    sizes = nib.affines.voxel_sizes(affine)
    if (
        not np.isfinite(affine).all()
        or sizes.prod() < 1e-18
        or abs(np.linalg.det(affine[:3, :3] / sizes)) < FLATTEST
    ):
        raise InputError(
            f"{source}: its affine is singular, so its voxels have no size; repair the header"
        )
    extent = sizes * shape
    if extent.max() > LARGEST or extent.prod() > LARGEST_VOLUME:
        raise InputError(
            f"{source}: its header gives it an extent of {extent.round()} mm, too much for a "
            "scan; repair its voxel size or its unit"
        )
    if extent.max() < SMALLEST:
        raise InputError(
            f"{source}: its header gives it an extent of {extent.round(3)} mm, too little for a "
            "scan; repair its voxel size or its unit"
        )
    if (distance := np.abs(nib.affines.apply_affine(affine, corners(shape))).max()) > FARTHEST:
        raise InputError(
            f"{source}: its affine puts voxels {distance:.3g} mm away from the scanner's origin; "
            "repair the header"
        )


def largest_gap(shape: tuple[int, ...], affine: np.ndarray, other: np.ndarray) -> float:
    """The largest distance between two grids of `shape` at any corner.

    It is measured along one axis, in voxels of `affine`.
    """
    places = corners(shape)
    moved = nib.affines.apply_affine(np.linalg.inv(affine) @ other, places)
    return float(np.abs(moved - places).max())


def corners(shape: tuple[int, ...]) -> np.ndarray:
    """The eight corner voxels (8,3) of a volume."""
    return np.array(list(product(*((0, size - 1) for size in shape))))
