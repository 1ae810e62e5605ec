"""Read a DICOM series as a volume in HU; SimpleITK (installed with torchio) reads its pixels."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from guidednet.data.dicom_folder import DicomFile, Series, ct_series
from guidednet.data.dicom_header import Elements, decimals, items, read_header, text, unsigned
from guidednet.data.slice_geometry import Slice, stack
from guidednet.data.volume import Volume, check_grid
from guidednet.errors import InputError, naming

SHARED, PER_FRAME = 0x52009229, 0x52009230  # what holds for all frames, and for each one
# Sequences of a frame: position, orientation, pixel spacing, rescaling.
OF_A_FRAME = (0x00209113, 0x00209116, 0x00289110, 0x00289145)
NUMBER, THICKNESS = 0x00200013, 0x00180050
POSITION, ORIENTATION, PIXEL_SPACING = 0x00200032, 0x00200037, 0x00280030
INTERCEPT, SLOPE, RESCALE_TYPE = 0x00281052, 0x00281053, 0x00281054
NO_UNIT = ("", "HU", "US")  # types of values that are or may be in HU; US is unspecified
UNIT_LENGTH = 0.01  # how far the length of a direction may be from 1


def read_series(path: Path, series: str | None = None, assume_hu: bool = False) -> Volume:
    """The CT volume in a folder of DICOM files, or in one multi-frame file; HU, (X,Y,Z), float32.

    Of several series `series` chooses one (guidednet.data.dicom_folder). `assume_hu` accepts slices
    that do not say how their values become HU. Raises InputError if there is no CT volume or if it
    is not clear which one is meant, if a file is damaged, or if the slices do not lie at equal
    steps.
    """
    import SimpleITK  # here, so that NIfTI can be read without it

    # the errors below say what its warnings would print
    SimpleITK.ProcessObject.GlobalWarningDisplayOff()
    found, notes = _single(path) if path.is_file() else ct_series(path, series)
    with naming(path):
        _refuse_twice(found)
        slices = [part for file in found.files for part in _slices(file, assume_hu)]
        order, affine = stack(slices)
    check_grid(path, (*slices[0].shape[::-1], len(slices)), affine)
    data = np.concatenate([_pixels(file) for file in found.files])[order]
    return Volume(data.transpose(2, 1, 0), affine, notes=notes)


def series_files(folder: Path, series: str | None = None) -> list[Path]:
    """The file of every slice that `read_series` returns, in the order of the volume's slices.

    Raises InputError for a series of multi-frame files.
    """
    found, _ = ct_series(folder, series)
    if any(file.frames > 1 for file in found.files):
        raise InputError(f"{folder}: holds a multi-frame file; export the series as single slices")
    with naming(folder):
        order, _ = stack([part for file in found.files for part in _slices(file, True)])
    return [found.files[place].path for place in order]


def _single(path: Path) -> tuple[Series, tuple[str, ...]]:
    """The series of a multi-frame file."""
    file = DicomFile(path, read_header(path))
    if file.is_damaged and file.kind == "slice":
        raise InputError(f"{path}: cannot be read as DICOM to its end; copy or export it again")
    if file.kind != "slice":
        raise InputError(f"{path}: is no CT but a DICOM {file.kind}; a CT in HU is needed")
    if file.frames < 2:
        raise InputError(f"{path}: is a single DICOM slice; give the folder of the whole series")
    return Series((file,)), ()


def _refuse_twice(series: Series) -> None:
    """Raise InputError if two files are copies of one slice."""
    first: dict[str, DicomFile] = {}
    for file in series.files:
        identifier = file.text(0x00080018)
        if identifier and (other := first.setdefault(identifier, file)) is not file:
            raise InputError(
                f"{other.path.name} and {file.path.name} are copies of one slice, which lie at the "
                "same position; remove one of them"
            )


def _slices(file: DicomFile, assume_hu: bool) -> list[Slice]:
    """The slices of a file; raises InputError if one does not tell its place or how it is in HU."""
    slices, rescaling = [], set()
    for frame, elements in _frames(file):
        name = file.path.name + (f" (frame {frame + 1})" if file.frames > 1 else "")
        slices.append(_slice(name, elements, file))
        rescaling.add(_rescaling(name, elements, assume_hu))
    if len(rescaling) > 1:  # SimpleITK rescales all frames alike
        raise InputError(
            f"{file.path.name}: its frames are rescaled to HU differently; export single slices"
        )
    return slices


def _frames(file: DicomFile) -> Iterator[tuple[int, Elements]]:
    """The elements of every frame of a file: its own, those of all frames, and the file's."""
    whole = file.header.elements
    shared, own = items(whole, SHARED), items(whole, PER_FRAME)
    if file.frames > 1 and len(own) != file.frames:
        raise InputError(
            f"{file.path.name} has {file.frames} frames without a position for each; export the "
            "series as single slices or as enhanced CT"
        )
    for frame in range(file.frames):
        groups = [*shared[:1], *own[frame : frame + 1]]
        parts = [part for group in groups for kind in OF_A_FRAME for part in items(group, kind)]
        yield frame, {key: value for part in [whole, *parts] for key, value in part.items()}


