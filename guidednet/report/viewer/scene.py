"""The scene that a viewer shows: an image and any number of label maps on its grid, RAS+ (D,H,W).

A scene comes from a prepared case or from NIfTI files; data that do not fit together raise
InputError.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from guidednet.data.case_store import CaseStore
from guidednet.data.datasets import organ_set, resolve
from guidednet.data.nifti import canonical, read_label
from guidednet.data.organs import OrganSet
from guidednet.data.scan import read_scan
from guidednet.errors import InputError
from guidednet.metrics.overlap import dice
from guidednet.support.progress import tell

# Grey windows from black to white in HU; the last is the paper's clipping range.
HU_WINDOWS = {"abdomen": (-160.0, 240.0), "bone": (-300.0, 1200.0), "paper": (-325.0, 325.0)}
SCALED_WINDOWS = {"all": (0.0, 1.0), "soft tissue": (0.25, 0.85), "bright": (0.5, 1.0)}


@dataclass(frozen=True)
class Scene:
    """An image (D,H,W) with label maps (D,H,W) by name on the same grid.

    `affine` (4,4) maps voxels (x,y,z) to RAS mm, `windows` are grey windows by name, and `unit` is
    the unit of the image's values. `reference` names the label map that the others are compared
    with, if any.
    """

    title: str
    image: np.ndarray
    labels: dict[str, np.ndarray]
    affine: np.ndarray
    organs: OrganSet
    windows: dict[str, tuple[float, float]]
    unit: str
    reference: str | None = None

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size (z,y,x) in mm."""
        return tuple(np.linalg.norm(self.affine[:3, :3], axis=0)[::-1].tolist())

    def position(self, voxel: tuple[int, int, int]) -> tuple[float, float, float]:
        """Position of a voxel (z,y,x) in mm towards right, anterior and superior."""
        return tuple((self.affine @ [*voxel[::-1], 1])[:3].round(1).tolist())

    def organ_names(self) -> list[str]:
        """Organs that any label map contains, in the paper's order."""
        present = set().union(*(np.unique(label).tolist() for label in self.labels.values()))
        return [
            self.organs.by_label[label].name
            for label in self.organs.column_labels
            if label in present
        ]

    def dice(self, name: str) -> dict[str, float]:
        """Dice of label map `name` against the reference by organ; NaN if the latter lacks it."""
        values = dice(self.labels[name], self.labels[self.reference], self.organs.num_classes)
        return {
            self.organs.by_label[label].name: float(values[label - 1])
            for label in self.organs.column_labels
        }

    def widest_difference(self, first: str, second: str, axis: int) -> int:
        """Index along `axis` (0 z, 1 y, 2 x) of the slice where two label maps differ most."""
        other = tuple(place for place in range(3) if place != axis)
        return int((self.labels[first] != self.labels[second]).sum(axis=other).argmax())


def scene_of_case(cases: CaseStore, case: str, predictions: dict[str, np.ndarray]) -> Scene:
    """A case with its reference label, if it has one, and predicted label maps (D,H,W) by name.

    Raises InputError if a label map and the image differ in shape.
    """
    labelled = bool(cases.row(case)["labelled"])
    labels = ({"reference": np.asarray(cases.label(case))} if labelled else {}) | predictions
    image = np.asarray(cases.image(case))
    _same_shape(case, image, labels)
    return Scene(
        title=case,
        image=image,
        labels=labels,
        affine=np.diag([*cases.spacing(case)[::-1], 1.0]),
        organs=organ_set(cases.settings["dataset"]),
        windows=SCALED_WINDOWS,
        unit="scaled, 0 to 1",
        reference="reference" if labelled else None,
    )


def scene_of_files(
    image: str | Path, labels: dict[str, str | Path], dataset: str, reference: str | None = None
) -> Scene:
    """A scan in HU (NIfTI, or the folder of a DICOM series) with NIfTI label maps by name.

    `reference` names one of them. Raises InputError if a file is missing or is not a 3-D volume, if
    a label map is on another grid or has values without a name in the data set, or if `reference`
    is not one of the label maps.
    """
    if reference is not None and reference not in labels:
        raise InputError(
            f"reference '{reference}': not one of the label maps ({', '.join(labels) or 'none'}); "
            "give one of their names, or no reference"
        )
    organs, scan = resolve(dataset).organs, read_scan(Path(image))
    for note in scan.notes:
        tell(note)
    maps = {name: read_label(Path(path), scan, organs) for name, path in labels.items()}
    grey, affine = canonical(scan)
    return Scene(
        title=Path(image).name,
        image=grey,
        labels={name: canonical(volume)[0] for name, volume in maps.items()},
        affine=affine,
        organs=organs,
        windows=HU_WINDOWS,
        unit="HU",
        reference=reference,
    )


def _same_shape(case: str, image: np.ndarray, labels: dict[str, np.ndarray]) -> None:
    for name, label in labels.items():
        if label.shape != image.shape:
            raise InputError(
                f"{case}: '{name}' has shape {label.shape}, but the image has {image.shape}; "
                "give label maps on the prepared grid"
            )
