"""Read NIfTI scans and label maps, with one clear sentence for anything wrong with a file."""

import gzip
import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import BinaryIO

import nibabel as nib
import numpy as np
from nibabel.volumeutils import apply_read_scaling

from guidednet.data.organs import OrganSet
from guidednet.errors import InputError
from guidednet.support.files import written_beside

NIFTI = (".nii", ".nii.gz")
WHOLE = 1e-3  # how far a label may be from a whole number: some tools store them as fractions
NO_CLASS = 255  # for ids that are not known
# Voxels between image and label at any corner: headers round, but with a larger gap a label belongs
# to another voxel.
LARGEST_GAP = 0.5
FARTHEST = 5000  # mm from the origin; no scanner's table reaches that far
LARGEST = 4e9  # mm³, 1 m by 1 m by 4 m; resampling anything larger would exhaust the memory
# Volume of the box spanned by three axes of length 1; tilted scanners have at least 0.8.
FLATTEST = 1e-3
GZIP = b"\x1f\x8b"  # the first bytes of a compressed file
MOST_DENSE = 1032  # the highest possible compression ratio of a gzip file (deflate)
STEP = 2**22  # bytes unpacked at a time
TRAILER = 2**20  # bytes that may follow the last voxel: writers pad, but no scan has more
# Discards remarks on header errors that nibabel fixes; it raises those that it cannot fix.
SILENT = logging.Logger("nibabel", logging.CRITICAL + 1)


@dataclass(frozen=True)
class Volume:
    """A volume as stored: `data` (X,Y,Z) in the file's axis order, `affine` (4,4) to RAS mm."""

    data: np.ndarray
    affine: np.ndarray


def read_image(path: Path) -> Volume:
    """The scan at `path` in HU, float32; raises InputError if it is not a usable 3-D scan."""
    volume = _read(path)
    with np.errstate(over="ignore"):  # values beyond float32 become infinite
        data = volume.data.astype(np.float32, copy=False)
    if not np.isfinite(data).all():
        raise InputError(f"{path}: has voxels that are not finite numbers; export the scan again")
    if data.min() == data.max():
        raise InputError(
            f"{path}: every voxel is {data.min():g}, so the scan is blank; export it again"
        )
    return Volume(data, volume.affine)


def read_label(path: Path, image: Volume | None, organs: OrganSet) -> Volume:
    """The label map at `path`, uint8, with classes 0 ... K-1 for the ids of the file.

    Raises InputError if its grid is not that of `image`, if given, or if a value is not one of the
    data set's label ids.
    """
    return as_label(path, _read(path), image, organs)


def as_label(name: Path | str, volume: Volume, image: Volume | None, organs: OrganSet) -> Volume:
    """The label map in a `volume` that is called `name`; like `read_label`."""
    if image is not None:
        _refuse_other_grid(name, volume, image)
    return Volume(_classes(name, volume.data, organs), volume.affine)


def _classes(path: Path | str, data: np.ndarray, organs: OrganSet) -> np.ndarray:
    """The class (uint8) of each id in `data`, which is whole to within WHOLE."""
    ids = np.asarray(organs.ids)
    if data.dtype == np.uint8 and data.max() < len(ids) == ids.max() + 1:
        return data  # the usual case: the ids are the classes
    class_of = np.full(ids.max() + 1, NO_CLASS, np.uint8)
    class_of[ids] = np.arange(len(ids))
    with np.errstate(invalid="ignore"):  # NaN is not close to any number
        whole = np.rint(data) if data.dtype.kind == "f" else data
        known = (whole >= 0) & (whole <= ids.max())
        if data.dtype.kind == "f":
            known &= np.abs(data - whole) <= WHOLE
    label = class_of[np.where(known, whole, 0).astype(np.uint16)]
    strange = data[~known | (label == NO_CLASS)]
    if strange.size:
        raise InputError(
            f"{path}: label value {strange.min():g} is not one of {_listed(organs)}; "
            "check the file or --dataset"
        )
    return label


