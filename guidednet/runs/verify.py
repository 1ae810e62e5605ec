"""Whether a finished run is as it was recorded: key, weights, curves, scores."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guidednet.errors import InputError
from guidednet.runs.fingerprint import hash_of
from guidednet.runs.identity import KEY_PARTS, training_code
from guidednet.runs.model_file import load_model
from guidednet.runs.record import read_record
from guidednet.support.files import file_hash, read_json

HOLDS = "as recorded"
# What is said of a part that an older version did not record.
UNKNOWN = "not recorded, as an older version wrote the record"


@dataclass(frozen=True)
class Finding:
    """A part of a run, what was found, and whether that is a fault."""

    part: str
    found: str
    is_fault: bool = False


def verify(folder: Path) -> list[Finding]:
    """What holds of the finished run in `folder`, part by part.

    Raises InputError if the folder holds no finished run.
    """
    record = read_record(folder)
    return [
        _key(folder, record),
        *_weights(folder, record),
        _model(folder),
        _file(folder / "curves.csv", record.get("curves", {}).get("sha256")),
        _scores(folder),
        _code(record),
    ]


def _key(folder: Path, record: dict[str, Any]) -> Finding:
    """Whether the key is that of the record's own parts, and of the folder."""
    if missing := {"key", *KEY_PARTS} - set(record):
        return Finding("record.json", f"{min(missing)} is {UNKNOWN}")
    if hash_of({name: record[name] for name in KEY_PARTS})[:16] != record["key"]:
        fault = "its key is not that of its configuration, data and code, so that it was changed"
        return Finding("record.json", fault, True)
    if not folder.resolve().name.endswith(record["key"]):
        return Finding("record.json", f"{HOLDS}, in a folder with another name than its key")
    return Finding("record.json", f"{HOLDS}, key {record['key']}")


def _weights(folder: Path, record: dict[str, Any]) -> list[Finding]:
    """Whether every file of weights has the recorded hash."""
    if record.get("weights") is None:
        return [Finding("weights.pt", UNKNOWN)]
    return [_file(folder / name, sha256) for name, sha256 in record["weights"].items()]


def _file(path: Path, sha256: str | None) -> Finding:
    """Whether a file has the recorded hash."""
    name = path.name
    if not path.is_file():
        return Finding(name, "is missing", True)
    if sha256 is None:
        return Finding(name, UNKNOWN)
    holds = file_hash(path) == sha256
    return Finding(name, HOLDS if holds else "has changed since it was recorded", not holds)


def _model(folder: Path) -> Finding:
    """Whether the weights fit the configuration; their hash is another finding."""
    try:
        load_model(folder)
    except InputError as error:
        return Finding("model", str(error).partition("; ")[0], True)
    return Finding("model", "the weights fit the configuration")


def _scores(folder: Path) -> Finding:
    """Whether the scores are those that were written with their origin."""
    if not (folder / "scores.json").is_file():
        return Finding("scores.csv", "the run has no scores", True)
    return _file(folder / "scores.csv", read_json(folder / "scores.json").get("sha256"))


def _code(record: dict[str, Any]) -> Finding:
    """Whether the present code would train the same weights."""
    changed = changed_code(record)
    if not changed:
        return Finding("code", "the present code is that of the record")
    few = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
    return Finding("code", f"has changed since ({few}), so that training again may differ")


def changed_code(record: dict[str, Any]) -> list[str]:
    """The modules in which the present code that can change a weight differs from the record's."""
    before = record.get("code", {})
    try:
        now = training_code(record["config"]["method"])
    except InputError:
        return [f"method {record['config']['method']}"]
    names = sorted(set(before) | set(now))
    return [name for name in names if before.get(name) != now.get(name)]


def as_recorded(value: Any) -> Any:
    """`value` as it is read from a record: tuples are lists there."""
    return json.loads(json.dumps(value))
