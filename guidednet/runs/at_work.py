"""The trainings that are at work now, as the files in their run folders tell."""

import platform
import time
from pathlib import Path
from typing import Any

import pandas as pd

from guidednet.errors import InputError
from guidednet.support.files import is_running, read_json
from guidednet.support.locks import is_held
from guidednet.training import checkpoint
from guidednet.training.journal import STATUS

SILENT_AFTER = 600.0  # seconds without a look, of a training on another machine
COLUMNS = ("run", "state", "step", "best Dice (%)", "s/step", "time left")


def status_table(folders: list[Path]) -> pd.DataFrame:
    """One line per run of `folders` that is at work, or was when it was killed."""
    lines = [line for path in folders if (line := _line(path)) is not None]
    return pd.DataFrame(lines, columns=list(COLUMNS)).fillna("")


def stopped(folders: list[Path]) -> list[Path]:
    """Those of the run `folders` that have a checkpoint and no record, and are not at work."""
    return [path for path in folders if _is_half_done(path) and _line(path) is None]


def run_folders(results: Path, name: str | None = None) -> list[Path]:
    """The run folders in `results`, or the one called `name`, which may also be its path.

    Raises InputError if there is no such folder.
    """
    runs = results / "runs"
    if name is None:
        return sorted(path for path in runs.glob("*") if path.is_dir())
    for path in (Path(name), runs / name):
        if path.is_dir():
            return [path]
    raise InputError(
        f"{name}: no such run folder, here or in {runs}; `guidednet status` lists those at work"
    )


def _status(path: Path) -> dict[str, Any] | None:
    """The content of a status file; None if there is none (any more)."""
    try:
        return read_json(path)
    except FileNotFoundError:
        return None


def _is_half_done(folder: Path) -> bool:
    recorded = (folder / "record.json").exists()
    return not recorded and checkpoint.exists(folder / "checkpoint.pt")


def _line(folder: Path) -> dict[str, Any] | None:
    """What is known of a run that is at work; None of any other."""
    status = _status(folder / STATUS)
    if status is not None:
        return _line_of_training(folder.name, status)
    if _is_half_done(folder) and is_held(folder / "lock"):
        return {"run": folder.name, "state": "at work: scores"}
    return None


def _line_of_training(name: str, status: dict[str, Any]) -> dict[str, Any]:
    dice, pace = status["best_validation_dice"], status["seconds_per_step"]
    left = "" if pace is None else duration(pace * (status["steps"] - status["step"]))
    return {
        "run": name,
        "state": _state(status),
        "step": f"{status['step']}/{status['steps']}",
        "best Dice (%)": "" if dice is None else f"{100 * dice:.2f} at {status['best_step']}",
        "s/step": "" if pace is None else f"{pace:.3g}",
        "time left": left,
    }


def _state(status: dict[str, Any]) -> str:
    """Whether the training is at work.

    On this machine its process tells; of another one only the time of its last look is known.
    """
    if status["machine"] == platform.node():
        return "at work" if is_running(status["process"]) else "killed"
    silent = time.time() - status["updated"]
    where = f"on {status['machine']}"
    return f"at work {where}" if silent < SILENT_AFTER else f"silent for {duration(silent)} {where}"


def duration(seconds: float) -> str:
    """`seconds` in the two largest units, such as "3 h 20 min"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
    first = next((place for place, (number, _) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2])
