"""The files that a prediction writes beside its labels: maps of probabilities and uncertainty."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from guidednet.data.file_kinds import NIFTI
from guidednet.data.nifti import write_values
from guidednet.data.scan_jobs import Job
from guidednet.data.volume import Volume
from guidednet.errors import InputError
from guidednet.predict.volume import Prediction
from guidednet.support.files import check_file


@dataclass(frozen=True)
class Beside:
    """Where the maps of a scan go; for a folder of scans, the folders that hold them.

    `probabilities` has the class on its fourth axis (X,Y,Z,K), the background first. None: such a
    file is not written.
    """

    probabilities: Path | None = None
    uncertainty: Path | None = None

    @property
    def paths(self) -> dict[str, Path]:
        """The paths that are given, by the name of their map."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: Path(path) for name, path in values.items() if path is not None}

    def of(self, job: Job, output: Path) -> "Beside":
        """The files of `job`, whose segmentation is `output` or lies below it."""
        if job.output == output:
            return self
        name = job.output.relative_to(output)
        return Beside(**{kind: folder / name for kind, folder in self.paths.items()})

    def check(self, job: Job) -> None:
        """Raise InputError if one of these files of `job` cannot be written or is taken."""
        taken = {job.scan.resolve(), job.output.resolve()}
        for kind, path in self.paths.items():
            if not path.name.lower().endswith(NIFTI):
                raise InputError(f"--{kind} {path}: does not end in .nii or .nii.gz; change it")
            if path.resolve() in taken:
                raise InputError(f"--{kind} {path}: another file has this name; give another")
            taken.add(path.resolve())
            check_file(path)

    def exist(self) -> bool:
        """Whether all of these files are there."""
        return all(path.is_file() for path in self.paths.values())

    def write(self, prediction: Prediction, volume: Volume) -> None:
        """Write the maps of `prediction`, which lie on the grid of `volume`."""
        maps = {"uncertainty": prediction.uncertainty}
        if prediction.probabilities is not None:
            maps["probabilities"] = np.moveaxis(prediction.probabilities, 0, -1)
        for kind, path in self.paths.items():
            write_values(path, maps[kind], volume.affine, volume.header)
