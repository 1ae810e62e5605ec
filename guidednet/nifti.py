"""Reading NIfTI scans and label maps, with one clear sentence for whatever is wrong with a file."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import nibabel as nib
import numpy as np

from guidednet.errors import InputError
from guidednet.files import written_beside
from guidednet.organs import OrganSet

LARGEST_GAP = 0.5  # voxels between image and label at any corner: headers round, but beyond it a label is another voxel's


@dataclass(frozen=True)
class Volume:
    """A volume as its file has it: `data` (X,Y,Z) in the file's axis order, `affine` (4,4) to RAS millimetres."""

    data: np.ndarray
    affine: np.ndarray


def read_image(path: Path) -> Volume:
    """The scan at `path` in HU, float32; raises InputError for a file that is no usable 3-D scan."""
    volume = _read(path)
    data = volume.data.astype(np.float32, copy=False)
    if not np.isfinite(data).all():
        raise InputError(f"{path}: has voxels that are not finite numbers; export the scan again")
    if data.min() == data.max():
        raise InputError(f"{path}: every voxel is {data.min():g}, so there is nothing to see; export the scan again")
    return Volume(data, volume.affine)


def read_label(path: Path, image: Volume | None, organs: OrganSet) -> Volume:
    """The label map at `path`, uint8; raises InputError where it does not fit `image`, if given, or the data set's label ids."""
    volume = _read(path)
    if image is not None:
        _refuse_other_grid(path, volume, image)
    with np.errstate(invalid="ignore"):  # not a number becomes any number, which then differs
        label = volume.data.astype(np.uint8, copy=False)
    highest = organs.num_classes - 1
    strange = volume.data[(label != volume.data) | (label > highest)]
    if strange.size:
        value = strange.min()
        raise InputError(f"{path}: label value {value:g} is not one of {organs.dataset}'s 0 to {highest}; check the file or --dataset")
    return Volume(label, volume.affine)


def canonical(volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    """A volume as its file has it, as (D,H,W) in RAS+, and the affine of that grid in (x,y,z) order."""
    ordered = nib.as_closest_canonical(nib.Nifti1Image(volume.data, volume.affine))
    return np.ascontiguousarray(np.asarray(ordered.dataobj).transpose(2, 1, 0)), ordered.affine


def write_label(path: Path, label: np.ndarray, affine: np.ndarray) -> None:
    """Write a label map (X,Y,Z) as NIfTI (uint8) with `affine` as both of the header's transforms."""
    image = nib.Nifti1Image(label.astype(np.uint8), affine)
    image.set_qform(affine, code="scanner")
    image.set_sform(affine, code="scanner")
    with written_beside(path) as temporary:
        nib.save(image, temporary)


def _refuse_other_grid(path: Path, label: Volume, image: Volume) -> None:
    if label.data.shape != image.data.shape:
        raise InputError(f"{path}: its shape {label.data.shape} is not the image's {image.data.shape}; give the label of this image")
    if (gap := _largest_gap(label, image)) > LARGEST_GAP:
        raise InputError(f"{path}: its affine is not the image's, so the two lie up to {gap:.2g} voxels apart; resample one to the other")


def _largest_gap(label: Volume, image: Volume) -> float:
    """How far apart two volumes of one shape lie, in voxels of the image along one axis, at the corner where it is most."""
    corners = np.array(list(product(*((0, size - 1) for size in label.data.shape))))
    places = nib.affines.apply_affine(np.linalg.inv(image.affine) @ label.affine, corners)
    return float(np.abs(places - corners).max())


def _read(path: Path) -> Volume:
    with _readable(path):
        image = _load(path)
        data = np.asanyarray(image.dataobj)
    if data.dtype.kind not in "iufb":
        raise InputError(f"{path}: has voxels of type {data.dtype}, one real number per voxel is needed; export the scan again")
    shape, affine = _geometry(path, image)
    return Volume(data.reshape(shape, order="A"), affine)


def _load(path: Path) -> nib.spatialimages.SpatialImage:
    """nibabel's image of a file. A compressed file is read once to its end, where its checksum stands; nibabel stops at the last voxel."""
    image = nib.load(path)
    return type(image).from_bytes(gzip.decompress(path.read_bytes())) if path.suffix == ".gz" else image


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Within it, whatever a reader says of the file at `path` is one sentence."""
    if not path.is_file():
        raise InputError(f"{path}: no such file; check the path")
    try:
        yield
    except Exception as error:  # readers raise whatever the damage leads to
        raise InputError(f"{path}: cannot be read as NIfTI ({type(error).__name__}); it is damaged or truncated, copy it again") from error


def _geometry(path: Path, image: nib.spatialimages.SpatialImage) -> tuple[tuple[int, ...], np.ndarray]:
    """Shape of a file's only volume, and its affine."""
    shape = image.shape[:3] if len(image.shape) == 4 and image.shape[3] == 1 else image.shape
    if len(shape) != 3 or min(shape) < 2:
        raise InputError(f"{path}: has shape {shape}, a 3-D volume is needed; extract one volume")
    affine = np.asarray(image.affine, dtype=np.float64)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise InputError(f"{path}: its affine is singular, so voxels have no size; repair the header")
    return shape, affine
