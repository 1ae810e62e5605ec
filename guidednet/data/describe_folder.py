"""Describes a folder of scans: finds images and labels, counts, and warns of what looks wrong."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from guidednet.data.datasets.base import Layout
from guidednet.data.datasets.description import FILE, parse
from guidednet.data.file_kinds import other_volumes
from guidednet.data.file_patterns import find_patterns
from guidednet.data.hounsfield import AIR_HU
from guidednet.data.layouts import RawCase, by_case, masks_by_case, matching_cases, nifti_files
from guidednet.data.mask_names import masks_of_organs, organs_of_masks
from guidednet.data.nifti import read_grid, read_values
from guidednet.errors import InputError, naming
from guidednet.processes.workers import in_parallel
from guidednet.support.progress import Progress, silent

MOST_IDS = 250  # a volume with more different values is an image
FEWEST_LABELLED = 3  # for a split into training, validation and test cases


@dataclass
class Found:
    """What a folder holds: the description, and sentences to print and to warn with."""

    document: dict[str, Any]
    said: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class CaseFacts:
    """What the files of one case say: `voxels` by label id, None if there is no label."""

    case_id: str
    shape: tuple[int, ...]
    spacing: tuple[float, ...]
    lowest: float
    voxels: dict[int, int] | None
    fault: str | None = None


def describe_folder(
    folder: Path,
    name: str | None = None,
    images: str | None = None,
    segmentations: str | None = None,
    labels: dict[int, str] | None = None,
    modality: str | None = None,
    workers: int = 1,
    progress: Progress = silent,
) -> Found:
    """The description of the scans of `folder`; what is not given is found out from the files.

    Raises InputError if no image is found, or if what is given cannot be a description.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "no such folder"
        raise InputError(f"{folder}: {what}; give the folder of the scans")
    files = nifti_files(folder)
    if not files:
        others = other_volumes(folder)
        found = f" but {others}" if others else ""
        raise InputError(
            f"{folder}: holds no NIfTI file (.nii.gz or .nii){found}; convert the scans first"
        )
    if images is None:
        images, found_segmentations = find_patterns(folder, files)
        segmentations = segmentations or found_segmentations
    masks = _masks(folder, files, segmentations)
    names = {name for paths in masks.values() for name in paths}
    labels = labels or organs_of_masks(names) or None
    document = _document(folder, name, images, segmentations, labels or {1: "organ"}, modality)
    if masks and (renamed := masks_of_organs(labels, names)):
        document["masks"] = renamed
    with naming(folder / FILE):  # a mistake is told before files are read
        layout = parse(document, folder.resolve().name, folder).layout
    cases = _cases(folder, files, layout)
    facts = list(progress(in_parallel(read_facts, cases, workers), len(cases)))
    found = _judged(folder, files, document, facts, labels, modality)
    found.warnings += _without_all_masks(masks, layout)
    return found


def _document(
    folder: Path,
    name: str | None,
    images: str,
    segmentations: str | None,
    labels: dict[int, str],
    modality: str | None,
) -> dict[str, Any]:
    own_name = re.sub(r"[^A-Za-z0-9_.-]+", "_", folder.resolve().name).strip("_.-") or "dataset"
    document = {
        "name": name or own_name,
        "modality": modality or "CT",
        "labels": {str(number): organ for number, organ in sorted(labels.items())},
        "images": images,
    }
    return document | ({"segmentations": segmentations} if segmentations else {})


def _masks(
    folder: Path, files: list[Path], segmentations: str | None
) -> dict[str, dict[str, Path]]:
    """The masks of each case by name; none if a case has one label map.

    Raises InputError if the pattern has {organ} and no file matches it.
    """
    if segmentations is None or "{organ}" not in segmentations:
        return {}
    masks = masks_by_case(folder, files, [segmentations])
    if not masks:
        raise InputError(f"{folder}: no file matches --segmentations '{segmentations}'")
    return masks


def _cases(folder: Path, files: list[Path], layout: Layout) -> list[RawCase]:
    """Every case by its id; raises InputError if no file matches the pattern of images."""
    cases = matching_cases(folder, files, layout)
    if not cases:
        example = files[0].relative_to(folder).as_posix()
        images = " ".join(layout.images)
        raise InputError(f"{folder}: no file matches --images '{images}'; one of them is {example}")
    return sorted(cases, key=lambda case: case.case_id)


def read_facts(case: RawCase) -> CaseFacts:
    """Reads one case; a file that cannot be used is a `fault`."""
    try:
        shape, affine = read_grid(case.image)
        spacing = tuple(np.linalg.norm(affine[:3, :3], axis=0)[::-1].round(3).tolist())
        lowest = float(read_values(case.image).min())
        voxels = None if case.label is None else _voxels(case, shape, affine)
    except InputError as error:
        return CaseFacts(case.case_id, (), (), 0.0, None, str(error))
    return CaseFacts(case.case_id, shape[::-1], spacing, lowest, voxels)


def _voxels(case: RawCase, shape: tuple[int, ...], affine: np.ndarray) -> dict[int, int]:
    """Voxels by id, of a label map or of the masks of all organs."""
    if not case.masks:
        return _ids(case.label, shape, affine)
    counts: Counter[int] = Counter()
    for label, path in case.masks:
        counts[label] += sum(_ids(path, shape, affine).values())
    return {label: count for label, count in counts.items() if count > 0}


