"""The cases in a folder of raw NIfTI: id, image and label, found by the data set's layout.

Archives unpack into folders with various names, so files are found at any depth, by their own names
and those of their folders.
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

PHANTOM_FILE = "phantom.json"  # the settings of the synthetic cases in a raw folder


@dataclass(frozen=True)
class RawCase:
    """A case on disk.

    `label` is None if the release has no label for the case; otherwise it is the path that the
    label should have, even if that file is missing.
    """

    case_id: str
    image: Path
    label: Path | None


def find_cases(raw_folder: Path, dataset: str) -> list[RawCase]:
    """All cases in a raw folder, labelled ones first, each group in the order of its paths.

    Raises InputError if the folder is missing or contains no CT of this layout, if two images or
    two labels share a case id, or if a case id is not a plain file name.
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
    """All NIfTI files below `folder`, sorted; links are followed.

    Hidden files are skipped: archivers and interrupted copies leave them behind.
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
    """The matching files by case id; raises InputError if two files share a case id."""
    found: dict[str, Path] = {}
    for path in files:
        if match := re.fullmatch(pattern, path.as_posix()):
            if match[1] in found:
                raise InputError(
                    f"{path}: case {match[1]} also exists as {found[match[1]]}; remove one of them"
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
    """Why no case was found, and what to do about it."""
    if holds_mri:
        return (
            f"contains only MRI (cases from {dataset_of(dataset).layout.first_mri} on); "
            f"add the CT of {dataset}"
        )
    others = [
        name
        for name, other in DATASETS.items()
        if name != dataset and _by_case(files, other.layout.image)
    ]
    if others:
        return (
            f"no image of {dataset} found, but files named like those of {others[0]}; "
            f"use --dataset {others[0]} or give another folder"
        )
    return f"no image {dataset_of(dataset).layout.image_name} found; check --dataset and the folder"
