"""Which files are volumes: by the endings of their names, and by their first bytes."""

import gzip
import re
import struct
import zlib
from itertools import islice
from pathlib import Path

from guidednet.data.dicom_header import PREAMBLE, begins_as_dicom

NIFTI = (".nii", ".nii.gz")
GZIP = b"\x1f\x8b"  # the first bytes of a compressed file
START = 352  # bytes: as much as tells any format
ANALYZE_HEADER = 348  # the length of an Analyze header, which it begins with; a NIfTI's too
TO_NIFTI = "convert it to NIfTI (.nii.gz) first"
SLICES = "give the folder of its whole series"
# What begins as these bytes, and what to do with it.
OTHERS = {
    b"NRRD": ("NRRD", TO_NIFTI),
    b"ObjectType": ("MetaImage", TO_NIFTI),
    b"NDims": ("MetaImage", TO_NIFTI),
    b"\x89PNG": ("a PNG picture", "give the scan it was made from"),
    b"\xff\xd8\xff": ("a JPEG picture", "give the scan it was made from"),
    b"PK\3\4": ("a ZIP archive", "unpack it first"),
    b"\x89HDF": ("HDF5", TO_NIFTI),
    b"MATLAB": ("MATLAB", TO_NIFTI),
    b"II*\0": ("TIFF", TO_NIFTI),
    b"MM\0*": ("TIFF", TO_NIFTI),
    b"\x93NUMPY": ("NumPy", "save it as NIfTI, with its affine"),
    b"version https://git-lfs": ("a pointer of Git LFS", "fetch the file with git lfs pull"),
    b"<": ("a web page or XML", "download the scan again"),
}
VOLUMES = ("DICOM", "NRRD", "MetaImage", "Analyze")
MOST_SEARCHED = 2000  # files of a folder that are looked into
# Endings of volumes in other formats, which are named where they lie among NIfTI files.
OTHER_ENDINGS = (".nrrd", ".nhdr", ".mha", ".mhd", ".hdr", ".mgz", ".mgh", ".mnc")


def is_hidden(path: Path) -> bool:
    """Whether a name begins with a dot, as those that archivers and killed copies leave."""
    return path.name.startswith(".")


def is_nifti_name(path: Path) -> bool:
    """Whether a name ends as NIfTI does, in letters of any case, and is not hidden."""
    return path.name.lower().endswith(NIFTI) and not is_hidden(path)


def is_other_volume(path: Path) -> bool:
    """Whether a name ends as a volume in another format does, and is not hidden."""
    return path.name.lower().endswith(OTHER_ENDINGS) and not is_hidden(path)


def other_volumes(folder: Path) -> str:
    """In words, what a folder holds of volumes in other formats: "DICOM (a/I001)"; "" for none."""
    found: dict[str, str] = {}
    files = (path for path in folder.rglob("*") if path.is_file() and not is_hidden(path))
    for path in sorted(islice(files, MOST_SEARCHED)):
        if (foreign := foreign_format(path)) and foreign[0] in VOLUMES:
            found.setdefault(foreign[0], path.relative_to(folder).as_posix())
    return ", ".join(f"{kind} ({path})" for kind, path in found.items())


def stem(name: str) -> str:
    """A name or path without the ending of NIfTI."""
    return re.sub(r"\.nii(\.gz)?$", "", name, flags=re.IGNORECASE)


def with_plain_ending(name: str) -> str:
    """A name or path with the ending of NIfTI in small letters."""
    return re.sub(r"\.nii(\.gz)?$", lambda match: match[0].lower(), name, flags=re.IGNORECASE)


def foreign_format(path: Path) -> tuple[str, str] | None:
    """The format of a file that is not NIfTI and what to do with it; None for any other file."""
    start = first_bytes(path)
    if begins_as_dicom(start[: PREAMBLE + 4]):
        return "DICOM", SLICES
    if _is_header_alone(start):
        if start[344:347] == b"ni1":
            return "NIfTI in two files (.hdr and .img)", "convert it to one file (.nii.gz) first"
        if start[344:348] not in (b"n+1\0",):
            return "Analyze", TO_NIFTI
    return next((found for begin, found in OTHERS.items() if start.startswith(begin)), None)


def _is_header_alone(start: bytes) -> bool:
    """Whether bytes are a header as long as Analyze's, which has room for a NIfTI's last words."""
    return len(start) >= ANALYZE_HEADER and ANALYZE_HEADER in (
        *struct.unpack("<i", start[:4]),
        *struct.unpack(">i", start[:4]),
    )


def first_bytes(path: Path) -> bytes:
    """The first bytes of a file, unpacked if it is compressed."""
    with path.open("rb") as file:
        start = file.read(START)
    if not start.startswith(GZIP):
        return start
    try:
        with gzip.open(path) as file:
            return file.read(START)
    except (OSError, EOFError, zlib.error):
        return b""
