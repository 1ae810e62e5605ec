"""Run folders as the run store leaves them, without a training."""

import copy
import json

import pandas as pd

from guidednet.runs.profiles import profile
from guidednet.runs.record import Run
from guidednet.runs.workspace import Workspace
from guidednet.study.rows import Row
from helpers.tiny_runs import tiny_config

RECORD = {
    "data": "d0",
    "split": {"labelled": ["l0"], "unlabelled": ["u0"], "validation": ["v0"]},
    "code": {"guidednet.losses": "c0", "guidednet.training.loop": "c1"},
    "warm_start": {"kaiming": "b0"},
    "prepare": {
        "spacing_mm": [2.5, 1.25, 1.25],
        "hu_window": [-325.0, 325.0],
        "percentiles": [0.5, 99.5],
    },
    "python": "3.11.7",
    "versions": {"torch": "2.13.0", "numpy": "2.4.6"},
    "device": "CPU, 1 thread",
    "seconds_per_step": 1.0,
    "peak_memory_gib": 1.0,
    "finished": "2026-11-25T10:00:00+00:00",
    "best_step": 4,
    "commit": "0123456789abcdef",
    "uncommitted_changes": False,
}
METRICS = ("dice", "jaccard", "nsd", "hd95", "false_positive_ml")


def liver_scores(value=0.5, reference_voxels=9):
    """Two cases with a liver."""
    lines = [
        ("primary", case, "liver", metric, value, reference_voxels, 9)
        for case in ("t0", "t1")
        for metric in METRICS
    ]
    return pd.DataFrame(
        lines,
        columns=[
            "predictor",
            "case",
            "organ",
            "metric",
            "value",
            "reference_voxels",
            "predicted_voxels",
        ],
    )


def write_run(root, config, changes=None, stamp=None, found=None):
    """A run folder as the run store leaves it; `changes` (dotted names) are made to the record,
    `stamp` to scores.json.
    """
    record = copy.deepcopy(RECORD) | {"config": json.loads(json.dumps(vars(config), default=vars))}
    record["code"][f"guidednet.methods.{config.method}"] = f"own file of {config.method}"
    for name, value in (changes or {}).items():
        *parents, last = name.split("/")
        place = record
        for parent in parents:
            place = place[parent]
        place[last] = value
    folder = root / f"{config.method}-{config.training.steps}-{config.seed}"
    folder.mkdir(parents=True)
    (folder / "record.json").write_text(json.dumps(record))
    (folder / "scores.json").write_text(
        json.dumps({"key": "s0", "test": ["t0", "t1"]} | (stamp or {}))
    )
    (liver_scores() if found is None else found).to_csv(folder / "scores.csv", index=False)
    return Run(config, folder, record)


def write_mixed_rows(folder):
    """Two rows in a folder of records, on two devices, one of which warns."""
    write_run(folder / "runs", tiny_config("cps"))
    write_run(
        folder / "runs",
        tiny_config("guidednet"),
        {"device": "NVIDIA H100", "warnings": ["50 % of a_b & {c} ~ x^2"]},
    )
    return [Row("CPS", (tiny_config("cps"),)), Row("GuidedNet", (tiny_config("guidednet"),))]


def workspace(folder):
    return Workspace(profile("smoke"), folder / "data", folder, folder / "figures")
