"""Where the public data sets keep their files: one list of (case id, image, label) per folder of raw NIfTI.

FLARE22   images/FLARE22_Tr_0001_0000.nii.gz  labels/FLARE22_Tr_0001.nii.gz  unlabeled/Case_00001_0000.nii.gz
AMOS      imagesTr/amos_0001.nii.gz           labelsTr/amos_0001.nii.gz      imagesVa/... labelsVa/...

AMOS holds MRI too, under numbers from 507 on (CT ends at 410); they are left out.
"""

from dataclasses import dataclass
from pathlib import Path

from guidednet.errors import InputError


@dataclass(frozen=True)
class Layout:
    """Folder names and file-name patterns of one data set's release.

    `image_folders` pairs each image folder with its label folder, or with None where the release has no
    labels; `image_suffix` is what follows the case id in an image's file name; cases numbered `first_mri` or higher are no CT.
    """

    image_folders: tuple[tuple[str, str | None], ...]
    image_suffix: str
    first_mri: int | None = None

    def is_ct(self, case_id: str) -> bool:
        """Whether the number at the end of a case id is one of CT."""
        number = case_id.rsplit("_", 1)[-1]
        return self.first_mri is None or not number.isdigit() or int(number) < self.first_mri


LAYOUTS = {
    "flare22": Layout((("images", "labels"), ("unlabeled", None)), "_0000.nii.gz"),
    "amos": Layout((("imagesTr", "labelsTr"), ("imagesVa", "labelsVa"), ("imagesTs", None)), ".nii.gz", first_mri=507),
}


@dataclass(frozen=True)
class RawCase:
    """One case on disk: its id, its image and its label file (None where the release has none)."""

    case_id: str
    image: Path
    label: Path | None


def find_cases(raw_folder: Path, dataset: str) -> list[RawCase]:
    """All cases of a raw folder, labelled folders first, each folder in the order of its file names.

    Raises InputError where the folder is missing, has none of the data set's image folders, holds no
    image, lacks the label of a case in a labelled folder, or names one case twice.
    """
    raw_folder = Path(raw_folder)
    layout = LAYOUTS[dataset]
    if not raw_folder.is_dir():
        raise InputError(f"{raw_folder}: no such folder; give the folder that holds the raw {dataset} data")
    cases = []
    for image_folder, label_folder in layout.image_folders:
        cases += _cases_of_folder(raw_folder, image_folder, label_folder, layout)
    if not cases:
        folders = ", ".join(f"{name}/" for name, _ in layout.image_folders)
        raise InputError(f"{raw_folder}: no image *{layout.image_suffix} found in {folders}; check --dataset and the folder")
    _refuse_duplicates(cases)
    return cases


def _cases_of_folder(raw_folder: Path, image_folder: str, label_folder: str | None, layout: Layout) -> list[RawCase]:
    cases = []
    for image in sorted((raw_folder / image_folder).glob(f"*{layout.image_suffix}")):
        case_id = image.name.removesuffix(layout.image_suffix)
        if not layout.is_ct(case_id):
            continue
        label = raw_folder / label_folder / f"{case_id}.nii.gz" if label_folder else None
        if label is not None and not label.is_file():
            raise InputError(f"{label}: the label of case {case_id} is missing; add it or move the image out of {image_folder}/")
        cases.append(RawCase(case_id, image, label))
    return cases


def _refuse_duplicates(cases: list[RawCase]) -> None:
    seen: dict[str, Path] = {}
    for case in cases:
        if case.case_id in seen:
            raise InputError(f"{case.image}: case {case.case_id} is already there as {seen[case.case_id]}; remove one of them")
        seen[case.case_id] = case.image
