"""A trained run as one file that predicts on another machine: weights, configuration, preparation, label names.

The file is read without executing anything in it (torch's weights_only), so that one from a stranger can do no harm.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guidednet import checkpoint
from guidednet.config import RunConfig, from_dict
from guidednet.errors import InputError
from guidednet.methods import Method
from guidednet.organs import organ_set
from guidednet.records import config_from_record, load_weights, read_record
from guidednet.store import PrepareConfig
from guidednet.train import make_method

FORMAT, VERSION = "guidednet model", 1


@dataclass(frozen=True)
class Model:
    """A trained method ready to predict, with its configuration and the preparation that its images need."""

    method: Method
    config: RunConfig
    prepare: PrepareConfig


def export(run_folder: Path, output: Path) -> None:
    """Write the run of `run_folder` as one file; raises InputError where the folder holds no finished run."""
    record = read_record(run_folder)
    organs = organ_set(record["config"]["dataset"])
    content = {
        "format": FORMAT,
        "version": VERSION,
        "key": record["key"],
        "config": record["config"],
        "prepare": record["prepare"],
        "labels": {label: organ.name for label, organ in organs.by_label.items()},
        "weights": checkpoint.load(run_folder / "weights.pt"),
    }
    checkpoint.save(output, content)


def load_model(path: Path) -> Model:
    """The model of a run folder or of an exported file, on the CPU.

    Raises InputError for what is neither, for a damaged file, and for one that a newer version wrote.
    """
    if path.is_dir():
        record = read_record(path)
        config = config_from_record(record["config"])
        return Model(load_weights(config, path / "weights.pt"), config, from_dict(PrepareConfig, record["prepare"]))
    content = _read(path)
    config = config_from_record(content["config"])
    method = make_method(config)
    method.load_state_dict(content["weights"])
    return Model(method.eval(), config, from_dict(PrepareConfig, content["prepare"]))


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{path}: no such file or folder; give a run folder or a file made by guidednet export")
    try:
        content = checkpoint.load(path)
    except Exception as error:  # torch raises whatever the damage leads to; nothing in the file has been executed
        raise InputError(f"{path}: is no exported model, or damaged ({type(error).__name__}); export it again") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"{path}: holds no exported model; make one with guidednet export")
    if content["version"] > VERSION:
        raise InputError(f"{path}: was written by a newer version of guidednet; update guidednet or export it again")
    return content
