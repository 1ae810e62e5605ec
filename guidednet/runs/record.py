"""A finished run as its folder stores it, and what any machine can make of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from guidednet.config import RunConfig, from_dict
from guidednet.errors import InputError
from guidednet.methods import Method, method_class
from guidednet.runs.weights import check_weights
from guidednet.runs.workspace import Workspace
from guidednet.support.csv_files import read_csv
from guidednet.support.files import file_hash, read_json
from guidednet.training import checkpoint
from guidednet.training.device import accelerated
from guidednet.training.loop import make_method

SCORES = {
    "predictor": str,
    "case": str,
    "organ": str,
    "metric": str,
    "value": float,
    "reference_voxels": int,
    "predicted_voxels": int,
}
# Columns of curves.csv that are not loss terms.
CLASS_WEIGHTS = "ktcps_weight_"
NO_TERMS = ("validation_dice", "gradient_norm")


@dataclass(frozen=True)
class Run:
    """A finished run: its configuration, its folder and its record.

    The record holds configuration, key, versions, time and device.
    """

    config: RunConfig
    folder: Path
    record: dict[str, Any]

    def scores(self) -> pd.DataFrame:
        """Test scores in long form.

        The columns are predictor, case, organ, metric, value (0 to 1), reference_voxels,
        predicted_voxels.
        """
        return self._table(
            "scores.csv",
            SCORES,
            self.score_stamp(),
            "delete scores.json beside it to score the run again",
        )

    def score_stamp(self) -> dict[str, Any]:
        """The origin of the scores; empty if there is no scores.json.

        `key` is a hash of code and data, `test` lists the cases, and `sha256` is the file's hash.
        """
        path = self.folder / "scores.json"
        return read_json(path) if path.exists() else {}

    def curves(self) -> pd.DataFrame:
        """Loss terms, gradient norm, class weights and validation Dice by step."""
        fix = "restore it, or delete its folder to train the run again"
        return self._table(
            "curves.csv",
            {"step": int, "validation_dice": float},
            self.record.get("curves", {}),
            fix,
        )

    def loss_terms(self) -> pd.DataFrame:
        """The weighted loss terms alone, by step."""
        return terms_of(self.curves())

    def _table(
        self, name: str, columns: dict[str, type], written: dict[str, Any], fix: str
    ) -> pd.DataFrame:
        """Read the table in the file `name`.

        Raises InputError if its hash is not the one that was `written` with it.
        """
        path = self.folder / name
        table = read_csv(path, columns)
        if file_hash(path) != written.get("sha256", file_hash(path)):
            raise InputError(f"{path}: the file has changed since it was written; {fix}")
        return table


def terms_of(curves: pd.DataFrame) -> pd.DataFrame:
    """The weighted loss terms among `curves`, by step."""
    by_step = curves.set_index("step")
    others = [
        name for name in by_step if name.startswith((CLASS_WEIGHTS, *NO_TERMS)) or "/" in name
    ]
    return by_step.drop(columns=others).dropna(how="all")


class RecordedRuns:
    """The finished runs of a folder, found by configuration alone.

    It needs no data and no code fingerprint, and trains nothing. It replaces the run store of
    `workspace` when records come from elsewhere. Of several runs with one configuration it takes
    the latest.
    """

    def __init__(self, folder: Path, workspace: Workspace | None = None) -> None:
        self.workspace = workspace
        self._runs = {
            run.config: run
            for run in sorted(finished_runs(folder), key=lambda run: run.record["finished"])
        }

    def get(self, config: RunConfig, on_missing: str = "blank") -> Run | None:
        """The run of `config`.

        If it is missing, returns None if `on_missing` is "blank" and raises InputError otherwise.
        """
        if config not in self._runs and on_missing != "blank":
            raise InputError(
                f"{config.dataset} {config.method}, seed {config.seed}: the run has no record and "
                "cannot be trained here; copy its folder here"
            )
        return self._runs.get(config)

    def finished(self, configs: Iterable[RunConfig]) -> list[Run]:
        """The runs of `configs` that have a record."""
        found = [self.get(config) for config in configs]
        return [run for run in found if run is not None]

    def failure(self, config: RunConfig) -> str | None:
        """Always None: a run that failed elsewhere left no record."""
        return None


def finished_runs(folder: Path) -> list[Run]:
    """All finished runs in a folder of run folders.

    Runs of a method or with a field that this version does not know are left out.
    """
    runs = []
    for path in sorted(folder.glob("*/record.json")):
        record = read_record(path.parent)
        try:
            runs.append(Run(config_from_record(record["config"]), path.parent, record))
        # a method that a notebook added, or another version's run: it equals no configuration here
        except InputError:
            continue
    return runs


def load_weights(config: RunConfig, path: Path) -> Method:
    """The method of `config` with the weights of `path`, ready to predict on the CPU.

    Raises InputError if the two do not fit, or if these are not the weights of the run's record.
    """
    method = with_weights(config, checkpoint.load(path), path)
    check_weights(path)
    return method


def with_weights(config: RunConfig, weights: Any, source: Path) -> Method:
    """The method of `config` with `weights`, ready to predict on the CPU.

    Raises InputError, which names `source`, if they do not fit.
    """
    try:
        method = accelerated(make_method(config), config.training, "cpu")
        method.load_state_dict(weights)
    except (RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{source}: the weights do not fit the configuration ({config.method}); "
            "copy the run again"
        ) from error
    if not all(tensor.isfinite().all() for tensor in method.state_dict().values()):
        raise InputError(f"{source}: some weights are not finite numbers; copy the run again")
    return method.eval()


def read_run(config: RunConfig, folder: Path, key: str) -> Run:
    """The finished run of `config` in `folder`.

    Raises InputError if `folder` holds another run, whose key is not `key`.
    """
    record = read_record(folder)
    if record.get("key") != key:
        fix = "move the folder away to train the run again"
        raise InputError(f"{folder / 'record.json'}: this is another run's record; {fix}")
    return Run(config, folder, record)


def read_record(folder: Path) -> dict[str, Any]:
    """The record of a finished run; raises InputError if it is missing or damaged."""
    path = folder / "record.json"
    if not path.is_file():
        raise InputError(
            f"{path}: no such file; "
            "give the folder of a finished run, such as results/runs/<name>-<key>"
        )
    record = read_json(path)
    if missing := {"config", "prepare"} - set(record):
        raise InputError(f"{path}: the record has no {min(missing)}; copy the run's folder again")
    return record


def config_from_record(values: dict[str, Any]) -> RunConfig:
    """The configuration from its JSON form (a record's "config").

    Raises InputError for a method or field that this version does not know, and for a field that is
    missing or of another type.
    """
    if not isinstance(values, dict) or not {"method", "options"} <= set(values):
        raise InputError("the configuration names no method and options; copy the file again")
    options = from_dict(method_class(str(values["method"])).Config, values["options"])
    return from_dict(RunConfig, values | {"options": options})
