"""The scene that a viewer shows: an image and any number of label maps on its grid, RAS+ (D,H,W).

Data that do not fit together raise InputError.
"""

from dataclasses import dataclass, field

import numpy as np

from guidednet.data.case_store import CaseStore
from guidednet.data.datasets import organ_set
from guidednet.data.organs import OrganSet
from guidednet.errors import InputError
from guidednet.metrics.overlap import dice

# Grey windows from black to white in HU, under radiology's names; the last is the paper's clipping
# range.
HU_WINDOWS = {
    "abdomen": (-160.0, 240.0),
    "liver": (15.0, 165.0),
    "lung": (-1350.0, 150.0),
    "bone": (-300.0, 1200.0),
    "paper": (-325.0, 325.0),
}
FEW_ORGANS = 20
LARGE = 16_000_000  # voxels
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

    def listed(self) -> list[int]:
        """The labels of the organs to list, in the paper's order.

        These are all of a data set with few organs, and of others those in any label map.
        """
        if len(self.organs.by_label) <= FEW_ORGANS:
            return list(self.organs.column_labels)
        found = np.zeros(256, bool)
        for label in self.labels.values():
            for section in label:  # a section at a time, because indices take eight bytes a voxel
                found[section.ravel()] = True
        return [label for label in self.organs.column_labels if found[label]]

    def centre(self) -> tuple[int, int, int]:
        """The voxel (z,y,x) in the middle of the organs, or of the image if there are none."""
        label = next(iter(self.labels.values()), None)
        step = 1 if self.image.size < LARGE else 4  # no need for every voxel
        if label is None or (box := bounding_box(label[::step, ::step, ::step])) is None:
            return tuple(size // 2 for size in self.image.shape)
        return tuple(step * (part.start + part.stop - 1) // 2 for part in box)

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
    overlays: dict[str, Overlay] | None = None,
    note: str = "",
) -> Scene:
    """A prepared case with its reference label, if it has one, and predicted label maps (D,H,W) by
    name.

    Raises InputError if a label map and the image differ in shape.
    """
    labelled = bool(cases.row(case)["labelled"])
    labels = ({"reference": np.asarray(cases.label(case))} if labelled else {}) | predictions
    image, maps = np.asarray(cases.image(case)), overlays or {}
    refuse_other_shape(
        case, image, labels | {name: overlay.values for name, overlay in maps.items()}
    )
    return Scene(
        title=case,
        image=image,
        labels=labels,
        affine=np.diag([*cases.spacing(case)[::-1], 1.0]),
        organs=organ_set(cases.settings["dataset"]),
        windows=SCALED_WINDOWS,
        unit="scaled, 0 to 1",
        reference="reference" if labelled else None,
        overlays=maps,
        note=note,
    )


def refuse_other_shape(case: str, image: np.ndarray, others: dict[str, np.ndarray]) -> None:
    """Raise InputError if one of `others`, by name, has not the shape of `image`."""
    for name, volume in others.items():
        if volume.shape != image.shape:
            raise InputError(
                f"{case}: '{name}' has shape {volume.shape}, but the image has {image.shape}; "
                "give volumes on the image's grid"
            )
