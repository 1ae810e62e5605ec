"""What a folder of DICOM files holds, found by content: series, other objects, damaged files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from guidednet.data.dicom_header import (
    META_CLASS,
    PREAMBLE,
    Header,
    begins_as_dicom,
    decimals,
    read_header,
    text,
    unsigned,
)
from guidednet.errors import InputError

STORAGE = "1.2.840.10008.5.1.4.1.1"
CT_CLASSES = {f"{STORAGE}.2", f"{STORAGE}.2.1", f"{STORAGE}.2.2"}  # CT, enhanced CT, legacy ones
# What objects of other classes are called, by the beginning of their class; the longest comes first
KINDS = {
    f"{STORAGE}.481.2": "dose",
    f"{STORAGE}.481.3": "structure set",
    f"{STORAGE}.481.5": "plan",
    f"{STORAGE}.481": "object of radiotherapy",
    f"{STORAGE}.66.4": "segmentation",
    f"{STORAGE}.128": "PET image",
    f"{STORAGE}.104": "document",
    f"{STORAGE}.88": "report",
    f"{STORAGE}.11": "presentation state",
    f"{STORAGE}.7": "secondary capture",
    f"{STORAGE}.4": "MR image",
    "1.2.840.10008.1.3.10": "directory",
}
MOST_SEARCHED = 2000  # files below a folder in which a series is looked for


@dataclass(frozen=True)
class DicomFile:
    """A file that begins as DICOM does."""

    path: Path
    header: Header

    def text(self, number: int) -> str:
        """The value of an element of the file as text."""
        return text(self.header.elements, number)

    @property
    def kind(self) -> str:
        """What it is: "slice", "scout", or what KINDS calls its class."""
        named = self.text(0x00080016) or self.text(META_CLASS)
        if (named in CT_CLASSES or not named) and self.modality in ("CT", ""):
            return "scout" if "LOCALIZER" in self.text(0x00080008).upper() else "slice"
        found = (word for begin, word in KINDS.items() if f"{named}.".startswith(f"{begin}."))
        return next(found, f"{self.modality or 'unknown'} object")

    @property
    def modality(self) -> str:
        """The modality, such as CT or MR."""
        return self.text(0x00080060)

    @property
    def series(self) -> str:
        """The identifier of its series."""
        return self.text(0x0020000E)

    @property
    def frames(self) -> int:
        """How many slices it holds."""
        number = decimals(self.header.elements, 0x00280008)
        return max(int(number[0]), 1) if number else 1

    @property
    def is_damaged(self) -> bool:
        """Whether its elements or its pixels are not all there."""
        rows, columns, samples, bits = (
            unsigned(self.header, number)
            for number in (0x00280010, 0x00280011, 0x00280002, 0x00280100)
        )
        needed = rows * columns * max(samples, 1) * (bits // 8) * self.frames
        found = self.header.pixel_bytes
        return self.header.is_damaged or needed == 0 or (found != -1 and found < needed)


@dataclass(frozen=True)
class Series:
    """The slices of one series, in the order of their names."""

    files: tuple[DicomFile, ...]

    @property
    def identifier(self) -> str:
        """What its files say that their series is called."""
        return self.files[0].series

    @property
    def slices(self) -> int:
        """How many slices it has."""
        return sum(file.frames for file in self.files)

    def __str__(self) -> str:
        first = self.files[0]
        title = f" '{first.text(0x0008103E)}'" if first.text(0x0008103E) else ""
        number = f"{self.slices} slice{'s' if self.slices > 1 else ''}"
        return f"{first.modality or 'CT'}{title}, {number}, such as {first.path.name}"


def ct_series(folder: Path, chosen: str | None = None) -> tuple[Series, tuple[str, ...]]:
    """The only CT volume in a folder, and a sentence on what is left aside beside it.

    `chosen` says which one to take of several: its place in the list of them, its identifier or the
    name of one of its files. Raises InputError if there is none, if there are several and none is
    chosen, or if a file that should be one of its slices is damaged.
    """
    files, others = _dicom_files(folder)
    slices = [file for file in files if file.kind == "slice"]
    series = _series_of(slices)
    if not series:
        raise InputError(_why_none(folder, files))
    taken = _chosen(folder, series, chosen, files)
    _refuse_damaged(folder, taken, slices, others)
    _refuse_strangers(folder, taken, files)
    if taken.slices < 2:
        raise InputError(f"{folder}: holds a single slice; give all slices of the series")
    return taken, _left_aside(folder, taken, files)


def _dicom_files(folder: Path) -> tuple[list[DicomFile], list[Path]]:
    """The files of a folder that begin as DICOM does, and the others; hidden ones are no files."""
    found, others = [], []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not path.is_file():
            continue
        if is_dicom(path):
            found.append(DicomFile(path, read_header(path)))
        else:
            others.append(path)
    return found, others


def is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM does."""
    with path.open("rb") as file:
        return begins_as_dicom(file.read(PREAMBLE + 4))