def _ids(label: Path, shape: tuple[int, ...], affine: np.ndarray) -> dict[int, int]:
    """Voxels by id; raises InputError for a map that is not whole numbers or on another grid."""
    own_shape, own_affine = read_grid(label)
    if own_shape != shape or not np.allclose(own_affine, affine, atol=0.5):
        raise InputError(f"{label}: lies on another grid than its image; resample one to the other")
    values, counts = np.unique(read_values(label), return_counts=True)
    whole = values.round()
    if np.abs(values - whole).max() > 1e-3 or values.min() < 0:
        raise InputError(
            f"{label}: has values that are not ids, such as {values[-1]:g}; use whole ones"
        )
    return {int(value): int(count) for value, count in zip(whole, counts, strict=True) if value > 0}


# What the facts mean


def _judged(
    folder: Path,
    files: list[Path],
    document: dict[str, Any],
    facts: list[CaseFacts],
    labels: dict[int, str] | None,
    modality: str | None,
) -> Found:
    """The description with the ids that were found, and what there is to say."""
    found = Found(document)
    usable = [case for case in facts if case.fault is None]
    found.warnings += [case.fault for case in facts if case.fault is not None]
    if not usable:
        raise InputError(f"{folder}: no case can be used; {facts[0].fault}")
    labelled = [case for case in usable if case.voxels]
    voxels = Counter(number for case in labelled for number in case.voxels)
    found.said += _counts(document, usable, labelled, voxels, labels)
    found.warnings += _without_image(folder, files, document)
    if labels is None:
        document["labels"] = {str(number): f"organ {number}" for number in sorted(voxels)}
        if voxels:
            found.warnings.append("the organs have no names yet; give --labels or edit the file")
    else:
        found.warnings += _unnamed_and_empty(labels, voxels)
    if not document["labels"]:
        document["labels"] = {"1": "organ"}
        found.warnings.append("no label was found; give --segmentations and --labels")
    if modality is None and all(case.lowest >= AIR_HU for case in usable):
        document["modality"] = "MR"
        found.warnings.append(
            f"no voxel is below {AIR_HU}, so this is not taken for CT in HU; "
            "if it is, give --modality CT"
        )
    if len(labelled) < FEWEST_LABELLED:
        found.warnings.append(
            f"labelled cases: {len(labelled)}, too few to hold some out for validation and test; "
            "'guidednet train --all' still trains"
        )
    return found


def _counts(
    document: dict[str, Any],
    usable: list[CaseFacts],
    labelled: list[CaseFacts],
    voxels: Counter,
    labels: dict[int, str] | None,
) -> list[str]:
    names = {number: (labels or {}).get(number, "?") for number in sorted(voxels)}
    ids = ", ".join(f"{number} {name} in {voxels[number]}" for number, name in names.items())
    return [
        f"{len(usable)} cases, {len(labelled)} of them labelled",
        f"images {document['images']}, segmentations {document.get('segmentations', 'not found')}",
        f"ids: {ids or 'none'}",
        f"voxels (z, y, x): {_range([case.spacing for case in usable])} mm",
        f"sizes (z, y, x): {_range([case.shape for case in usable])} voxels",
    ]


def _range(values: Iterable[tuple[float, ...]]) -> str:
    columns = [sorted(column) for column in zip(*values, strict=True)]
    parts = (f"{c[0]:g}" if c[0] == c[-1] else f"{c[0]:g} to {c[-1]:g}" for c in columns)
    return " x ".join(parts)


def _without_image(folder: Path, files: list[Path], document: dict[str, Any]) -> list[str]:
    """Labels that have no image."""
    if "segmentations" not in document:
        return []
    pattern = document["segmentations"]
    if "{organ}" in pattern:
        masks = masks_by_case(folder, files, [pattern])
        labels = {case: next(iter(paths.values())).parent for case, paths in masks.items()}
    else:
        labels = by_case(folder, files, [pattern])
    lonely = sorted(set(labels) - set(by_case(folder, files, [document["images"]])))
    return [f"{labels[case]}: has no image" for case in lonely]


def _without_all_masks(masks: dict[str, dict[str, Path]], layout: Layout) -> list[str]:
    """Cases in which some organs have a mask and others none."""
    wanted = {name for _, names in layout.masks for name in names}
    lacking = {case: sorted(wanted - set(paths)) for case, paths in masks.items()}
    return [
        f"case {case} has no mask of {', '.join(names)}, so it counts as unlabelled; "
        "an empty mask says that an organ is absent"
        for case, names in lacking.items()
        if names
    ]


def _unnamed_and_empty(labels: dict[int, str], voxels: Counter) -> list[str]:
    unnamed = [number for number in sorted(voxels) if number not in labels]
    empty = [organ for number, organ in labels.items() if number not in voxels]
    said = []
    if unnamed:
        ids = ", ".join(map(str, unnamed))
        said.append(f"id {ids} has no name; add it to --labels, or preparing refuses the files")
    if empty:
        said.append(f"{', '.join(empty)}: in no labelled case; check the ids")
    return said
