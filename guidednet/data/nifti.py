"""Read NIfTI scans and label maps, with one clear sentence for anything wrong with a file."""

import gzip
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import nibabel as nib
import numpy as np
from nibabel.volumeutils import apply_read_scaling

from guidednet.data.file_kinds import GZIP, foreign_format
from guidednet.data.nifti_header import (
    affine_of,
    check_kind,
    doubts,
    header_like,
    new_header,
    parse_header,
)
from guidednet.data.organs import OrganSet
from guidednet.data.volume import Volume, check_grid, largest_gap
from guidednet.errors import InputError
from guidednet.support.files import written_beside

WHOLE = 1e-3  # how far a label may be from a whole number: some tools store them as fractions
NO_CLASS = 255  # for ids that are not known
# Voxels between image and label at any corner: headers round, but with a larger gap a label belongs
# to another voxel.
LARGEST_GAP = 0.5
MOST_DENSE = 1032  # the highest possible compression ratio of a gzip file (deflate)
STEP = 2**22  # bytes unpacked at a time
TRAILER = 2**20  # bytes that may follow the last voxel: writers pad, but no scan has more


def read_image(path: Path) -> Volume:
    """The scan at `path` in HU, float32; raises InputError if it is not a usable 3-D scan."""
    return as_image(path, _read(path))


def as_image(name: Path | str, volume: Volume) -> Volume:
    """The scan in a `volume` that is called `name`; like `read_image`."""
    with np.errstate(over="ignore"):  # values beyond float32 become infinite
        data = volume.data.astype(np.float32, copy=False)
    if not np.isfinite(data).all():
        raise InputError(f"{name}: has voxels that are not finite numbers; export the scan again")
    if data.min() == data.max():
        raise InputError(
            f"{name}: every voxel is {data.min():g}, so the scan is blank; export it again"
        )
    return replace(volume, data=data)


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
    return replace(volume, data=_classes(name, volume.data, organs))


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
        merged[volume.data > WHOLE] = label
    return Volume(merged, image.affine)


def read_values(path: Path) -> np.ndarray:
    """The values of the volume at `path` (X,Y,Z), as they are."""
    return _read(path).data


def canonical(volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    """`volume` turned to RAS+, as (D,H,W), and the affine of that grid in (x,y,z) order."""
    ordered = nib.as_closest_canonical(nib.Nifti1Image(volume.data, volume.affine))
    return np.ascontiguousarray(np.asarray(ordered.dataobj).transpose(2, 1, 0)), ordered.affine


def write_label(
    path: Path,
    label: np.ndarray,
    affine: np.ndarray,
    ids: Sequence[int] | None = None,
    like: nib.Nifti1Header | None = None,
    description: str = "",
) -> None:
    """Write a label map (X,Y,Z) of classes 0 ... K-1 as NIfTI, with `affine` as both transforms.

    With `like`, the header of the scan, it repeats that one's transforms, codes and unit instead,
    and so lies on the scan in every viewer. `ids` are the numbers that stand for the classes in the
    file, if they are others. `description` has at most 79 characters.
    """
    with written_beside(path) as temporary:
        nib.save(label_image(label, affine, ids, like, description), temporary)


def label_image(
    label: np.ndarray,
    affine: np.ndarray,
    ids: Sequence[int] | None = None,
    like: nib.Nifti1Header | None = None,
    description: str = "",
) -> nib.Nifti1Image:
    """The image that `write_label` writes."""
    return _image(as_ids(label, ids), affine, like, description)


def as_ids(label: np.ndarray, ids: Sequence[int] | None) -> np.ndarray:
    """The `ids` of the classes in `label` (default: the classes), uint8 or, if needed, uint16."""
    numbers = label if ids is None else np.asarray(ids)[label]
    return numbers.astype(np.uint8 if numbers.max() < 256 else np.uint16)


def write_values(
    path: Path,
    values: np.ndarray,
    affine: np.ndarray,
    like: nib.Nifti1Header | None = None,
    description: str = "",
) -> None:
    """Write values, (X,Y,Z) or (X,Y,Z,K), as NIfTI; `affine` and the rest as for labels."""
    with written_beside(path) as temporary:
        nib.save(_image(values, affine, like, description), temporary)


def _image(
    values: np.ndarray, affine: np.ndarray, like: nib.Nifti1Header | None, description: str = ""
) -> nib.Nifti1Image:
    header = new_header(affine, values.dtype) if like is None else header_like(like, values.dtype)
    header["descrip"] = description.encode()
    kind = nib.Nifti2Image if isinstance(header, nib.Nifti2Header) else nib.Nifti1Image
    return kind(values, None, header)


def _refuse_other_grid(path: Path | str, label: Volume, image: Volume) -> None:
    if label.data.shape != image.data.shape:
        raise InputError(
            f"{path}: its shape {label.data.shape} is not the image's {image.data.shape}; "
            "give the label of this image"
        )
    if (gap := largest_gap(image.data.shape, image.affine, label.affine)) > LARGEST_GAP:
        raise InputError(
            f"{path}: its affine is not the image's, so the two lie up to {gap:.2g} voxels apart; "
            "resample one to the other"
        )


def read_grid(path: Path) -> tuple[tuple[int, ...], np.ndarray]:
    """Shape (X,Y,Z) and affine (4,4) of the volume at `path`, from its header alone.

    Raises InputError if the file is not a 3-D volume.
    """
    with _opened(path) as file:
        return _grid(path, _header(file)[1])


def _read(path: Path) -> Volume:
    with _opened(path) as file:
        stored, header = _header(file)
        shape, affine = _grid(path, header)
        check_kind(path, header)
        slope, intercept = header.get_slope_inter()
        voxels = _stored_voxels(path, file, header, shape)
        data = apply_read_scaling(voxels, slope or 1.0, intercept or 0.0)
        return Volume(data, affine, stored, doubts(path, header, shape, affine))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open the file at `path`, unpacked if it is compressed.

    Turn any error that a reader raises inside the block into an InputError.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder, not a NIfTI file; give one of its files")
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
    except PermissionError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); check its permissions"
        ) from error
    except Exception as error:  # damage can make readers raise anything
        if foreign := foreign_format(path):
            kind, fix = foreign
            raise InputError(f"{path}: is {kind}, not NIfTI; {fix}") from error
        raise InputError(
            f"{path}: cannot be read as NIfTI ({type(error).__name__}), so it is damaged or "
            "truncated; copy it again"
        ) from error


def _header(file: BinaryIO) -> tuple[nib.Nifti1Header, nib.Nifti1Header]:
    """The header at the beginning of `file`, as it is and as nibabel mends it."""
    return parse_header(file.read(nib.Nifti2Header.template_dtype.itemsize))


def _grid(path: Path, header: nib.Nifti1Header) -> tuple[tuple[int, ...], np.ndarray]:
    """Shape (X,Y,Z) and affine (4,4) of a file's only volume."""
    shape = header.get_data_shape()
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) != 3 or min(shape) < 2:
        raise InputError(f"{path}: has shape {shape}, but a 3-D volume is needed; extract one")
    affine = affine_of(header)
    check_grid(path, shape, affine)
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
