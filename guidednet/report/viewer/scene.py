"""The scene that a viewer shows: an image and any number of label maps on its grid, RAS+ (D,H,W).

A scene comes from a prepared case or from NIfTI files; data that do not fit together raise
InputError.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from guidednet.data.case_store import CaseStore
from guidednet.data.datasets import organ_set, resolve
from guidednet.data.layouts import find_cases
from guidednet.data.nifti import canonical, read_image, read_label
from guidednet.data.organs import OrganSet
from guidednet.data.resample import to_spacing
from guidednet.errors import InputError
from guidednet.metrics.overlap import dice
from guidednet.runs.workspace import Workspace

# Grey windows from black to white in HU, under radiology's names; the last is the paper's clipping
# range.
HU_WINDOWS = {
    "abdomen": (-160.0, 240.0),
    "liver": (15.0, 165.0),
    "lung": (-1350.0, 150.0),
    "bone": (-300.0, 1200.0),
    "paper": (-325.0, 325.0),
}
SCALED_WINDOWS = {"all": (0.0, 1.0), "soft tissue": (0.25, 0.85), "bright": (0.5, 1.0)}


@dataclass(frozen=True)
class Overlay:
    """A map of numbers (D,H,W) that is shown over the image, with the range of its colours."""

    values: np.ndarray
    limits: tuple[float, float]
    unit: str = ""


@dataclass(frozen=True)
class Scene:
    """An image (D,H,W) with label maps (D,H,W) by name on the same grid.

    `affine` (4,4) maps voxels (x,y,z) to RAS mm, `windows` are grey windows by name, and `unit` is
    the unit of the image's values. `reference` names the label map that the others are compared
    with, if any. `overlays` are maps of numbers by name. `note` says what a reader must know, such
    as that the case is synthetic.
    """

    title: str
    image: np.ndarray
    labels: dict[str, np.ndarray]
    affine: np.ndarray
    organs: OrganSet
    windows: dict[str, tuple[float, float]]
    unit: str
    reference: str | None = None
    overlays: dict[str, Overlay] = field(default_factory=dict)
    note: str = ""

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size (z,y,x) in mm."""
        return tuple(np.linalg.norm(self.affine[:3, :3], axis=0)[::-1].tolist())

    def position(self, voxel: tuple[int, int, int]) -> tuple[float, float, float]:
        """Position of a voxel (z,y,x) in mm towards right, anterior and superior."""
        return tuple((self.affine @ [*voxel[::-1], 1])[:3].round(1).tolist())

    def present(self) -> list[int]:
        """The labels of the organs that any label map contains, in the paper's order."""
        found = np.zeros(256, bool)
        for label in self.labels.values():
            for section in label:  # a section at a time, because indices take eight bytes a voxel
                found[section.ravel()] = True
        return [label for label in self.organs.column_labels if found[label]]

    def centre(self) -> tuple[int, int, int]:
        """The voxel (z,y,x) in the middle of the organs, or of the image if there are none."""
        label = next(iter(self.labels.values()), None)
        if label is None or (box := bounding_box(label)) is None:
            return tuple(size // 2 for size in self.image.shape)
        return tuple((part.start + part.stop - 1) // 2 for part in box)

    def dice(self, name: str) -> dict[str, float]:
        """Dice of label map `name` against the reference by organ; NaN if the latter lacks it."""
        values = dice(self.labels[name], self.labels[self.reference], self.organs.num_classes)
        return {
            self.organs.by_label[label].name: float(values[label - 1])
            for label in self.organs.column_labels
        }


def bounding_box(mask: np.ndarray) -> tuple[slice, slice, slice] | None:
    """The smallest box around what is not 0 in `mask` (D,H,W); None if everything is 0."""
    rows, columns = np.zeros(mask.shape[1], bool), np.zeros(mask.shape[2], bool)
    sections = np.zeros(mask.shape[0], bool)
    for index, section in enumerate(mask):
        inside = section != 0
        rows |= inside.any(1)
        columns |= inside.any(0)
        sections[index] = inside.any()
    if not sections.any():
        return None
    edges = [np.flatnonzero(places)[[0, -1]].tolist() for places in (sections, rows, columns)]
    return tuple(slice(first, last + 1) for first, last in edges)


def scene_of_case(
    cases: CaseStore,
    case: str,
    predictions: dict[str, np.ndarray],
    scan: Path | None = None,
    overlays: dict[str, Overlay] | None = None,
    note: str = "",
) -> Scene:
    """A case with its reference label, if it has one, and predicted label maps (D,H,W) by name.

    The image is the prepared one. With the raw `scan` it is that scan in HU on the prepared grid,
    at the scan's position. Raises InputError if a label map and the image differ in shape.
    """
    labelled = bool(cases.row(case)["labelled"])
    labels = ({"reference": np.asarray(cases.label(case))} if labelled else {}) | predictions
    image, affine = np.asarray(cases.image(case)), np.diag([*cases.spacing(case)[::-1], 1.0])
    if scan is not None:
        hounsfield, affine = hounsfield_on_grid(scan, cases.spacing(case))
        refuse_other_shape(case, image, {str(scan): hounsfield})
        image = hounsfield
    maps = {name: overlay.values for name, overlay in (overlays or {}).items()}
    refuse_other_shape(case, image, labels | maps)
    return Scene(
        title=case,
        image=image,
        labels=labels,
        affine=affine,
        organs=organ_set(cases.settings["dataset"]),
        windows=SCALED_WINDOWS if scan is None else HU_WINDOWS,
        unit="scaled, 0 to 1" if scan is None else "HU",
        reference="reference" if labelled else None,
        overlays=overlays or {},
        note=note,
    )


def scan_of(workspace: Workspace, dataset: str, case: str) -> Path | None:
    """The raw scan of a case; None if it is no longer there."""
    folder = workspace.raw_folder(dataset)
    found = find_cases(folder, dataset) if folder.is_dir() else []
    return next((raw.image for raw in found if raw.case_id == case), None)


def hounsfield_on_grid(
    scan: Path, spacing: tuple[float, float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """The NIfTI `scan` in HU on its prepared grid (D,H,W) with voxels of `spacing` (z,y,x) in mm,
    and the affine (4,4) of that grid.
    """
    grey, affine = canonical(read_image(scan))
    return to_spacing(grey.transpose(2, 1, 0), affine, spacing[::-1], window=None)


def scene_of_files(
    image: str | Path, labels: dict[str, str | Path], dataset: str, reference: str | None = None
) -> Scene:
    """A NIfTI scan in HU with NIfTI label maps by name; `reference` names one of them.

    Raises InputError if a file is missing or is not a 3-D volume, if a label map is on another grid
    or has values without a name in the data set, or if `reference` is not one of the label maps.
    """
    if reference is not None and reference not in labels:
        raise InputError(
            f"reference '{reference}': not one of the label maps ({', '.join(labels) or 'none'}); "
            "give one of their names, or no reference"
        )
    organs, scan = resolve(dataset).organs, read_image(Path(image))
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


def refuse_other_shape(case: str, image: np.ndarray, others: dict[str, np.ndarray]) -> None:
    """Raise InputError if one of `others`, by name, has not the shape of `image`."""
    for name, volume in others.items():
        if volume.shape != image.shape:
            raise InputError(
                f"{case}: '{name}' has shape {volume.shape}, but the image has {image.shape}; "
                "give volumes on the image's grid"
            )
