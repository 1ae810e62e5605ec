"""From raw NIfTI to the case store (section 4.1 of the paper).

Turn to RAS+, clip to [-325, 325] HU, resample to 1.25 x 1.25 x 2.5 mm, map the 0.5 and 99.5
percentiles to 0 and 1. Cases are prepared in parallel; finished cases are not prepared again, so a
killed preparation resumes where it stopped. A case that cannot be used does not stop the others.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd

from guidednet.data.case_store import CaseStore, PrepareConfig, store_settings
from guidednet.data.datasets import organ_set
from guidednet.data.disk_space import check_space
from guidednet.data.layouts import RawCase, find_cases, label_hash, source_hash
from guidednet.data.nifti import Volume, read_image, read_label, read_masks
from guidednet.data.organs import OrganSet
from guidednet.data.resample import label_to_spacing, to_spacing
from guidednet.data.scan import doubts_about
from guidednet.errors import FailedError, InputError, input_error
from guidednet.processes.workers import in_parallel
from guidednet.support.files import (
    file_hash,
    read_json,
    told_of_disk,
    write_array,
    write_json,
    write_text,
)
from guidednet.support.progress import Progress, quiet, silent, tell

MOST_DOUBTS = 5  # sentences on doubtful scans that are printed


@dataclass(frozen=True)
class BrokenCase:
    """A case that cannot be used, and a sentence that says why."""

    case_id: str
    reason: str


def prepare(
    raw_folder: Path,
    store_folder: Path,
    dataset: str,
    config: PrepareConfig,
    workers: int = 1,
    progress: Progress = silent,
    only: Collection[str] | None = None,
    skip_broken: bool = False,
    say: Callable[[str], None] = quiet,
    warn: Callable[[str], None] = tell,
) -> list[BrokenCase]:
    """Prepare every case of `raw_folder`, or only those in `only`, into `store_folder`.

    `cases.csv` is written when all cases are done. With `skip_broken` it omits the cases that
    cannot be used; `broken.csv` lists them, and they are returned. `say` receives the estimate of
    the disk space, `warn` what is doubtful about scans that are used.

    Raises InputError, with one sentence for each case that cannot be used, after all others are
    prepared; also for a case store made with other settings, and for a disk that is too small or
    not writable. Raises FailedError if the disk fills up all the same.
    """
    cases = [
        case for case in find_cases(raw_folder, dataset) if only is None or case.case_id in only
    ]
    say(check_space(store_folder, cases, config))
    _claim(store_folder, dataset, config)
    job = partial(_row_or_broken, folder=store_folder / "cases", dataset=dataset, config=config)
    outcomes = sorted(
        progress(in_parallel(job, cases, workers), len(cases)), key=lambda outcome: outcome[0]
    )
    rows = [outcome for _, outcome, _ in outcomes if isinstance(outcome, dict)]
    broken = [outcome for _, outcome, _ in outcomes if isinstance(outcome, BrokenCase)]
    for doubt in shortened([doubt for *_, doubts in outcomes for doubt in doubts]):
        warn(doubt)
    _write_tables(store_folder, rows, broken, skip_broken)
    return broken


def unlabelled_organs(cases: CaseStore) -> str | None:
    """A sentence on the organs that occur in no labelled case; None if all occur, or if no case has
    a label.
    """
    if not cases.labelled_ids:
        return None
    organs = organ_set(cases.settings["dataset"])
    voxels = cases.class_voxels(cases.labelled_ids)
    missing = [organ.name for label, organ in organs.in_order if voxels[label] == 0]
    if not missing:
        return None
    dataset, number = organs.dataset, len(organs.by_label)
    return (
        f"{len(missing)} of {number} organs of {dataset} ({', '.join(missing)}) occur in no"
        f" labelled case: is this {dataset}? They are left out of training."
    )


def _row_or_broken(
    case: RawCase, folder: Path, dataset: str, config: PrepareConfig
) -> tuple[str, dict[str, Any] | BrokenCase, list[str]]:
    doubts: list[str] = []
    try:
        return case.case_id, prepare_case(case, folder, dataset, config, doubts.append), doubts
    except InputError as error:
        return case.case_id, BrokenCase(case.case_id, str(error)), []


def shortened(sentences: list[str]) -> list[str]:
    """`sentences`, each of which begins with a file, but what holds for several files only once."""
    groups: dict[str, list[str]] = {}
    for sentence in sentences:
        groups.setdefault(sentence.partition(": ")[2], []).append(sentence)
    found = [
        first if not others else f"{first} ({len(others)} more scans alike)"
        for first, *others in groups.values()
    ]
    more = len(found) - MOST_DOUBTS
    return found if more <= 0 else [*found[:MOST_DOUBTS], f"{more} more such sentences"]


def _write_tables(
    folder: Path, rows: list[dict[str, Any]], broken: list[BrokenCase], skip_broken: bool
) -> None:
    """Write cases.csv if every case is done or may be left out; otherwise remove both tables.

    Without cases.csv nothing trains, so no training misses a case unnoticed.
    """
    if broken and not (skip_broken and rows):
        for name in ("cases.csv", "broken.csv"):
            (folder / name).unlink(missing_ok=True)
        headline = (
            f"{len(broken)} of {len(rows) + len(broken)} cases cannot be used; "
            "fix them or leave them out with --skip-broken:"
        )
        raise input_error([case.reason for case in broken], headline)
    with told_of_disk(folder):
        if broken:
            write_text(folder / "broken.csv", pd.DataFrame(map(asdict, broken)).to_csv(index=False))
        else:
            (folder / "broken.csv").unlink(missing_ok=True)
        write_text(folder / "cases.csv", pd.DataFrame(rows).to_csv(index=False))


def prepare_case(
    case: RawCase,
    folder: Path,
    dataset: str,
    config: PrepareConfig,
    warn: Callable[[str], None] = quiet,
) -> dict[str, Any]:
    """Prepare one case into folder/<case id> and return its row of the case table.

    If the case is done already, its row is read back. `warn` receives what is doubtful about the
    scan. Raises InputError if it cannot be used.
    """
    done = folder / case.case_id / "case.json"
    for path in case.files:
        if not path.exists():
            raise InputError(
                f"{case.image}: the label of case {case.case_id} is missing; "
                f"add {path} or move the image away"
            )
    source = {
        "case_id": case.case_id,
        "image_sha256": source_hash(case.image),
        "label_sha256": label_hash(case),
    }
    if row := _finished_row(done, source):
        return row
    organs = organ_set(dataset)
    scan = read_image(case.image)
    for doubt in doubts_about(case.image, scan, config.hu_window):
        warn(doubt)
    label = read_reference(case, scan, organs)
    image, _ = prepare_image(scan, config)
    row = {
        "case_id": case.case_id,
        "labelled": label is not None,
        "shape": json.dumps(image.shape),
        "spacing": json.dumps(config.spacing_mm),
        "original_shape": json.dumps(scan.data.shape),
        "original_affine": json.dumps(scan.affine.round(6).tolist()),
    }
    with told_of_disk(folder):
        # before the arrays change: a kill here must not leave this row beside another source's
        done.unlink(missing_ok=True)
        write_array(done.parent / "image.npy", image.astype(np.float16))
        row |= {
            "prepared_image_sha256": file_hash(done.parent / "image.npy"),
            "prepared_label_sha256": "",
            **source,
        }
        if label is None:
            (done.parent / "label.npy").unlink(missing_ok=True)  # from a release that had one
        else:
            row |= _write_label(
                done.parent / "label.npy", prepare_label(label.data, scan.affine, config), organs
            )
        write_json(done, row)
    return row


def read_reference(case: RawCase, scan: Volume, organs: OrganSet) -> Volume | None:
    """The label map of a case on the grid of its `scan`; None if it has none."""
    if case.label is None:
        return None
    return read_masks(case.masks, scan) if case.masks else read_label(case.label, scan, organs)


def prepare_image(scan: Volume, config: PrepareConfig) -> tuple[np.ndarray, np.ndarray]:
    """The prepared image (D,H,W) and the affine (4,4) of its grid in (x,y,z) order.

    The image is float32, in [0, 1] or as z-score.
    """
    data, affine = in_ras(scan.data, scan.affine)
    image, affine = to_spacing(data, affine, config.spacing_mm[::-1], config.hu_window)
    if scale := config.z_score:
        return (np.clip(image, *scale.hu_window) - scale.mean) / scale.standard_deviation, affine
    return scale_intensity(image, config.percentiles), affine


def prepare_label(label: np.ndarray, affine: np.ndarray, config: PrepareConfig) -> np.ndarray:
    """The prepared label map (D,H,W) of `label` (X,Y,Z), which lies on a scan with `affine`."""
    return label_to_spacing(*in_ras(label, affine), config.spacing_mm[::-1])


def in_ras(data: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A volume (X,Y,Z) with its axes turned to RAS+, not copied, and its new affine."""
    orientation = nib.io_orientation(affine)
    return nib.apply_orientation(data, orientation), affine @ nib.orientations.inv_ornt_aff(
        orientation, data.shape
    )


