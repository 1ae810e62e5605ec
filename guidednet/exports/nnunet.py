"""A split as nnU-Net (version 2) wants it, and nnU-Net's predictions back as a row of the tables.

nnU-Net itself is neither installed nor run here. Only the labels of the labelled training cases are
written: hidden labels, and those of validation and test cases, stay where they are. Predictions are
scored as a method's are: on the prepared grid of the same test cases, by the same metrics.
"""

import gzip
import shutil
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from guidednet.config import RunConfig
from guidednet.data.layouts import RawCase, find_cases
from guidednet.data.nifti import read_grid, read_image, read_label, write_label
from guidednet.data.prepare import prepare_label, read_reference
from guidednet.data.volume import Volume
from guidednet.errors import InputError, naming
from guidednet.evaluation.scores import score_case
from guidednet.report.tables.outside import outside_folder
from guidednet.runs.record import config_from_record
from guidednet.runs.store import RunStore
from guidednet.support.files import (
    check_folder,
    file_hash,
    read_json,
    write_bytes,
    write_json,
    write_text,
)
from guidednet.support.progress import Progress, silent

ENDING = ".nii.gz"
SPLIT_FILE = "guidednet.json"  # beside dataset.json: which split this is


def export_split(
    runs: RunStore, config: RunConfig, output: Path, number: int, progress: Progress = silent
) -> Path:
    """Write the split of `config` below `output` (nnUNet_raw) as Dataset<number>_<name>.

    Labelled training cases go to imagesTr and labelsTr, test images to imagesTs; ids are 0 ... K-1
    in the order of the data set, as nnU-Net wants them. `dataset.json` is written last. Returns the
    folder. Raises InputError if the folder is there or if a scan is not on disk.
    """
    folder = output / f"Dataset{number:03d}_{config.dataset}"
    if (folder / "dataset.json").exists():
        raise InputError(f"{folder}: is there already; remove it, or give another --id")
    check_folder(folder)
    split, raw = runs.identity.split(config), _raw_cases(runs, config)
    labelled = [_case(raw, case) for case in split.labelled]
    test = [_case(raw, case) for case in split.test]
    for case in progress(labelled, len(labelled)):
        _write_image(case, folder / "imagesTr")
        scan = read_image(case.image)
        label = read_reference(case, scan, config.organs)
        write_label(
            folder / "labelsTr" / f"{case.case_id}{ENDING}",
            label.data,
            scan.affine,
            like=scan.header,
        )
    for case in progress(test, len(test)):
        _write_image(case, folder / "imagesTs")
    write_json(
        folder / SPLIT_FILE, {"config": asdict(config), "test": split.test, **_counts(split)}
    )
    write_json(folder / "dataset.json", _description(config, len(labelled), runs))
    return folder


def _counts(split: Any) -> dict[str, int]:
    return {"n_labelled": len(split.labelled), "n_validation_left_out": len(split.validation)}


def _description(config: RunConfig, labelled: int, runs: RunStore) -> dict[str, Any]:
    """The dataset.json of nnU-Net, version 2."""
    organs = {organ.name: label for label, organ in config.organs.in_order}
    window = runs.workspace.data(config.dataset).prepare.hu_window
    return {
        "name": config.dataset,
        "channel_names": {"0": "CT" if window is not None else "MR"},
        "labels": {"background": 0} | organs,
        "numTraining": labelled,
        "file_ending": ENDING,
    }


def _raw_cases(runs: RunStore, config: RunConfig) -> dict[str, RawCase]:
    """The cases on disk by their ids."""
    folder = runs.workspace.raw_folder(config.dataset)
    return {case.case_id: case for case in find_cases(folder, config.dataset)}


def _case(raw: dict[str, RawCase], case: str) -> RawCase:
    if case not in raw:
        raise InputError(f"case {case}: its scan is not on disk; restore the raw data")
    return raw[case]


def _write_image(case: RawCase, folder: Path) -> None:
    """The scan as it is, compressed, under nnU-Net's name for its first channel."""
    target = folder / f"{case.case_id}_0000{ENDING}"
    if case.image.name.lower().endswith(ENDING):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(case.image, target)
    else:
        write_bytes(target, gzip.compress(case.image.read_bytes(), mtime=0))


