"""Segment a scan: prepare it, slide the window over it, and return to the scan's own grid."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from guidednet.data.layouts import source_hash
from guidednet.data.nifti import read_label, write_label
from guidednet.data.organs import OrganSet
from guidednet.data.prepare import prepare_image
from guidednet.data.resample import to_grid
from guidednet.data.scan import check_hounsfield, read_scan
from guidednet.data.scan_jobs import Job, find_jobs
from guidednet.data.volume import Volume
from guidednet.errors import InputError
from guidednet.inference import predict_labels
from guidednet.runs.fingerprint import code_fingerprint, hash_of, modules_reached
from guidednet.runs.model_file import Model, load_model
from guidednet.support.files import check_file, file_hash, write_text
from guidednet.support.progress import Progress, silent, tell
from guidednet.training.device import accelerated

# Folders and files whose code can change a segmentation, given the weights.
PREDICTING_CODE = ("data", "inference", "methods", "networks")


@dataclass(frozen=True)
class Reading:
    """How scans are read: which DICOM series, whether values are HU even if they look otherwise,
    and who is told what is doubtful about a scan.
    """

    series: str | None = None
    assume_hu: bool = False
    say: Callable[[str], None] = tell


AS_IT_IS = Reading()


@dataclass(frozen=True)
class Segmented:
    """What became of the scans: organ volumes in ml, one row per scan that was segmented, and the
    reason for each of the others by its name.
    """

    volumes: pd.DataFrame
    broken: dict[str, str]

    def check(self, output: Path) -> None:
        """Raise InputError that names the scans which were not segmented, if there are any."""
        if not self.broken:
            return
        reasons = list(self.broken.values())
        if not len(self.volumes):
            raise InputError(reasons[0] if len(reasons) == 1 else "\n  ".join(["", *reasons]))
        number = len(self.broken) + len(self.volumes)
        headline = (
            f"{len(self.broken)} of {number} scans cannot be segmented; the others are in {output}:"
        )
        raise InputError("\n  ".join([headline, *reasons]))


def segment(
    scan: Path | str,
    model_path: Path | str,
    output: Path | str,
    predictor: str = "primary",
    device: str = "cpu",
    progress: Progress = silent,
    pattern: str | None = None,
    reading: Reading = AS_IT_IS,
) -> pd.DataFrame:
    """Segment `scan` with the model at `model_path`; returns organ volumes in ml, one row per scan.

    `scan` is a NIfTI file, the folder of a DICOM series, or a folder of NIfTI files, whose
    segmentations go to the folder `output` under the same names; with a `pattern` such as
    "*/ct.nii.gz" the files below it that match. `model_path` is a run folder or an
    exported file. Label ids are on each scan's own grid and affine. Raises InputError for an
    argument that cannot be used, before anything is written, and for scans that cannot be read,
    after all others are segmented.
    """
    done = segment_all(scan, model_path, output, predictor, device, progress, pattern, reading)
    done.check(Path(output))
    return done.volumes


def segment_all(
    scan: Path | str,
    model_path: Path | str,
    output: Path | str,
    predictor: str = "primary",
    device: str = "cpu",
    progress: Progress = silent,
    pattern: str | None = None,
    reading: Reading = AS_IT_IS,
) -> Segmented:
    """`segment`, but scans that cannot be segmented are named instead of raising InputError.

    Of a folder of scans, those are passed over that the same model has segmented already.
    """
    model_path = Path(model_path)
    jobs = find_jobs(Path(scan), Path(output), pattern)
    for job in jobs:
        check_file(job.output)
    model = load_model(model_path)
    network = _predictor(model, model_path, predictor, device)
    key = hash_of([_model_key(model_path, model), predictor, reading.assume_hu])
    lines, broken = [], {}
    for job in progress(jobs, len(jobs)):
        try:
            made = _segment_job(job, model, network, device, reading, key, again=len(jobs) == 1)
        except InputError as error:
            broken[job.name] = str(error)
        else:
            lines.append({"scan": job.name} | made)
    return Segmented(pd.DataFrame(lines), broken)


def _segment_job(
    job: Job,
    model: Model,
    network: torch.nn.Module,
    device: str,
    reading: Reading,
    key: str,
    again: bool,
) -> dict[str, float]:
    """Segment one scan, if that is not done or `again`; returns its organ volumes in ml."""
    organs = model.config.organs
    stamp = "" if again else f"guidednet {hash_of([key, source_hash(job.scan)])}"
    if stamp and (made := _made_before(job.output, stamp, organs)) is not None:
        return organ_volumes(made.data, made.affine, organs)
    volume = read_scan(job.scan, reading.series, reading.assume_hu)
    for note in volume.notes:
        reading.say(note)
    if not reading.assume_hu:
        check_hounsfield(job.scan, volume, model.prepare.hu_window)
    label = segment_volume(volume, model, network, device)
    write_label(job.output, label, volume.affine, organs.ids, volume.header, stamp)
    return organ_volumes(label, volume.affine, organs)


def _model_key(path: Path, model: Model) -> str:
    """The hash of what determines a segmentation beside the scan: weights, settings and code."""
    weights = path / "weights.pt" if path.is_dir() else path
    code = code_fingerprint(modules_reached(["guidednet.predict"], PREDICTING_CODE))
    return hash_of([file_hash(weights), repr(model.config), asdict(model.prepare), code])


def segment_volume(
    volume: Volume, model: Model, network: torch.nn.Module, device: str = "cpu"
) -> np.ndarray:
    """Predict the classes 0 ... K-1 (X,Y,Z) on the grid of `volume`."""
    image, affine = prepare_image(volume, model.prepare)
    label = predict_labels(network, image, model.config.window, model.config.num_classes, device)
    return to_grid(label, affine, volume.data.shape, volume.affine)


def _made_before(output: Path, stamp: str, organs: OrganSet) -> Volume | None:
    """The segmentation at `output` if it has this stamp; None if it is another or damaged."""
    try:
        stored = read_label(output, None, organs)
    except InputError:
        return None
    return stored if bytes(stored.header["descrip"]).rstrip(b"\0") == stamp.encode() else None


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
