"""Everything that a training run needs to go on as if it had never stopped, in one file.

The file before it is kept too. Files are torch's: ZIP archives, in which every entry has a
checksum. torch does not verify the checksums, so that a flipped bit would become a weight; this
module does.
"""

import io
import random
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from guidednet.errors import DamagedFileError, InputError
from guidednet.support.files import told_of_disk, write_bytes


def save(path: Path, state: dict[str, Any]) -> None:
    """Write `state` (tensors and plain values) to `path`; equal states give equal bytes."""
    # torch.save names the archive after its file; only a buffer without a name gives equal bytes
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_bytes(path, buffer.getvalue())


def load(path: Path) -> dict[str, Any]:
    """Read what `save` wrote, onto the CPU; nothing in the file is executed.

    Raises InputError if the file is missing, DamagedFileError if it is not as it was written.
    """
    remedy = "restore it, or delete its folder to train the run again"
    if not path.is_file():
        raise InputError(f"{path}: no such file; {remedy}")
    content = path.read_bytes()
    try:
        _check_sums(content)
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (MemoryError, torch.OutOfMemoryError):
        raise  # the file may be sound
    # a damaged file can raise any error; nothing in it has been executed
    except Exception as error:
        raise DamagedFileError(
            f"{path}: the file is damaged, or was not written by this program "
            f"({type(error).__name__}); {remedy}"
        ) from error


def _check_sums(content: bytes) -> None:
    """Raise BadZipFile if the archive `content` is cut short or an entry fails its checksum."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if damaged := archive.testzip():
            raise zipfile.BadZipFile(f"{damaged} has changed")


def previous(path: Path) -> Path:
    """The path of the checkpoint before the one at `path`."""
    return path.with_stem(f"{path.stem}.previous")


def _new(path: Path) -> Path:
    """The path of the next checkpoint until it replaces the one at `path`."""
    return path.with_stem(f"{path.stem}.new")


def _candidates(path: Path) -> list[Path]:
    """The files that a training run may go on from, in the order in which to try them."""
    return [candidate for candidate in (path, _new(path), previous(path)) if candidate.exists()]


def save_beside_previous(path: Path, state: dict[str, Any]) -> None:
    """Write `state` to `path` and keep the file that was there as the previous one.

    One of the candidates is whole at every moment.
    """
    save(_new(path), state)
    with told_of_disk(path):
        if path.exists():
            path.replace(previous(path))
        _new(path).replace(path)


def load_newest(path: Path) -> dict[str, Any] | None:
    """The state at `path`, or the next candidate's if that file is damaged or missing.

    A damaged file is reported on stderr. Returns None if there is no sound candidate.
    """
    for candidate in _candidates(path):
        try:
            return load(candidate)
        except DamagedFileError as error:
            print(
                f"{str(error).partition(';')[0]}; going on from the checkpoint before it",
                file=sys.stderr,
                flush=True,
            )
    return None


def exists(path: Path) -> bool:
    """Whether there is a checkpoint at `path`, or one beside it."""
    return bool(_candidates(path))


def remove(path: Path) -> None:
    """Remove the checkpoint at `path` and those beside it."""
    for file in _candidates(path):
        file.unlink(missing_ok=True)


def random_state(device: torch.device | str) -> dict[str, Any]:
    """The state of every generator that this process, computing on `device`, may draw from.

    These are the generators of torch, its GPU, numpy and Python.
    """
    version, keys, position, has_gauss, gauss = np.random.get_state()
    kind = torch.device(device).type
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state(device) if kind == "cuda" else None,
        "mps": torch.mps.get_rng_state() if kind == "mps" else None,
        "numpy": [version, keys.tolist(), position, has_gauss, gauss],
        "python": random.getstate(),
    }


def restore_random_state(state: dict[str, Any], device: torch.device | str) -> None:
    """Set every generator to what `random_state` returned.

    The GPU's generator is set only if both processes compute on one of the same kind.
    """
    torch.set_rng_state(state["torch"].cpu())
    kind = torch.device(device).type
    if state["cuda"] is not None and kind == "cuda":
        torch.cuda.set_rng_state(state["cuda"].cpu(), device)
    if state["mps"] is not None and kind == "mps":
        torch.mps.set_rng_state(state["mps"].cpu())
    np.random.set_state(tuple(state["numpy"]))
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))


def seed_everything(seed: int) -> None:
    """Seed every generator that training may draw from (dropout draws from torch's)."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
