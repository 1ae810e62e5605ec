"""A trained run as one portable file: weights, configuration, preparation, label names.

Reading the file executes nothing in it (torch's weights_only), so that a file from a stranger can
do no harm.
"""

import json
import reprlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from guidednet.config import RunConfig, from_dict
from guidednet.data.case_store import PrepareConfig
from guidednet.data.datasets import DATASETS, dataset_of, register
from guidednet.data.datasets.description import parse
from guidednet.errors import InputError, naming
from guidednet.methods import Method, find_method, is_known
from guidednet.runs.record import config_from_record, load_weights, read_record, with_weights
from guidednet.support.files import check_file, file_hash
from guidednet.training import checkpoint
from guidednet.training.state import copy_weights

FORMAT, VERSION = "guidednet model", 1


@dataclass(frozen=True)
class Model:
    """A trained method ready to predict, with its configuration and its images' preparation."""

    method: Method
    config: RunConfig
    prepare: PrepareConfig


def export(run_folder: Path, output: Path) -> None:
    """Write the run of `run_folder` as one file.

    Raises InputError if the folder holds no finished run.
    """
    check_file(output)
    record = read_record(run_folder)
    config, _ = settings_of(record, run_folder / "record.json")
    method = load_weights(config, run_folder / "weights.pt")
    content = {
        "format": FORMAT,
        "version": VERSION,
        "key": record.get("key", ""),
        "config": record["config"],
        "prepare": record["prepare"],
        "method_from": record.get("method_from"),
        "dataset": json.loads(dataset_of(config.dataset).document),
        "weights": copy_weights(method),
    }
    checkpoint.save(output, content)


def load_model(path: Path | str) -> Model:
    """Load the model of a run folder or of an exported file onto the CPU.

    Raises InputError for a path that is neither, for a damaged file, and for one that another
    version of the format wrote.
    """
    path = Path(path)
    if path.is_dir():
        config, prepare = settings_of(read_record(path), path / "record.json")
        return Model(load_weights(config, path / "weights.pt"), config, prepare)
    content = _read(path)
    config, prepare = settings_of(content, path)
    return Model(with_weights(config, content["weights"], path), config, prepare)


def use_method_file(file: Path, model: Path) -> str | None:
    """Make the method of `model`, a run folder or an exported file, known from `file`.

    Returns a sentence if the file is not the one of the training. Raises InputError if the model's
    method is one of this package, or if the file lacks its class.
    """
    content = read_record(model) if model.is_dir() else _read(model)
    written = content.get("method_from")
    if not written:
        raise InputError(f"--method-file {file}: the method of {model} needs none; leave it out")
    find_method(f"{file}:{written['class']}")
    if file_hash(file) == written["sha256"]:
        return None
    return f"{file} is not the file that {model} was trained with, but another version of it"


def settings_of(content: dict[str, Any], path: Path) -> tuple[RunConfig, PrepareConfig]:
    """Configuration and preparation of a record or an exported model.

    Raises InputError, which names `path`, if they are not valid.
    """
    with naming(path):
        _refuse_missing_method(content)
        config = config_from_record(content["config"])
        _know(config.dataset, content.get("dataset"))
        return config, from_dict(PrepareConfig, content["prepare"])


def _refuse_missing_method(content: dict[str, Any]) -> None:
    """Raise InputError if the model's method is from outside the package and not known here.

    Its file is not looked for, because importing it would execute what a stranger may have written.
    """
    config, known_from = content["config"], content.get("method_from")
    name = str(config.get("method")) if isinstance(config, dict) else ""
    if known_from and not is_known(name):
        raise InputError(
            f"its method '{name}' is the class {known_from['class']} of {known_from['file']}, which"
            f" is not known here; give that file by --method-file, or name it in EXTRA_METHODS"
        )


def _know(name: str, document: dict[str, Any] | None) -> None:
    """Make the data set of a model known here: by its own description, if it carries one.

    Raises InputError if it carries none and this installation does not know it, or knows another
    data set with other labels by this name.
    """
    if document is None:
        dataset_of(name)
    else:
        known = DATASETS.get(name)
        described = parse(document, name)
        register(replace(described, folder=known.folder) if known is not None else described)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(
            f"{path}: no such file or folder; give a run folder or a file from guidednet export"
        )
    try:
        content = checkpoint.load(path)
    # a damaged file can raise any error; nothing in it has been executed
    except Exception as error:
        raise InputError(
            f"{path}: the file is damaged, or is not an exported model ({type(error).__name__}); "
            "export it again"
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(
            f"{path}: the file is not an exported model; make one with guidednet export"
        )
    if missing := {"version", "config", "prepare", "weights"} - set(content):
        raise InputError(f"{path}: the model lacks its {min(missing)}; export it again")
    if content["version"] != VERSION:
        version = reprlib.repr(content["version"])
        raise InputError(
            f"{path}: the model has version {version}, not {VERSION}; "
            "update guidednet to read a newer version, or export it again"
        )
    return content