def _listed(organs: OrganSet) -> str:
    """The ids of a data set in words: "amos's 0 to 15"."""
    ids = organs.ids
    consecutive = ids == tuple(range(len(ids)))
    text = f"0 to {ids[-1]}" if consecutive else ", ".join(map(str, ids))
    return f"{organs.dataset}'s {text}"


def read_masks(masks: Iterable[tuple[int, Path]], image: Volume) -> Volume:
    """One label map, uint8, from masks of single organs with the label of each; of two that overlap
    the later one wins. Raises InputError if a mask does not lie on the grid of `image`.
    """
    merged = np.zeros(image.data.shape, np.uint8)
    for label, path in masks:
        volume = _read(path)
        _refuse_other_grid(path, volume, image)
        merged[volume.data > 0] = label
    return Volume(merged, image.affine)


def read_values(path: Path) -> np.ndarray:
    """The values of the volume at `path` (X,Y,Z), as they are."""
    return _read(path).data


def canonical(volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    """`volume` turned to RAS+, as (D,H,W), and the affine of that grid in (x,y,z) order."""
    ordered = nib.as_closest_canonical(nib.Nifti1Image(volume.data, volume.affine))
    return np.ascontiguousarray(np.asarray(ordered.dataobj).transpose(2, 1, 0)), ordered.affine


def write_label(
    path: Path, label: np.ndarray, affine: np.ndarray, ids: Sequence[int] | None = None
) -> None:
    """Write a label map (X,Y,Z) of classes 0 ... K-1 as NIfTI, with `affine` as both qform and
    sform.

    `ids` are the numbers that stand for the classes in the file, if they are others.
    """
    numbers = label if ids is None else np.asarray(ids)[label]
    kind = np.uint8 if numbers.max() < 256 else np.uint16
    image = nib.Nifti1Image(numbers.astype(kind), affine)
    image.set_qform(affine, code="scanner")
    image.set_sform(affine, code="scanner")
    with written_beside(path) as temporary:
        nib.save(image, temporary)


def _refuse_other_grid(path: Path | str, label: Volume, image: Volume) -> None:
    if label.data.shape != image.data.shape:
        raise InputError(
            f"{path}: its shape {label.data.shape} is not the image's {image.data.shape}; "
            "give the label of this image"
        )
    if (gap := _largest_gap(label, image)) > LARGEST_GAP:
        raise InputError(
            f"{path}: its affine is not the image's, so the two lie up to {gap:.2g} voxels apart; "
            "resample one to the other"
        )


def _largest_gap(label: Volume, image: Volume) -> float:
    """The largest distance between two volumes of equal shape at any corner.

    It is measured along one axis, in voxels of the image.
    """
    corners = _corners(label.data.shape)
    places = nib.affines.apply_affine(np.linalg.inv(image.affine) @ label.affine, corners)
    return float(np.abs(places - corners).max())


def read_grid(path: Path) -> tuple[tuple[int, ...], np.ndarray]:
    """Shape (X,Y,Z) and affine (4,4) of the volume at `path`, from its header alone.

    Raises InputError if the file is not a 3-D volume.
    """
    with _opened(path) as file:
        return _grid(path, _header(file))


def _read(path: Path) -> Volume:
    with _opened(path) as file:
        header = _header(file)
        shape, affine = _grid(path, header)
        if (kind := header.get_data_dtype()).kind not in "iufb":
            raise InputError(
                f"{path}: has voxels of type {kind} instead of one real number per voxel; "
                "export the scan again"
            )
        slope, intercept = header.get_slope_inter()
        stored = _stored_voxels(path, file, header, shape)
        return Volume(apply_read_scaling(stored, slope or 1.0, intercept or 0.0), affine)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open the file at `path`, unpacked if it is compressed.

    Turn any error that a reader raises inside the block into an InputError.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; check the path")
    try:
        with (
            path.open("rb") as file,
            gzip.open(file) if file.peek(len(GZIP)).startswith(GZIP) else file as content,
        ):
            yield content
    except InputError:
        raise
    except Exception as error:  # damage can make readers raise anything
        raise InputError(
            f"{path}: cannot be read as NIfTI ({type(error).__name__}), so it is damaged or "
            "truncated; copy it again"
        ) from error


def _header(file: BinaryIO) -> nib.Nifti1Header:
    """The header at the beginning of `file`, without its extensions.

    nibabel would read as many bytes as an extension claims to have, even in a damaged file.
    """
    start = file.read(nib.Nifti2Header.template_dtype.itemsize)
    kind = nib.Nifti2Header if nib.Nifti2Header.may_contain_header(start) else nib.Nifti1Header
    header = kind(start[: kind.template_dtype.itemsize], check=False)
    header.check_fix(SILENT)
    return header


def _grid(path: Path, header: nib.Nifti1Header) -> tuple[tuple[int, ...], np.ndarray]:
    """Shape (X,Y,Z) and affine (4,4) of a file's only volume."""
    shape = header.get_data_shape()
    shape = shape[:3] if len(shape) == 4 and shape[3] == 1 else shape
    if len(shape) != 3 or min(shape) < 2:
        raise InputError(f"{path}: has shape {shape}, but a 3-D volume is needed; extract one")
    affine = np.asarray(header.get_best_affine(), dtype=np.float64)
    sizes = nib.affines.voxel_sizes(affine)
    if (
        not np.isfinite(affine).all()
        or sizes.prod() < 1e-9
        or abs(np.linalg.det(affine[:3, :3] / sizes)) < FLATTEST
    ):
        raise InputError(
            f"{path}: its affine is singular, so its voxels have no size; repair the header"
        )
    if (sizes * shape).prod() > LARGEST:
        raise InputError(
            f"{path}: its header gives it an extent of {(sizes * shape).round()} mm, too much for "
            "a scan; repair its voxel size"
        )
    if (distance := np.abs(nib.affines.apply_affine(affine, _corners(shape))).max()) > FARTHEST:
        raise InputError(
            f"{path}: its affine puts voxels {distance:.3g} mm away from the scanner's origin; "
            "repair the header"
        )
    return shape, affine


def _stored_voxels(
    path: Path, file: BinaryIO, header: nib.Nifti1Header, shape: tuple[int, ...]
) -> np.ndarray:
    """The voxels (X,Y,Z) as stored, before scaling.

    Raises InputError if the file contains fewer voxels than its header says; those that are missing
    never take memory.
    """
    kind, start = header.get_data_dtype(), max(header.get_data_offset(), header.single_vox_offset)
    needed = start + math.prod(shape) * kind.itemsize
    packed, size = isinstance(file, gzip.GzipFile), path.stat().st_size
    if needed <= (MOST_DENSE * size if packed else size):
        content = (
            _unpacked(file, needed) if packed else np.memmap(path, np.uint8, mode="c", shape=needed)
        )
        if len(content) == needed:
            return np.ndarray(shape, kind, content, start, order="F")
    raise InputError(
        f"{path}: has fewer voxels than shape {shape} in its header says, so it is damaged or "
        "truncated; copy it again"
    )


def _unpacked(file: gzip.GzipFile, needed: int) -> np.ndarray:
    """The first `needed` bytes (uint8) of a compressed file, or all bytes if it has fewer.

    The file is read to its end, where its checksum is. Raises ValueError if much more follows: a
    few kilobytes can unpack to any size.
    """
    content, filled = np.empty(needed, np.uint8), 0  # takes memory only where it is filled
    file.seek(0)
    while read := file.readinto(content[filled : filled + STEP]):
        filled += read
    if len(file.read(TRAILER + 1)) > TRAILER:
        raise ValueError("much more follows the last voxel")
    return content[:filled]


def _corners(shape: tuple[int, ...]) -> np.ndarray:
    """The eight corner voxels (8,3) of a volume."""
    return np.array(list(product(*((0, size - 1) for size in shape))))
