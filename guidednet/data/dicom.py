"""Read a DICOM series as a volume in HU, with SimpleITK (installed with torchio)."""

from pathlib import Path

import numpy as np
import SimpleITK

from guidednet.data.nifti import Volume
from guidednet.errors import InputError

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
SOP_CLASS = b"\x02\x00\x02\x00UI"  # the element that gives the class of a file
CT_IMAGE = b"1.2.840.10008.5.1.4.1.1.2\0"
LARGEST_STEP = 1.5  # times the median distance of slices; beyond it a slice is missing


def read_series(folder: Path) -> Volume:
    """The only DICOM series in a folder, in HU, (X,Y,Z) with its affine.

    Raises InputError if the folder contains no series or several, if a slice is missing, or if a
    file is damaged.
    """
    # the errors below say what its warnings would print
    SimpleITK.ProcessObject.GlobalWarningDisplayOff()
    series = SimpleITK.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
    if not series:
        raise InputError(
            f"{folder}: holds no DICOM series; give the folder of one CT series, or a NIfTI file"
        )
    if len(series) > 1:
        raise InputError(
            f"{folder}: holds {len(series)} DICOM series; give a folder with only one of them"
        )
    files = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), series[0])
    if len(files) < 2:
        raise InputError(f"{folder}: holds a single slice; give all slices of the series")
    _refuse_damaged(folder, files)
    _refuse_gaps(folder, files)
    try:
        image = SimpleITK.ReadImage(files)
    except RuntimeError as error:
        raise InputError(
            f"{folder}: its DICOM files cannot be read as one volume; export the series again"
        ) from error
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(
            f"{folder}: its slices are in colour instead of grey values in HU; "
            "give the original CT series"
        )
    return Volume(
        SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0).astype(np.float32), _affine(image)
    )


def _refuse_damaged(folder: Path, files: tuple[str, ...]) -> None:
    """Raise InputError for a .dcm file that should be among the series' `files` but is not.

    SimpleITK does not list files that it cannot read, so their slices would be lost unnoticed.
    """
    listed = {Path(file).name for file in files}
    for path in sorted(folder.glob("[!.]*")):
        if path.suffix.lower() == ".dcm" and path.name not in listed and not _is_no_image(path):
            raise InputError(
                f"{folder}: {path.name} cannot be read as DICOM; export the series again"
            )


def _is_no_image(path: Path) -> bool:
    """Whether a DICOM file's class is not a CT image but, for example, a plan or a report."""
    with path.open("rb") as file:
        _, found, rest = file.read(1024).partition(SOP_CLASS)
    length = int.from_bytes(rest[:2], "little")
    return bool(found) and not rest[2 : 2 + length].startswith(CT_IMAGE)


def _refuse_gaps(folder: Path, files: tuple[str, ...]) -> None:
    """Raise InputError if slices are missing or two slices lie at the same position.

    A slice is missing if two neighbours lie much further apart than the others.
    """
    places = np.array([_position(folder, file) for file in files])
    first: dict[tuple[float, ...], str] = {}
    for file, place in zip(files, places.tolist(), strict=True):
        if (other := first.setdefault(tuple(place), file)) != file:
            raise InputError(
                f"{folder}: {Path(other).name} and {Path(file).name} lie at the same position; "
                "remove one of them"
            )
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    wide = int(steps.argmax())
    if steps[wide] > LARGEST_STEP * np.median(steps):
        raise InputError(
            f"{folder}: slices are missing between {Path(files[wide]).name} and "
            f"{Path(files[wide + 1]).name} ({steps[wide]:.1f} mm apart instead of "
            f"{np.median(steps):.1f} mm); export the whole series"
        )


def _position(folder: Path, file: str) -> list[float]:
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(file)
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise InputError(
            f"{folder}: {Path(file).name} cannot be read as DICOM; export the series again"
        ) from error
    return list(reader.GetOrigin())


def _affine(image: SimpleITK.Image) -> np.ndarray:
    """The affine (4,4) from voxels (x,y,z) to RAS mm."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return LPS_TO_RAS @ affine
