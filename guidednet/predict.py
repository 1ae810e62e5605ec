"""Segment a scan: prepare it, slide the window over it, and return to the scan's own grid."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from guidednet.data.dicom import read_series
from guidednet.data.nifti import NIFTI, Volume, read_image, write_label
from guidednet.data.organs import OrganSet
from guidednet.data.prepare import prepare_image
from guidednet.data.resample import to_grid
from guidednet.errors import InputError
from guidednet.inference import predict_labels
from guidednet.runs.model_file import Model, load_model
from guidednet.support.files import check_file, write_text
from guidednet.support.progress import Progress, silent
from guidednet.training.device import accelerated


@dataclass(frozen=True)
class Job:
    """A scan (a NIfTI file or the folder of a DICOM series), the NIfTI file to write, and the name
    of the scan in tables.
    """

    scan: Path
    output: Path
    name: str


def _name(path: Path) -> str:
    """A path without the ending of a NIfTI file."""
    return path.as_posix().removesuffix(".gz").removesuffix(".nii")


def segment(
    scan: Path | str,
    model_path: Path | str,
    output: Path | str,
    predictor: str = "primary",
    device: str = "cpu",
    progress: Progress = silent,
    pattern: str | None = None,
) -> pd.DataFrame:
    """Segment `scan` with the model at `model_path`; returns organ volumes in ml, one row per scan.

    `scan` is a NIfTI file, the folder of a DICOM series, or a folder of NIfTI files, whose
    segmentations go to the folder `output` under the same names; with a `pattern` such as
    "*/ct.nii.gz" the files below it that match. `model_path` is a run folder or an
    exported file. Label ids are on each scan's own grid and affine. Raises InputError for an
    argument that cannot be used, before anything is written, and for a scan that cannot be read.
    """
    model_path = Path(model_path)
    jobs = find_jobs(Path(scan), Path(output), pattern)
    for job in jobs:
        check_file(job.output)
    model = load_model(model_path)
    network = _predictor(model, model_path, predictor, device)
    organs = model.config.organs
    lines = []
    for job in progress(jobs, len(jobs)):
        volume = read_scan(job.scan)
        label = segment_volume(volume, model, network, device)
        write_label(job.output, label, volume.affine, organs.ids)
        lines.append({"scan": job.name} | organ_volumes(label, volume.affine, organs))
    return pd.DataFrame(lines)


def segment_volume(
    volume: Volume, model: Model, network: torch.nn.Module, device: str = "cpu"
) -> np.ndarray:
    """Predict the classes 0 ... K-1 (X,Y,Z) on the grid of `volume`."""
    image, affine = prepare_image(volume, model.prepare)
    label = predict_labels(network, image, model.config.window, model.config.num_classes, device)
    return to_grid(label, affine, volume.data.shape, volume.affine)


def read_scan(path: Path) -> Volume:
    """Read the scan in a NIfTI file or in a folder with a DICOM series."""
    return read_series(path) if path.is_dir() else read_image(path)


def find_jobs(scan: Path, output: Path, pattern: str | None = None) -> list[Job]:
    """List what to segment; raises InputError if `scan` is missing, if nothing matches `pattern`,
    or if `output` does not suit it.
    """
    scans = _scans_in(scan, pattern)
    if not scans and pattern is not None:
        raise InputError(f"{scan}: no NIfTI file matches --glob '{pattern}'; check the pattern")
    if not scans:
        if output.resolve() == scan.resolve():
            raise InputError(
                f"{output}: this is the scan itself, which would be overwritten; give another name"
            )
        if not output.name.endswith(NIFTI):
            raise InputError(
                f"{output}: the output's name does not end in .nii or .nii.gz; change its ending"
            )
        if not scan.exists():
            raise InputError(f"{scan}: no such file or folder; check the path")
        return [Job(scan, output, _name(Path(scan.name)))]
    if output.name.endswith(NIFTI) or output.is_file():
        raise InputError(
            f"{output}: this names a file, but {scan} is a folder of scans; give a folder"
        )
    if output.resolve() == scan.resolve():
        raise InputError(
            f"{output}: this folder holds the scans, which would be overwritten; give another"
        )
    return [
        Job(path, output / path.relative_to(scan), _name(path.relative_to(scan))) for path in scans
    ]


def _scans_in(folder: Path, pattern: str | None) -> list[Path]:
    """The NIfTI files of a folder, or those below it that match `pattern`; hidden ones aside."""
    if not folder.is_dir():
        return []
    found = folder.iterdir() if pattern is None else folder.glob(pattern)
    return sorted(
        path for path in found if path.name.endswith(NIFTI) and not path.name.startswith(".")
    )


def organ_volumes(label: np.ndarray, affine: np.ndarray, organs: OrganSet) -> dict[str, float]:
    """Volume in ml of each organ in a label map (X,Y,Z), by name in the paper's order."""
    voxels = np.bincount(label.ravel(), minlength=organs.num_classes)
    voxel_ml = abs(np.linalg.det(affine[:3, :3])) / 1000
    return {
        organs.by_label[value].name: round(float(voxels[value] * voxel_ml), 3)
        for value in organs.column_labels
    }


def write_colour_tables(organs: OrganSet, folder: Path) -> list[Path]:
    """Write labels.txt for ITK-SNAP and labels.ctbl for 3D Slicer; returns both paths."""
    colours = {
        organs.ids[label]: tuple(int(organ.colour[place : place + 2], 16) for place in (1, 3, 5))
        for label, organ in organs.in_order
    }
    names = {organs.ids[label]: organ.name for label, organ in organs.in_order}
    snap = ['    0     0    0    0        0  0  0    "Clear Label"']
    snap += [
        f'{label:5d} {r:5d} {g:4d} {b:4d}        1  1  1    "{names[label]}"'
        for label, (r, g, b) in colours.items()
    ]
    slicer = ["0 background 0 0 0 0"]
    slicer += [
        f"{label} {names[label].replace(' ', '_')} {r} {g} {b} 255"
        for label, (r, g, b) in colours.items()
    ]
    files = {folder / "labels.txt": snap, folder / "labels.ctbl": slicer}
    for path, lines in files.items():
        write_text(path, "\n".join(lines) + "\n")
    return list(files)


def check_device(name: str) -> str:
    """Return `name` if torch can compute on this device; raises InputError otherwise."""
    try:
        torch.ones(1, device=name).item()
    except (RuntimeError, AssertionError) as error:  # a CPU build of torch asserts
        raise InputError(
            f"--device {name}: torch cannot use it on this machine; use cpu"
        ) from error
    return name


def _predictor(model: Model, path: Path, name: str, device: str) -> torch.nn.Module:
    predictors = accelerated(model.method, model.config.training, check_device(device)).predictors()
    if name not in predictors:
        raise InputError(
            f"{path}: method {model.config.method} has no {name} predictor; leave out --ensemble"
        )
    return predictors[name]
