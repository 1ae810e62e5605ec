"""`train`: one run from Python, as `guidednet train` makes it."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from guidednet.config import RunConfig
from guidednet.data.datasets import resolve
from guidednet.data.partitions import ALL, SPLIT
from guidednet.errors import InputError, one_of
from guidednet.runs.environment import home
from guidednet.runs.profiles import default_percent
from guidednet.runs.record import Run, config_from_record
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace, open_workspace
from guidednet.training.device import device_of


def train(
    method: str,
    dataset: str | Path = "flare22",
    *,
    profile: str = "quick",
    ratio: float | None = None,
    seed: int = 0,
    all_cases: bool = False,
    steps: int | None = None,
    data_root: str | Path | None = None,
    results: str | Path | None = None,
    gpus: int = 0,
    processes: int = 1,
    **fields: Any,
) -> Run:
    """Train one method, or go on with its run, or read it if it is finished.

    `dataset` is a known name or the folder of a dataset.json. `ratio` is the labelled share of the
    training cases in percent (default: 10 for the paper's data sets, else every case that has a
    label); `all_cases` trains on every case and holds out none. `fields` change the configuration
    of the profile: optimiser={"learning_rate": 0.03}, options={"lambda_g": 0.1},
    batch={"crop": (16, 32, 32)}, initialisation="xavier" (guidednet.config.RunConfig). A script
    that calls this must do so below `if __name__ == "__main__":`.

    Raises InputError for an unknown method, data set, profile or field, and NonFiniteLossError if
    the training diverges.
    """
    folder = Path(data_root or os.environ.get("DATA_DIR") or home() / "data")
    known = resolve(str(dataset), folder)
    workspace = open_workspace(profile, data_root, results, steps)
    wanted = _percent(workspace, known.name, ratio, all_cases)
    partition = ALL if all_cases else SPLIT
    config = workspace.run(known.name, method, wanted, seed, partition)
    runs = RunStore(workspace, device_of(gpus), processes=max(gpus, processes))
    return runs.get(with_fields(config, fields))


def _percent(
    workspace: Workspace, dataset: str, ratio: float | None, all_cases: bool
) -> float | None:
    """The labelled share in percent; None for every case as it is."""
    if ratio == 100:
        raise InputError("ratio 100: no training case would be unlabelled; give a share below 100")
    if ratio is None and not all_cases:
        return default_percent(workspace.profile, dataset)
    return ratio


def with_fields(config: RunConfig, fields: dict[str, Any]) -> RunConfig:
    """`config` with other values: those of a part, such as `optimiser`, as a dictionary.

    Raises InputError for an unknown field and for a value of another type.
    """
    values = asdict(config)
    for name, value in fields.items():
        one_of("field", name, values)
        is_part = isinstance(values[name], dict) and isinstance(value, dict)
        values[name] = values[name] | value if is_part else value
    return config_from_record(values)
