"""From raw NIfTI to the case store (section 4.1 of the paper, 1.8 of what this project holds to).

RAS+, clip to [-325, 325] HU, resample to 1.25 x 1.25 x 2.5 mm, 0.5 and 99.5 percentiles to 0 and 1. Cases are
prepared in parallel; a case that is done is not done again, and a killed preparation goes on where it was.
"""

import hashlib
import json
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import torchio

from guidednet.errors import InputError
from guidednet.files import read_json, write_array, write_json, write_text
from guidednet.layouts import RawCase, find_cases
from guidednet.nifti import Volume, read_image, read_label
from guidednet.organs import OrganSet, organ_set
from guidednet.parallel import in_parallel
from guidednet.progress import Progress, silent
from guidednet.store import PrepareConfig, store_settings


def prepare(
    raw_folder: Path,
    store_folder: Path,
    dataset: str,
    config: PrepareConfig,
    workers: int = 1,
    progress: Progress = silent,
    only: Collection[str] | None = None,
) -> None:
    """Prepare every case of `raw_folder`, or those of `only`, into `store_folder`; `cases.csv` is written when all are done.

    Raises InputError for the first case that cannot be used, and for a store made with other settings.
    """
    cases = [case for case in find_cases(raw_folder, dataset) if only is None or case.case_id in only]
    _claim(store_folder, dataset, config)
    job = partial(prepare_case, folder=store_folder / "cases", dataset=dataset, config=config)
    rows = list(progress(in_parallel(job, cases, workers), len(cases)))
    table = pd.DataFrame(sorted(rows, key=lambda row: row["case_id"]))
    write_text(store_folder / "cases.csv", table.to_csv(index=False))


def prepare_case(case: RawCase, folder: Path, dataset: str, config: PrepareConfig) -> dict[str, Any]:
    """Prepare one case into folder/<case id>; returns its row of the case table, read back where it is done already."""
    done = folder / case.case_id / "case.json"
    source = {"image_sha256": file_hash(case.image), "label_sha256": file_hash(case.label) if case.label else ""}
    if row := _finished_row(done, source):
        return row
    organs = organ_set(dataset)
    scan = read_image(case.image)
    label = read_label(case.label, scan, organs) if case.label else None
    image, affine = prepare_image(scan, config)
    done.unlink(missing_ok=True)  # before its arrays change, or a kill here would leave it beside another source's
    write_array(done.parent / "image.npy", image.astype(np.float16))
    row = {
        "case_id": case.case_id,
        "labelled": label is not None,
        "shape": json.dumps(image.shape),
        "spacing": json.dumps(config.spacing_mm),
        "original_shape": json.dumps(scan.data.shape),
        "original_affine": json.dumps(scan.affine.round(6).tolist()),
        "prepared_image_sha256": file_hash(done.parent / "image.npy"),
        "prepared_label_sha256": "",
        **source,
    }
    if label is None:
        (done.parent / "label.npy").unlink(missing_ok=True)  # of a release that had one
    else:
        row |= _write_label(done.parent / "label.npy", label, image.shape, affine, organs)
    write_json(done, row)
    return row


def prepare_image(scan: Volume, config: PrepareConfig) -> tuple[np.ndarray, np.ndarray]:
    """The prepared image (D,H,W), float32 in [0, 1], and the affine (4,4) of its grid in (x,y,z) order."""
    low, high = config.hu_window
    # Shifted so that 0, which resampling puts beyond the scan's edge, is the window's lower end.
    clipped = np.clip(scan.data, low, high) - low
    image = torchio.ScalarImage(tensor=torch.from_numpy(clipped[None]), affine=scan.affine)
    resample = torchio.Resample(config.spacing_mm[::-1], image_interpolation="bspline")
    prepared = resample(torchio.ToCanonical()(image))
    return scale_intensity(prepared.data[0].numpy().transpose(2, 1, 0), config.percentiles), prepared.affine


def scale_intensity(image: np.ndarray, percentiles: tuple[float, float]) -> np.ndarray:
    """`image` with its percentiles at 0 and 1, clamped to [0, 1]; all zeros where they coincide."""
    low, high = np.percentile(image, percentiles)
    if high <= low:
        return np.zeros_like(image)
    return np.clip((image - low) / (high - low), 0, 1)


def to_grid(label: np.ndarray, affine: np.ndarray, shape: tuple[int, ...], target: np.ndarray) -> np.ndarray:
    """A label map (D,H,W) on a grid with `affine`, as (X,Y,Z) of `shape` on the grid with affine `target`; nearest voxel."""
    tensor = torch.from_numpy(np.ascontiguousarray(label.transpose(2, 1, 0))[None])
    image = torchio.LabelMap(tensor=tensor, affine=affine)
    return torchio.Resample((tuple(shape), target))(image).data[0].numpy()


def file_hash(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _finished_row(done: Path, source: dict[str, str]) -> dict[str, Any] | None:
    """The row in `done`, where it stands, is of `source` and has its arrays beside it."""
    row = read_json(done) if done.exists() else {}
    if not source.items() <= row.items():
        return None
    arrays = ["image.npy", "label.npy"] if row["labelled"] else ["image.npy"]
    return row if all((done.parent / name).exists() for name in arrays) else None


def _write_label(path: Path, label: Volume, shape: tuple[int, ...], affine: np.ndarray, organs: OrganSet) -> dict[str, Any]:
    prepared = to_grid(label.data.transpose(2, 1, 0), label.affine, shape[::-1], affine).transpose(2, 1, 0)
    write_array(path, np.ascontiguousarray(prepared))
    voxels = np.bincount(prepared.ravel(), minlength=organs.num_classes).tolist()
    names = ["background"] + [organs.by_label[value].name for value in range(1, organs.num_classes)]
    return {"prepared_label_sha256": file_hash(path), **dict(zip(names, voxels, strict=True))}


def _claim(folder: Path, dataset: str, config: PrepareConfig) -> None:
    settings = store_settings(dataset, config)
    path = folder / "store.json"
    if path.exists() and read_json(path) != settings:
        raise InputError(f"{folder}: holds cases prepared with other settings ({path.name}); give an empty folder or delete it")
    write_json(path, settings)
