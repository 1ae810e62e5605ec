"""Where the public data sets keep their files: a list of (case id, image, label) for a folder of
raw NIfTI.

FLARE22  .../images/FLARE22_Tr_0001_0000.nii.gz  .../labels/FLARE22_Tr_0001.nii.gz  50 labelled cases
         .../Case_00001_0000.nii.gz                                                 2000 cases without label
         .../FLARETs_0001_0000.nii.gz            .../labels/FLARETs_0001.nii.gz     50 tuning cases, with or without label
AMOS     imagesTr/amos_0001.nii.gz  labelsTr/amos_0001.nii.gz  imagesVa/...  labelsVa/...  imagesTs/...

Archives unpack into folders of many names, so files are found at any depth, by their own names and
those of their folders. AMOS holds MRI too, under numbers from 507 on (CT ends at 410); they are
left out.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from guidednet.data.case_ids import check_case_ids
from guidednet.errors import InputError

ENDING = ".nii.gz"
PHANTOM_FILE = "phantom.json"  # in a raw folder of synthetic cases: what they were made from


@dataclass(frozen=True)
class Layout:
    """One data set's release, in regular expressions for paths below the raw folder.

    Group 1 of `image` and of `label` is the case id; images that match `labelled` must have a
    label, images that match `unlabelled` have none, any other has one if it is there. Cases
    numbered `first_mri` or higher are no CT. `image_name` is the pattern in words. Synthetic cases
    with and without label go to the (image, label) folders of `written`, images under their case id
    and `suffix`.
    """

    image: str
    label: str
    labelled: str
    unlabelled: str
    image_name: str
    written: dict[bool, tuple[str, str | None]]
    suffix: str = ENDING
    first_mri: int | None = None

    def is_ct(self, case_id: str) -> bool:
        """Whether the number at the end of a case id is one of CT."""
        number = case_id.rsplit("_", 1)[-1]
        return self.first_mri is None or not number.isdigit() or int(number) < self.first_mri


LAYOUTS = {
    "flare22": Layout(
        image=r"(?:.*/)?([^/]+)_0000\.nii\.gz",
        label=r"(?:.*/)?labels[^/]*/([^/]+)\.nii\.gz",
        labelled=r".*FLARE22_Tr_[^/]*",
        unlabelled=r".*Case_[^/]*",
        image_name="*_0000.nii.gz",
        written={True: ("images", "labels"), False: ("unlabeled", None)},
        suffix=f"_0000{ENDING}",
    ),
    "amos": Layout(
        image=r"(?:.*/)?images(?:Tr|Va|Ts)/([^/]+)\.nii\.gz",
        label=r"(?:.*/)?labels(?:Tr|Va)/([^/]+)\.nii\.gz",
        labelled=r"(?:.*/)?images(?:Tr|Va)/[^/]*",
        unlabelled=r"(?:.*/)?imagesTs/[^/]*",
        image_name="*.nii.gz in imagesTr/, imagesVa/ or imagesTs/",
        written={True: ("imagesTr", "labelsTr"), False: ("imagesTs", None)},
        first_mri=507,
    ),
}


@dataclass(frozen=True)
class RawCase:
    """One case on disk: its id, its image and its label file: None where the release has none, and
    a missing one where it has one.
    """

    case_id: str
    image: Path
    label: Path | None


def find_cases(raw_folder: Path, dataset: str) -> list[RawCase]:
    """All cases of a raw folder, those with a label first, in the order of their paths.

    Raises InputError where the folder is missing, holds no CT of this layout, names one case twice,
    or one as no folder can be named.
    """
    raw_folder, layout = Path(raw_folder), LAYOUTS[dataset]
    if not raw_folder.is_dir():
        raise InputError(f"{raw_folder}: no such folder; give the folder that holds the raw {dataset} data")
    files = _files(raw_folder)
    images, labels = _by_case(files, layout.image), _by_case(files, layout.label)
    cases = [_case(case_id, path, labels.get(case_id), layout) for case_id, path in images.items() if layout.is_ct(case_id)]
    if not cases:
        raise InputError(f"{raw_folder}: {_why_none(files, bool(images), dataset)}")
    check_case_ids([case.case_id for case in cases], raw_folder)
    return sorted(cases, key=lambda case: case.label is None)


def _files(folder: Path) -> list[Path]:
    """All NIfTI files below `folder`, through links too, sorted; hidden ones are what archivers and
    killed copies leave.
    """
    found = [Path(parent) / name for parent, _, names in os.walk(folder, followlinks=True) for name in names]
    return sorted(path for path in found if path.name.endswith(ENDING) and not path.name.startswith("."))


def _by_case(files: Iterable[Path], pattern: str) -> dict[str, Path]:
    """The files that match, by case id; raises InputError where two stand for one case."""
    found: dict[str, Path] = {}
    for path in files:
        if match := re.fullmatch(pattern, path.as_posix()):
            if match[1] in found:
                raise InputError(f"{path}: case {match[1]} is already there as {found[match[1]]}; remove one of them")
            found[match[1]] = path
    return found


def _case(case_id: str, image: Path, label: Path | None, layout: Layout) -> RawCase:
    path = image.as_posix()
    if re.fullmatch(layout.unlabelled, path):
        return RawCase(case_id, image, None)
    if label is None and re.fullmatch(layout.labelled, path):
        label = image.parent.with_name(image.parent.name.replace("images", "labels")) / f"{case_id}{ENDING}"
    return RawCase(case_id, image, label)


def _why_none(files: list[Path], holds_mri: bool, dataset: str) -> str:
    """Why no case was found, and what to do."""
    if holds_mri:
        return f"holds MRI alone (cases from {LAYOUTS[dataset].first_mri} on); add the CT of {dataset}"
    others = [name for name, layout in LAYOUTS.items() if name != dataset and _by_case(files, layout.image)]
    if others:
        return f"no image of {dataset} found, but files named as in {others[0]}; use --dataset {others[0]}, or give another folder"
    return f"no image {LAYOUTS[dataset].image_name} found; check --dataset and the folder"