def _series_of(slices: Sequence[DicomFile]) -> list[Series]:
    """The series of slices, in the order of their numbers."""
    groups: dict[str, list[DicomFile]] = {}
    for file in slices:
        if not file.is_damaged:
            groups.setdefault(file.series, []).append(file)

    def place(files: list[DicomFile]) -> tuple[float, str]:
        return (decimals(files[0].header.elements, 0x00200011) or (0.0,))[0], files[0].series

    return [Series(tuple(files)) for files in sorted(groups.values(), key=place)]


def _chosen(
    folder: Path, series: list[Series], chosen: str | None, files: Sequence[DicomFile]
) -> Series:
    """The series to take; a series of a single slice is taken only if there is no other."""
    listed = [part for part in series if part.slices > 1] or series
    lines = [f"  {place}: {part}" for place, part in enumerate(listed, start=1)]
    inside = {file.path for part in listed for file in part.files}
    if beside := [file for file in files if file.path not in inside]:
        lines.append(f"  beside them: {_in_words(beside)}")
    if chosen is not None:
        for place, part in enumerate(listed, start=1):
            names = {file.path.name for file in part.files}
            if chosen in {str(place), part.identifier, *names}:
                return part
        raise InputError("\n".join([f"{folder}: has no series '{chosen}'; use one of", *lines]))
    if len(listed) > 1:
        headline = f"{folder}: holds {len(listed)} DICOM series; choose one with --series NUMBER:"
        raise InputError("\n".join([headline, *lines]))
    return listed[0]


def _refuse_damaged(
    folder: Path, taken: Series, slices: Sequence[DicomFile], others: Sequence[Path]
) -> None:
    """Raise InputError that names a file which should be a slice but cannot be read as one.

    It begins as DICOM does and says of no other series that it belongs there, it is named like the
    slices, whose digits alone differ, or it ends within the zeros that DICOM may begin with.
    """
    names = {_pattern(file.path) for file in taken.files}
    damaged = [
        file.path for file in slices if file.is_damaged and file.series in ("", taken.identifier)
    ]
    damaged += [
        path
        for path in others
        if path.suffix.lower() == ".dcm" or _pattern(path) in names or _is_zeros(path)
    ]
    if damaged:
        more = f" (nor can {len(damaged) - 1} others)" if len(damaged) > 1 else ""
        raise InputError(
            f"{folder}: {min(damaged).name} cannot be read as DICOM{more}, so that a slice would "
            "be missing; copy or export the series again"
        )


def _refuse_strangers(folder: Path, taken: Series, files: Sequence[DicomFile]) -> None:
    """Raise InputError for a file that says it is of the series but not what else it is."""
    known = {"slice", "scout", *KINDS.values()}
    for file in files:
        if file.kind not in known and file.series == taken.identifier:
            raise InputError(
                f"{folder}: {file.path.name} belongs to the series but is no CT slice "
                f"({file.kind}); export the series again, or move the file away"
            )


def _is_zeros(path: Path) -> bool:
    """Whether a file begins with zeros alone, as many as there may be before the letters DICM."""
    with path.open("rb") as file:
        start = file.read(PREAMBLE)
    return bool(start) and not any(start)


def _pattern(path: Path) -> str:
    """A name with its numbers left out."""
    return re.sub(r"\d+", "#", path.name)


def _left_aside(folder: Path, taken: Series, files: Sequence[DicomFile]) -> tuple[str, ...]:
    """A sentence on the DICOM files that are not slices of the series; none if there are none."""
    inside = {file.path for file in taken.files}
    aside = [file for file in files if file.path not in inside and file.kind != "directory"]
    if not aside:
        return ()
    return (f"{folder}: takes {taken}; leaves aside {_in_words(aside, 'slice of another series')}",)


def _in_words(files: Sequence[DicomFile], slices: str = "slice") -> str:
    """How many files there are of each kind, with a name: "2 x report (a.dcm, ...)"."""
    names: dict[str, list[str]] = {}
    for file in files:
        names.setdefault(slices if file.kind == "slice" else file.kind, []).append(file.path.name)
    return ", ".join(
        f"{len(found)} x {kind} ({found[0]}{', ...' if len(found) > 1 else ''})"
        for kind, found in names.items()
    )


def _why_none(folder: Path, files: Sequence[DicomFile]) -> str:
    """Why a folder holds no CT, and what to do."""
    damaged = [file.path.name for file in files if file.kind == "slice"]
    if damaged:
        return (
            f"{folder}: {damaged[0]} cannot be read as DICOM, nor can any other slice; "
            "copy or export the series again"
        )
    if any(unsigned(file.header, 0x00280002) > 1 for file in files):
        return (
            f"{folder}: its slices are in colour instead of grey values in HU; "
            "give the original CT series"
        )
    if files:
        return f"{folder}: holds no CT but {_in_words(files)}; a CT in HU is needed"
    below = (path for path in sorted(islice(folder.rglob("*"), MOST_SEARCHED)) if path.is_file())
    found = next((path.parent for path in below if is_dicom(path)), None)
    fix = f"give its folder {found}" if found else "give the folder of one CT series"
    return f"{folder}: holds no DICOM series; {fix}, or a NIfTI file"
