"""A finished run as its folder holds it, and what can be made of it on any machine."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from guidednet.config import RunConfig, from_dict
from guidednet.errors import InputError
from guidednet.methods import Method, method_class
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
# Columns of curves.csv that are no loss term.
CLASS_WEIGHTS = "ktcps_weight_"
NO_TERMS = ("validation_dice", "gradient_norm")


@dataclass(frozen=True)
class Run:
    """A finished run: its configuration, its folder and its record (configuration, key, versions,
    time, device).
    """

    config: RunConfig
    folder: Path
    record: dict[str, Any]

    def scores(self) -> pd.DataFrame:
        """Test scores in long form: predictor, case, organ, metric, value (0 to 1),
        reference_voxels, predicted_voxels.
        """
        return self._table(
            "scores.csv",
            SCORES,
            self.score_stamp(),
            "delete scores.json beside it and the run is scored again",
        )

    def score_stamp(self) -> dict[str, Any]:
        """What made the scores: `key`, a hash of code and data, `test`, the cases, and the file's
        `sha256`; empty where there is none.
        """
        path = self.folder / "scores.json"
        return read_json(path) if path.exists() else {}

    def curves(self) -> pd.DataFrame:
        """Loss terms, norm of the gradient, class weights and validation Dice by step."""
        fix = "restore it, or delete its folder and the run is trained again"
        return self._table(
            "curves.csv",
            {"step": int, "validation_dice": float},
            self.record.get("curves", {}),
            fix,
        )

    def loss_terms(self) -> pd.DataFrame:
        """The weighted loss terms alone, by step."""
        curves = self.curves().set_index("step")
        return curves[
            [column for column in curves if not column.startswith((CLASS_WEIGHTS, *NO_TERMS))]
        ].dropna(how="all")

    def _table(
        self, name: str, columns: dict[str, type], written: dict[str, Any], fix: str
    ) -> pd.DataFrame:
        """The table in the file `name`; raises InputError where it has another hash than it was
        `written` with.
        """
        path = self.folder / name
        table = read_csv(path, columns)
        if file_hash(path) != written.get("sha256", file_hash(path)):
            raise InputError(f"{path}: has changed since it was written; {fix}")
        return table


class RecordedRuns:
    """The finished runs of a folder, found by their configuration alone: no data, no code
    fingerprint, nothing is trained.

    It stands in for a run store of `workspace` where records have come from elsewhere; of several of one
    configuration the latest counts.
    """

    def __init__(self, folder: Path, workspace: Workspace | None = None) -> None:
        self.workspace = workspace
        self._runs = {
            run.config: run
            for run in sorted(finished_runs(folder), key=lambda run: run.record["finished"])
        }

    def get(self, config: RunConfig, on_missing: str = "blank") -> Run | None:
        """The run of `config`; where there is none, None, or InputError where `on_missing` is not
        "blank".
        """
        if config not in self._runs and on_missing != "blank":
            raise InputError(
                f"no record of {config.dataset} {config.method}, seed {config.seed}; it cannot be trained here"
            )
        return self._runs.get(config)

    def finished(self, configs: Iterable[RunConfig]) -> list[Run]:
        """The runs of `configs` that there are."""
        found = [self.get(config) for config in configs]
        return [run for run in found if run is not None]

    def failure(self, config: RunConfig) -> str | None:
        """None: what failed elsewhere left no record."""
        return None


def finished_runs(folder: Path) -> list[Run]:
    """All finished runs in a folder of run folders, but those of a method or a field that this
    version does not know.
    """
    runs = []
    for path in sorted(folder.glob("*/record.json")):
        record = read_record(path.parent)
        try:
            runs.append(Run(config_from_record(record["config"]), path.parent, record))
        # a method that a notebook added, or another version's run: no configuration asked for here
        # is equal to it
        except InputError:
            continue
    return runs


def load_weights(config: RunConfig, path: Path) -> Method:
    """The method of `config` with the weights of `path`, ready to predict on the CPU; raises
    InputError where the two do not fit.
    """
    return with_weights(config, checkpoint.load(path), path)


def with_weights(config: RunConfig, weights: Any, source: Path) -> Method:
    """The method of `config` with `weights`, ready to predict on the CPU; raises InputError, naming
    `source`, where they do not fit.
    """
    try:
        method = accelerated(make_method(config), config.training, "cpu")
        method.load_state_dict(weights)
    except (RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{source}: its weights are not those of its configuration ({config.method}); copy the run again"
        ) from error
    if not all(tensor.isfinite().all() for tensor in method.state_dict().values()):
        raise InputError(f"{source}: has weights that are not finite numbers; copy the run again")
    return method.eval()


def read_run(config: RunConfig, folder: Path, key: str) -> Run:
    """The finished run of `config` in `folder`; raises InputError where another run lies there."""
    record = read_record(folder)
    if record.get("key") != key:
        fix = "move the folder away and the run is trained again"
        raise InputError(f"{folder / 'record.json'}: is another run's record; {fix}")
    return Run(config, folder, record)


def read_record(folder: Path) -> dict[str, Any]:
    """The record of a finished run; raises InputError where `folder` holds none, or a damaged one."""
    path = folder / "record.json"
    if not path.is_file():
        raise InputError(
            f"{path}: not there; give the folder of a finished run, such as results/runs/<name>-<key>"
        )
    record = read_json(path)
    if missing := {"config", "prepare"} - set(record):
        raise InputError(f"{path}: has no {min(missing)}; copy the run's folder again")
    return record


def config_from_record(values: dict[str, Any]) -> RunConfig:
    """The configuration from its JSON form (a record's "config").

    Raises InputError for a method or field that this version does not know, or that is missing or
    of another type.
    """
    if not isinstance(values, dict) or not {"method", "options"} <= set(values):
        raise InputError("the configuration names no method and options")
    options = from_dict(method_class(str(values["method"])).Config, values["options"])
    return from_dict(RunConfig, values | {"options": options})
