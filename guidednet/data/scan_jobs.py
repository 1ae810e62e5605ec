"""Which scans to segment, and where their segmentations go."""

from dataclasses import dataclass
from pathlib import Path

from guidednet.data.file_kinds import NIFTI, is_hidden, is_nifti_name, is_other_volume, stem
from guidednet.data.layouts import nifti_files
from guidednet.errors import InputError


@dataclass(frozen=True)
class Job:
    """A scan (a NIfTI file, a multi-frame file or the folder of a DICOM series), the NIfTI file to
    write, and the name of the scan in tables.
    """

    scan: Path
    output: Path
    name: str


def find_jobs(scan: Path, output: Path, pattern: str | None = None) -> list[Job]:
    """List what to segment; raises InputError if `scan` is missing, if nothing matches `pattern`,
    or if `output` does not suit it.
    """
    scans = _scans_in(scan, pattern)
    if not scans and pattern is not None:
        raise InputError(f"{scan}: no NIfTI file matches --glob '{pattern}'; check the pattern")
    if not scans:
        return [_single_job(scan, output)]
    if output.name.lower().endswith(NIFTI) or output.is_file():
        raise InputError(
            f"{output}: this names a file, but {scan} is a folder of scans; give a folder"
        )
    if output.resolve() == scan.resolve():
        raise InputError(
            f"{output}: this folder holds the scans, which would be overwritten; give another"
        )
    return [_job_in(scan, path, output) for path in scans]


def _single_job(scan: Path, output: Path) -> Job:
    """The job of one file or of the folder of a DICOM series."""
    if output.resolve() == scan.resolve():
        raise InputError(
            f"{output}: this is the scan itself, which would be overwritten; give another name"
        )
    below = (
        nifti_files(scan) if scan.is_dir() and not any(map(Path.is_file, scan.iterdir())) else []
    )
    if below:
        found = below[0].relative_to(scan)
        raise InputError(
            f"{scan}: holds no scan itself but scans in folders, such as {found}; "
            f"use --glob '*/{found.name}'"
        )
    if not output.name.lower().endswith(NIFTI):
        raise InputError(
            f"{output}: the output's name does not end in .nii or .nii.gz; change its ending"
        )
    if not scan.exists():
        raise InputError(f"{scan}: no such file or folder; check the path")
    return Job(scan, output, stem(scan.name))


def _job_in(folder: Path, path: Path, output: Path) -> Job:
    """The job of a file below a folder of scans."""
    name = path.relative_to(folder)
    target = output / name
    if not is_nifti_name(path):  # it will be refused, with the reason
        target = target.with_name(f"{target.name}.nii.gz")
    return Job(path, target, stem(name.as_posix()))


def _scans_in(folder: Path, pattern: str | None) -> list[Path]:
    """The volumes in a folder that has NIfTI files, or those below it that match `pattern`; hidden
    ones aside.
    """
    if not folder.is_dir():
        return []
    if pattern is not None:
        return sorted(path for path in folder.glob(pattern) if is_nifti_name(path))
    found = [path for path in folder.iterdir() if path.is_file() and not is_hidden(path)]
    if not any(map(is_nifti_name, found)):
        return []
    return sorted(path for path in found if is_nifti_name(path) or is_other_volume(path))
