"""The files that a prediction writes beside its labels: maps of probabilities and uncertainty."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from guidednet.data.file_kinds import NIFTI
from guidednet.data.nifti import write_values
from guidednet.data.organs import OrganSet
from guidednet.data.scan_jobs import Job
from guidednet.data.volume import Volume
from guidednet.errors import InputError
from guidednet.predict.dicom_seg import check_dicom_seg, write_dicom_seg
from guidednet.predict.volume import Prediction
from guidednet.support.files import check_file

DICOM_SEG = "dicom_seg"


@dataclass(frozen=True)
class Beside:
    """Where the maps of a scan go; for a folder of scans, the folders that hold them.

    `probabilities` has the class on its fourth axis (X,Y,Z,K), the background first. `dicom_seg` is
    a DICOM SEG file of the labels of a DICOM series. None: such a file is not written.
    """

    probabilities: Path | None = None
    uncertainty: Path | None = None
    dicom_seg: Path | None = None

    @property
    def paths(self) -> dict[str, Path]:
        """The paths that are given, by the name of their map."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: Path(path) for name, path in values.items() if path is not None}

    @property
    def maps(self) -> dict[str, bool]:
        """Which maps are wanted, as fields of Extras."""
        return {name: True for name in self.paths if name != DICOM_SEG}

    def of(self, job: Job, output: Path) -> "Beside":
        """The files of `job`, whose segmentation is `output` or lies below it."""
        if job.output == output:
            return self
        name = job.output.relative_to(output)
        return Beside(**{kind: folder / name for kind, folder in self.paths.items()})

    def check(self, job: Job) -> None:
        """Raise InputError if one of these files of `job` cannot be written or is taken."""
        taken = {job.scan.resolve(), job.output.resolve()}
        if self.dicom_seg is not None:
            check_dicom_seg(job.scan, self.dicom_seg)
        for kind, path in self.paths.items():
            if kind != DICOM_SEG and not path.name.lower().endswith(NIFTI):
                raise InputError(f"--{kind} {path}: does not end in .nii or .nii.gz; change it")
            if path.resolve() in taken:
                raise InputError(f"--{kind} {path}: another file has this name; give another")
            taken.add(path.resolve())
            check_file(path)

    def exist(self) -> bool:
        """Whether all of these files are there."""
        return all(path.is_file() for path in self.paths.values())

    def write(
        self, prediction: Prediction, volume: Volume, job: Job, organs: OrganSet, series: str | None
    ) -> None:
        """Write the maps of `prediction`, which lie on the grid of `volume`, the scan of `job`."""
        if self.dicom_seg is not None:
            labels = Volume(prediction.labels, volume.affine)
            write_dicom_seg(self.dicom_seg, labels, job.scan, organs, series)
        maps = {"uncertainty": prediction.uncertainty}
        if prediction.probabilities is not None:
            maps["probabilities"] = np.moveaxis(prediction.probabilities, 0, -1)
        for kind, path in self.paths.items():
            if kind != DICOM_SEG:
                meaning = prediction.uncertainty_is if kind == "uncertainty" else kind
                short = meaning.partition(":")[0]  # a header has room for 79 characters
                write_values(path, maps[kind], volume.affine, volume.header, short)
