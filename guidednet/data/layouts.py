"""The cases of a folder of raw NIfTI: case id, image and label, found by a data set's layout.

Archives unpack into folders of many names, so that patterns which begin with `**/` find files at
any depth. Hidden files are left aside.
"""

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from guidednet.data.case_ids import check_case_ids
from guidednet.data.datasets import DATASETS, Layout, dataset_of
from guidednet.data.datasets.base import ENDING
from guidednet.data.file_kinds import is_nifti_name, other_volumes, with_plain_ending
from guidednet.errors import InputError
from guidednet.support.csv_files import read_csv
from guidednet.support.files import file_hash

PHANTOM_FILE = "phantom.json"  # in a raw folder of synthetic cases: what they were made from


@dataclass(frozen=True)
class RawCase:
    """A case on disk.

    `label` is None if the data set has no label for it; if it should have one but the file is
    absent, `label` is the path where it should be. `masks` are files of single organs with the
    label that each is merged into; `label` is then their folder.
    """

    case_id: str
    image: Path
    label: Path | None
    masks: tuple[tuple[int, Path], ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that make the label."""
        return tuple(path for _, path in self.masks) or ((self.label,) if self.label else ())


def find_cases(raw_folder: Path, dataset: str) -> list[RawCase]:
    """All cases of a raw folder, those with a label first, in the order of their paths.

    Raises InputError if the folder is missing, holds no case of this data set, names a case twice,
    or has a case id that cannot name a folder.
    """
    raw_folder, layout = Path(raw_folder), dataset_of(dataset).layout
    if raw_folder.is_file():
        raise InputError(
            f"{raw_folder}: is a file; give the folder that holds the raw {dataset} data"
        )
    if not raw_folder.is_dir():
        fix = f"give the folder that holds the raw {dataset} data"
        raise InputError(f"{raw_folder}: no such folder; {fix}")
    if layout.table is not None:
        cases = _listed(raw_folder, raw_folder / layout.table)
    else:
        cases = _found(raw_folder, layout, dataset)
    check_case_ids([case.case_id for case in cases], raw_folder)
    return sorted(cases, key=lambda case: case.label is None)


def _found(folder: Path, layout: Layout, dataset: str) -> list[RawCase]:
    """The cases whose files match the patterns of `layout`."""
    files = nifti_files(folder)
    cases = matching_cases(folder, files, layout)
    taken = [case for case in cases if layout.is_taken(case.case_id)]
    if not taken:
        raise InputError(f"{folder}: {_why_none(folder, files, bool(cases), dataset)}")
    return taken


def matching_cases(folder: Path, files: list[Path], layout: Layout) -> list[RawCase]:
    """The cases of the files that match the patterns of `layout`; raises InputError if two images,
    or two labels, have the same case id.
    """
    images = images_by_case(folder, files, layout.images, layout.segmentations)
    if layout.masks:
        masks = masks_by_case(folder, files, layout.segmentations)
        return [
            _with_masks(case_id, path, masks.get(case_id, {}), layout)
            for case_id, path in images.items()
        ]
    labels = by_case(folder, files, layout.segmentations)
    return [
        _case(folder, case_id, path, labels.get(case_id), layout)
        for case_id, path in images.items()
    ]


def nifti_files(folder: Path) -> list[Path]:
    """All NIfTI files below `folder`, through links too, sorted; their endings may be in capitals.

    Hidden ones are what archivers and killed copies leave.
    """
    found = [
        Path(parent) / name
        for parent, _, names in os.walk(folder, followlinks=True)
        for name in names
    ]
    return sorted(filter(is_nifti_name, found))


def by_case(folder: Path, files: Iterable[Path], patterns: Iterable[str]) -> dict[str, Path]:
    """The files that match one of the patterns, by case id; raises InputError if two have the same
    id.
    """
    found: dict[str, Path] = {}
    for path in files:
        if match := _match(folder, path, patterns):
            case = match["case"]
            if case in found:
                raise InputError(
                    f"{path}: case {case} also exists as {found[case]}; let the patterns tell "
                    "them apart, or move the one that is not meant out of the folder"
                )
            found[case] = path
    return found


def images_by_case(
    folder: Path, files: Iterable[Path], images: Iterable[str], segmentations: Iterable[str]
) -> dict[str, Path]:
    """`by_case` of the images: a file that matches a pattern of segmentations is not an image."""
    others = [path for path in files if not _match(folder, path, segmentations)]
    return by_case(folder, others, images)


def _match(folder: Path, path: Path, patterns: Iterable[str]) -> re.Match | None:
    """How `path` matches the first pattern that it matches."""
    whole = with_plain_ending(path.as_posix())
    relative = with_plain_ending(path.relative_to(folder).as_posix())
    matches = (
        re.fullmatch(expression(pattern), whole if pattern.startswith("**/") else relative)
        for pattern in patterns
    )
    return next(filter(None, matches), None)


@lru_cache(maxsize=256)
def expression(pattern: str) -> str:
    """The regular expression of a pattern; its groups are `case` and `organ`."""
    named = {"{case}": "case", "{organ}": "organ"}
    known = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    parts, seen = [], set()
    for token in re.split(r"(\{case\}|\{organ\}|\*\*/|\*|\?)", pattern):
        name = named.get(token)
        if name is not None:
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>[^/]+)")
            seen.add(name)
        else:
            parts.append(known.get(token, re.escape(token)))
    return "".join(parts)


def _case(folder: Path, case_id: str, image: Path, label: Path | None, layout: Layout) -> RawCase:
    if _match(folder, image, layout.never_labelled):
        return RawCase(case_id, image, None)
    if label is None and _match(folder, image, layout.always_labelled):
        parent = image.parent.with_name(image.parent.name.replace("images", "labels"))
        label = parent / f"{case_id}{ENDING}"
    return RawCase(case_id, image, label)


def label_hash(case: RawCase) -> str:
    """The hash of a case's label; of all its masks together, if it has one per organ."""
    hashes = [source_hash(path) for path in case.files] or [""]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def source_hash(path: Path | None) -> str:
    """The hash of a raw file, "" for None; raises InputError if the file cannot be read."""
    try:
        return file_hash(path) if path else ""
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); check the file and its permissions"
        ) from error