def _slice(name: str, elements: Elements, file: DicomFile) -> Slice:
    """The place of a slice; raises InputError if its elements do not tell it."""
    position, orientation = decimals(elements, POSITION), decimals(elements, ORIENTATION)
    spacing = decimals(elements, PIXEL_SPACING)
    for word, value, length in (
        ("position (Image Position Patient)", position, 3),
        ("orientation (Image Orientation Patient)", orientation, 6),
        ("pixel spacing", spacing, 2),
    ):
        if len(value) != length:
            raise InputError(f"{name} has no {word}; export the original series")
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    lengths = np.linalg.norm([row, column], axis=1)
    if np.abs(lengths - 1).max() > UNIT_LENGTH or abs(row @ column) > UNIT_LENGTH:
        raise InputError(f"{name} has an orientation of no plane; export the original series")
    if min(spacing) <= 0:
        raise InputError(f"{name} has pixels without a size; export the original series")
    if unsigned(file.header, 0x00280002) > 1:
        raise InputError(
            "its slices are in colour instead of grey values in HU; give the original CT series"
        )
    shape = unsigned(file.header, 0x00280010), unsigned(file.header, 0x00280011)
    number, thickness = decimals(elements, NUMBER), decimals(elements, THICKNESS)
    return Slice(
        *(name, position, orientation[:3], orientation[3:], *spacing, shape, _decimals(elements)),
        number=int(number[0]) if number and file.frames == 1 else 0,
        thickness=thickness[0] if thickness else 0.0,
    )


def _decimals(elements: Elements) -> int:
    """How many decimals the position is written with; many if it is written with an exponent."""
    parts = [part.strip() for part in text(elements, POSITION).split("\\")]
    if any("e" in part.lower() for part in parts):
        return 16
    return max(len(re.sub(r"^[^.]*\.?", "", part)) for part in parts)


def _rescaling(name: str, elements: Elements, assume_hu: bool) -> tuple[float, ...]:
    """Slope and intercept to HU; raises InputError if the slice does not tell them."""
    slope, intercept = decimals(elements, SLOPE), decimals(elements, INTERCEPT)
    if (unit := text(elements, RESCALE_TYPE).upper()) not in NO_UNIT and not assume_hu:
        raise InputError(
            f"{name} has values in '{unit}' instead of HU; give the CT series in HU, or --assume-hu"
        )
    if not (slope and intercept) and not assume_hu:
        raise InputError(
            f"{name} does not say how its values become HU (no rescale slope and intercept); "
            "export the original series, or give --assume-hu"
        )
    return (*slope, *intercept)


def _pixels(file: DicomFile) -> np.ndarray:
    """The values (frames, rows, columns) of a file in HU, float32."""
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(file.path))
    reader.SetOutputPixelType(SimpleITK.sitkFloat32)
    try:
        found = SimpleITK.GetArrayFromImage(reader.Execute())
    except RuntimeError as error:
        raise InputError(
            f"{file.path}: cannot be read as DICOM, so it is damaged; copy or export it again"
        ) from error
    found = found.reshape(-1, *found.shape[-2:])
    if len(found) != file.frames:
        raise InputError(f"{file.path}: has fewer slices than it says; copy or export it again")
    return found