def import_predictions(
    predictions: Path, split_folder: Path, runs: RunStore, label: str, progress: Progress = silent
) -> Path:
    """Score `predictions` (<case>.nii.gz) of the test cases of an exported split; returns a folder.

    The tables of runs on the same cases then have the row `label` "(outside)". Raises InputError if
    a prediction is missing or lies on another grid than its scan, or if the cases found here are
    not those of the split.
    """
    config, test = _exported(split_folder)
    split, cases = runs.identity.split(config), runs.identity.cases(config.dataset)
    if list(split.test) != test:
        raise InputError(
            f"{split_folder / SPLIT_FILE}: its test cases are not those found here; give its "
            "--profile, --data-root and --results"
        )
    raw = _raw_cases(runs, config)
    files = {case: predictions / f"{case}{ENDING}" for case in test}
    if missing := [path for path in files.values() if not path.is_file()]:
        raise InputError(f"{missing[0]}: no prediction of this test case; predict all of imagesTs")
    never = _never_labelled(config, cases.class_voxels(split.labelled))
    parts = []
    for case, path in progress(files.items(), len(files)):
        prediction = _prepared(path, _case(raw, case), config, runs)
        scores = score_case(
            prediction, np.asarray(cases.label(case)), cases.spacing(case), config.organs
        )
        scores["value"] = scores["value"].mask(scores["organ"].isin(never))
        parts.append(scores.assign(predictor="primary", case=case))
    folder = outside_folder(runs) / f"{_plain(label)}-{config.dataset}-{config.n_labelled}"
    stamp = {"key": runs.identity.score_key(config), "test": test}
    _write(folder, pd.concat(parts), config, label, files.values(), stamp)
    return folder


def _exported(folder: Path) -> tuple[RunConfig, list[str]]:
    """Configuration and test cases of an exported split."""
    path = folder / SPLIT_FILE
    if not path.is_file():
        raise InputError(f"{path}: no such file; give a folder that 'nnunet export' wrote")
    content = read_json(path)
    if not {"config", "test"} <= set(content):
        raise InputError(f"{path}: lacks its config or test; export the split again")
    with naming(path):
        return config_from_record(content["config"]), list(content["test"])


def _never_labelled(config: RunConfig, voxels: np.ndarray) -> list[str]:
    """The organs that no labelled case has, which the tables leave out."""
    if not config.training.omits_absent_classes:
        return []
    return [organ.name for label, organ in config.organs.in_order if voxels[label] == 0]


def _prepared(path: Path, case: RawCase, config: RunConfig, runs: RunStore) -> np.ndarray:
    """The prediction (D,H,W) on the prepared grid, resampled as reference labels are."""
    shape, affine = read_grid(case.image)
    scan = Volume(np.broadcast_to(np.uint8(0), shape), affine)
    label = read_label(path, scan, replace(config.organs, file_ids=()))
    return prepare_label(label.data, affine, runs.workspace.data(config.dataset).prepare)


def _plain(label: str) -> str:
    """`label` as the name of a folder."""
    name = "".join(sign if sign.isalnum() else "_" for sign in label).strip("_").lower()
    if not name:
        raise InputError(f"--label '{label}': has no letter or digit; give the program's name")
    return name


def _write(
    folder: Path,
    scores: pd.DataFrame,
    config: RunConfig,
    label: str,
    files: Iterable[Path],
    stamp: dict[str, Any],
) -> None:
    """Write the scores, their origin, and a record of the predictions, which comes last."""
    columns = ["predictor", "case", *(name for name in scores if name not in ("predictor", "case"))]
    write_text(folder / "scores.csv", scores[columns].to_csv(index=False))
    write_json(folder / "scores.json", stamp | {"sha256": file_hash(folder / "scores.csv")})
    record = {
        "outside": label,
        "config": asdict(config),
        "predictions": {path.name: file_hash(path) for path in files},
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_json(folder / "record.json", record)
