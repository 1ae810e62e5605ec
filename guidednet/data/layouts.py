"""The cases of a folder of raw NIfTI: case id, image and label, found by a data set's layout.

Archives unpack into folders of many names, so files are found at any depth, by their own names and
those of their folders.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from guidednet.data.case_ids import check_case_ids
from guidednet.data.datasets import DATASETS, Layout, dataset_of
from guidednet.data.datasets.base import ENDING
from guidednet.errors import InputError

PHANTOM_FILE = "phantom.json"  # in a raw folder of synthetic cases: what they were made from


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
    raw_folder, layout = Path(raw_folder), dataset_of(dataset).layout
    if not raw_folder.is_dir():
        raise InputError(
            f"{raw_folder}: no such folder; give the folder that holds the raw {dataset} data"
        )
    files = _files(raw_folder)
    images, labels = _by_case(files, layout.image), _by_case(files, layout.label)
    cases = [
        _case(case_id, path, labels.get(case_id), layout)
        for case_id, path in images.items()
        if layout.is_ct(case_id)
    ]
    if not cases:
        raise InputError(f"{raw_folder}: {_why_none(files, bool(images), dataset)}")
    check_case_ids([case.case_id for case in cases], raw_folder)
    return sorted(cases, key=lambda case: case.label is None)


def _files(folder: Path) -> list[Path]:
    """All NIfTI files below `folder`, through links too, sorted; hidden ones are what archivers and
    killed copies leave.
    """
    found = [
        Path(parent) / name
        for parent, _, names in os.walk(folder, followlinks=True)
        for name in names
    ]
    return sorted(
        path for path in found if path.name.endswith(ENDING) and not path.name.startswith(".")
    )


def _by_case(files: Iterable[Path], pattern: str) -> dict[str, Path]:
    """The files that match, by case id; raises InputError where two stand for one case."""
    found: dict[str, Path] = {}
    for path in files:
        if match := re.fullmatch(pattern, path.as_posix()):
            if match[1] in found:
                raise InputError(
                    f"{path}: case {match[1]} is already there as {found[match[1]]}; remove one of them"
                )
            found[match[1]] = path
    return found


def _case(case_id: str, image: Path, label: Path | None, layout: Layout) -> RawCase:
    path = image.as_posix()
    if re.fullmatch(layout.unlabelled, path):
        return RawCase(case_id, image, None)
    if label is None and re.fullmatch(layout.labelled, path):
        label = (
            image.parent.with_name(image.parent.name.replace("images", "labels"))
            / f"{case_id}{ENDING}"
        )
    return RawCase(case_id, image, label)


def _why_none(files: list[Path], holds_mri: bool, dataset: str) -> str:
    """Why no case was found, and what to do."""
    if holds_mri:
        return f"holds MRI alone (cases from {dataset_of(dataset).layout.first_mri} on); add the CT of {dataset}"
    others = [
        name
        for name, other in DATASETS.items()
        if name != dataset and _by_case(files, other.layout.image)
    ]
    if others:
        return f"no image of {dataset} found, but files named as in {others[0]}; use --dataset {others[0]}, or give another folder"
    return f"no image {dataset_of(dataset).layout.image_name} found; check --dataset and the folder"