def scale_intensity(image: np.ndarray, percentiles: tuple[float, float]) -> np.ndarray:
    """`image` with its percentiles mapped to 0 and 1 and clamped; all zeros if they coincide."""
    low, high = np.percentile(image, percentiles)
    if high <= low:
        return np.zeros_like(image)
    return np.clip((image - low) / (high - low), 0, 1)


def _finished_row(done: Path, source: dict[str, str]) -> dict[str, Any] | None:
    """The row in the file `done`.

    None if there is no such file, if it records another source, or if its arrays are missing.
    """
    row = read_json(done) if done.exists() else {}
    if not source.items() <= row.items():
        return None
    arrays = ["image.npy", "label.npy"] if row["labelled"] else ["image.npy"]
    return row if all((done.parent / name).exists() for name in arrays) else None


def _write_label(path: Path, label: np.ndarray, organs: OrganSet) -> dict[str, Any]:
    write_array(path, label)
    voxels = np.bincount(label.ravel(), minlength=organs.num_classes).tolist()
    names = ["background"] + [organ.name for _, organ in organs.in_order]
    return {"prepared_label_sha256": file_hash(path), **dict(zip(names, voxels, strict=True))}


def _claim(folder: Path, dataset: str, config: PrepareConfig) -> None:
    settings = store_settings(dataset, config)
    path = folder / "store.json"
    if path.exists() and read_json(path) != settings:
        raise InputError(
            f"{folder}: holds cases prepared with other settings ({path.name}); "
            "delete it or give an empty folder"
        )
    try:
        write_json(path, settings)
    except FailedError as error:
        raise InputError(
            f"{folder}: cannot be written ({error.__cause__.strerror}); give a writable folder"
        ) from error