# One mask per organ


def masks_by_case(
    folder: Path, files: Iterable[Path], segmentations: Iterable[str]
) -> dict[str, dict[str, Path]]:
    """The masks of each case, by the name that stands for {organ}."""
    found: dict[str, dict[str, Path]] = {}
    for path in files:
        if match := _match(folder, path, segmentations):
            found.setdefault(match["case"], {})[match["organ"]] = path
    return found


def _with_masks(case_id: str, image: Path, masks: dict[str, Path], layout: Layout) -> RawCase:
    """A case with the masks of all organs; without a label if one of them is missing, since an
    organ that nobody has drawn is not absent.
    """
    wanted = [(label, name) for label, names in layout.masks for name in names]
    if not all(name in masks for _, name in wanted):
        return RawCase(case_id, image, None)
    merged = tuple((label, masks[name]) for label, name in wanted)
    return RawCase(case_id, image, merged[0][1].parent, merged)


# Listed in a table


def _listed(folder: Path, table: Path) -> list[RawCase]:
    """The cases of a table with the columns case, image and label; paths are relative to it."""
    lines = read_csv(table, {"case": str, "image": str})
    lines["label"] = lines["label"] if "label" in lines else ""
    for place, line in enumerate(lines.itertuples(), start=2):
        if pd.isna(line.case) or pd.isna(line.image):
            raise InputError(f"{table}: line {place} has no case or no image; fill it or delete it")
    if lines["case"].duplicated().any():
        twice = lines["case"][lines["case"].duplicated()].iloc[0]
        raise InputError(f"{table}: case {twice} appears twice; give every case one line")
    cases = [
        RawCase(
            line.case,
            folder / line.image,
            None if pd.isna(line.label) or not line.label else folder / line.label,
        )
        for line in lines.itertuples()
    ]
    for case in cases:
        if not case.image.is_file():
            raise InputError(f"{table}: case {case.case_id}: {case.image} is not there")
    return cases


def listed_parts(raw_folder: Path, dataset: str) -> pd.DataFrame | None:
    """The columns case and split of a data set's table; None without a table or without splits."""
    layout = dataset_of(dataset).layout
    if layout.table is None:
        return None
    lines = read_csv(raw_folder / layout.table, {"case": str})
    return lines[["case", "split"]] if "split" in lines else None


# What to say where nothing is found


def _why_none(folder: Path, files: list[Path], numbers_too_high: bool, dataset: str) -> str:
    """Why no case was found, and what to do."""
    layout = dataset_of(dataset).layout
    if numbers_too_high:
        return f"contains only cases from number {layout.numbers_below} on, which are left out"
    wanted = " or ".join(layout.images)
    others = [
        name
        for name, other in DATASETS.items()
        if name != dataset and by_case(folder, files, other.layout.images)
    ]
    if others:
        fix = f"use --dataset {others[0]}, or give another folder"
        return f"no image of {dataset} found, but files named like those of {others[0]}; {fix}"
    if not files and (found := other_volumes(folder)):
        return f"no image {wanted} found but {found}; convert the scans to NIfTI first"
    return f"no image {wanted} found; check --dataset and the folder"
