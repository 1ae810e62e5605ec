"""Segment scans on disk: a file, a DICOM series, or a folder of scans, of which all that can be."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd

from guidednet.data.layouts import source_hash
from guidednet.data.nifti import read_label, write_label
from guidednet.data.organs import OrganSet
from guidednet.data.scan import check_hounsfield, read_scan
from guidednet.data.scan_jobs import Job, find_jobs
from guidednet.data.volume import Volume
from guidednet.errors import InputError
from guidednet.methods.base import Predictor
from guidednet.predict.beside import Beside
from guidednet.predict.organ_tables import organ_volumes
from guidednet.predict.volume import (
    PLAIN,
    Extras,
    check_extras,
    organ_names,
    predict_volume,
    predictor_of,
    uncertainty_of,
)
from guidednet.runs.fingerprint import code_fingerprint, hash_of, modules_reached
from guidednet.runs.model_file import Model, load_model
from guidednet.support.files import check_file, file_hash
from guidednet.support.progress import Progress, silent, tell

# Folders and files whose code can change a segmentation, given the weights.
PREDICTING_CODE = ("data", "inference", "methods", "networks", "predict")


@dataclass(frozen=True)
class Reading:
    """How scans are read: which DICOM series, whether values are HU even if they look otherwise,
    and who is told what is doubtful about a scan.
    """

    series: str | None = None
    assume_hu: bool = False
    say: Callable[[str], None] = tell


AS_IT_IS = Reading()
NOTHING = Beside()


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
    extras: Extras = PLAIN,
    beside: Beside = NOTHING,
) -> pd.DataFrame:
    """Segment `scan` with the model at `model_path`; returns organ volumes in ml, one row per scan.

    `scan` is a NIfTI file, the folder of a DICOM series, or a folder of NIfTI files, whose
    segmentations go to the folder `output` under the same names; with a `pattern` such as
    "*/ct.nii.gz" the files below it that match. `model_path` is a run folder or an
    exported file. Label ids are on each scan's own grid and affine. `extras` say how to predict,
    `beside` which maps to write as well. Raises InputError for an argument that cannot be used,
    before anything is written, and for scans that cannot be read, after all others are segmented.
    """
    done = segment_all(
        *(scan, model_path, output, predictor, device, progress, pattern, reading, extras, beside)
    )
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
    extras: Extras = PLAIN,
    beside: Beside = NOTHING,
) -> Segmented:
    """`segment`, but scans that cannot be segmented are named instead of raising InputError.

    Of a folder of scans, those are passed over that the same model has segmented already.
    """
    model_path, output = Path(model_path), Path(output)
    jobs = find_jobs(Path(scan), output, pattern)
    for job in jobs:
        check_file(job.output)
        beside.of(job, output).check(job)
    model = load_model(model_path)
    kept = organ_names(extras.largest_component, model.config.organs)
    extras = replace(extras, largest_component=kept, **beside.maps)
    network = predictor_of(model, model_path, predictor, device)
    check_extras(extras, model.config, reading.say)
    if extras.uncertainty:
        reading.say(f"the uncertainty is the {uncertainty_of(model)}")
    key = hash_of([_model_key(model_path, model), predictor, reading.assume_hu, asdict(extras)])
    task = Task(model, network, device, reading, extras, key, again=len(jobs) == 1)
    lines, broken = [], {}
    for job in progress(jobs, len(jobs)):
        try:
            made = task.do(job, beside.of(job, output))
        except InputError as error:
            broken[job.name] = str(error)
        else:
            lines.append({"scan": job.name} | made)
    return Segmented(pd.DataFrame(lines), broken)


@dataclass(frozen=True)
class Task:
    """What is done with each of the scans; `key` is the hash of all that determines the result.

    With `again` it is done even if it was done before.
    """

    model: Model
    network: Predictor
    device: str
    reading: Reading
    extras: Extras
    key: str
    again: bool

    def do(self, job: Job, beside: Beside) -> dict[str, float]:
        """Segment one scan, if that is not done; returns its organ volumes in ml."""
        organs = self.model.config.organs
        stamp = "" if self.again else f"guidednet {hash_of([self.key, source_hash(job.scan)])}"
        if stamp and beside.exist():
            if (made := _made_before(job.output, stamp, organs)) is not None:
                return organ_volumes(made.data, made.affine, organs)
        volume = self._read(job.scan)
        found = predict_volume(volume, self.model, self.network, self.extras, self.device)
        beside.write(found, volume, job, organs, self.reading.series)
        write_label(job.output, found.labels, volume.affine, organs.ids, volume.header, stamp)
        return organ_volumes(found.labels, volume.affine, organs)

    def _read(self, scan: Path) -> Volume:
        """The scan, after its doubts are told; raises InputError if it cannot be used."""
        volume = read_scan(scan, self.reading.series, self.reading.assume_hu)
        for note in volume.notes:
            self.reading.say(note)
        if not self.reading.assume_hu:
            check_hounsfield(scan, volume, self.model.prepare.hu_window)
        return volume


def _model_key(path: Path, model: Model) -> str:
    """The hash of what determines a segmentation beside the scan: weights, settings and code."""
    weights = path / "weights.pt" if path.is_dir() else path
    code = code_fingerprint(modules_reached(["guidednet.predict.volume"], PREDICTING_CODE))
    return hash_of([file_hash(weights), repr(model.config), asdict(model.prepare), code])


def _made_before(output: Path, stamp: str, organs: OrganSet) -> Volume | None:
    """The segmentation at `output` if it has this stamp; None if it is another or damaged."""
    try:
        stored = read_label(output, None, organs)
    except InputError:
        return None
    return stored if bytes(stored.header["descrip"]).rstrip(b"\0") == stamp.encode() else None
