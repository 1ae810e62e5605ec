"""Read any scan that can be segmented: NIfTI, the folder of a DICOM series, a multi-frame file."""

from pathlib import Path

from guidednet.data.dicom import read_series
from guidednet.data.dicom_folder import is_dicom
from guidednet.data.hounsfield import doubt_about_hu
from guidednet.data.nifti import read_image
from guidednet.data.volume import Volume
from guidednet.errors import InputError


def read_scan(path: Path, series: str | None = None, assume_hu: bool = False) -> Volume:
    """The scan at `path`, (X,Y,Z), float32.

    `series` chooses one of several DICOM series in a folder; `assume_hu` accepts DICOM that does
    not say how its values become HU. Raises InputError if there is no usable scan.
    """
    if path.is_dir() or (path.is_file() and is_dicom(path)):
        return read_series(path, series, assume_hu)
    return read_image(path)


def check_hounsfield(source: object, scan: Volume, window: tuple[float, float] | None) -> None:
    """Raise InputError if the values of `scan` are not taken for HU.

    `window` is the range of HU that is used, None for scans without such units, as MR.
    """
    if window is not None and (doubt := doubt_about_hu(scan.data, window)):
        raise InputError(
            f"{source}: {doubt}; give the CT in HU, or --assume-hu if you know that it is one"
        )


def doubts_about(
    source: object, scan: Volume, window: tuple[float, float] | None
) -> tuple[str, ...]:
    """What is doubtful about a scan of a data set: its place and its values, a sentence each.

    Whoever describes a data set as CT says that its values are HU, so that these are no errors.
    """
    doubt = None if window is None else doubt_about_hu(scan.data, window)
    return scan.notes if doubt is None else (*scan.notes, f"{source}: {doubt}; is this CT in HU?")
