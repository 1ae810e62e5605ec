"""How long trainings and notebooks took, from their records."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from guidednet.config import RunConfig
from guidednet.report.tables.captions import counted
from guidednet.runs.record import Run
from guidednet.runs.store import RunStore
from guidednet.study.rows import Row
from guidednet.support.files import read_json


def training_seconds(run: Run) -> float:
    """Seconds that the steps of a finished run took, its validations included."""
    return run.config.training.steps * run.record["seconds_per_step"]


def time_text(seconds: float) -> str:
    """A duration as a reader says it: "40 seconds", "9 minutes", "3.5 hours"."""
    for unit, size in (("hour", 3600), ("minute", 60)):
        if seconds >= size:
            number = seconds / size
            return f"{number:.1f} {unit}s" if number < 5 else f"{number:.0f} {unit}s"
    return counted([round(seconds)], "second")


def trained_in(rows: Iterable[Row], runs: RunStore) -> str:
    """A sentence on the training time of the finished runs of `rows`."""
    found = runs.finished(_configs(rows))
    if not found:
        return "None of these runs is finished."
    devices = " and ".join(dict.fromkeys(run.record["device"] for run in found))
    seconds = sum(map(training_seconds, found))
    these = "this run" if len(found) == 1 else f"these {len(found)} runs"
    return f"The training of {these} took {time_text(seconds)} ({devices}), by the records."


def minutes(configs: Iterable[RunConfig], runs: RunStore) -> float:
    """Minutes of training of the finished runs of `configs`; NaN if none is finished."""
    found = [training_seconds(run) / 60 for run in runs.finished(dict.fromkeys(configs))]
    return sum(found) if found else float("nan")


def notebook_minutes(stamp: Path) -> float:
    """Minutes that a notebook last took, from the file beside its executed copy; NaN without it."""
    seconds = read_json(stamp).get("seconds") if stamp.exists() else None
    return float("nan") if pd.isna(seconds) else seconds / 60


def _configs(rows: Iterable[Row]) -> dict[RunConfig, None]:
    return dict.fromkeys(config for row in rows for config in row.configs)
