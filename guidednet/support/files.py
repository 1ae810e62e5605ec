"""Writing files whole: beside their final name, flushed to disk, then renamed."""

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from guidednet.errors import FailedError, InputError

# What a disk says that is full or broken.
OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG}


def check_file(path: Path) -> None:
    """Raise InputError where no file can be written to `path`, before what is to stand in it is
    computed.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the name of a file in it")
    check_folder(path.parent)


def check_folder(folder: Path) -> None:
    """Raise InputError where `folder` is none and cannot become one, or where this user may not
    write to it.
    """
    nearest = nearest_existing(folder)
    if not nearest.is_dir():
        raise InputError(f"{nearest}: is a file, a folder is needed; give another path")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise InputError(
            f"{nearest}: may not be written to; give another path, or change its permissions"
        )


def nearest_existing(path: Path) -> Path:
    """`path`, or the nearest folder above it that is there."""
    return next(place for place in (path, *path.absolute().parents) if place.exists())


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """A temporary path in the folder of `path` to write to; renamed to `path` at the end, removed
    on an exception.

    The temporary name ends as `path` does, for writers that look at the ending. Whatever is written
    later is not there before `path` is, even after a power cut. Raises FailedError where the disk
    is full or does not let us.
    """
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    with told_of_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        try:
            yield temporary
            _settle(temporary)
            temporary.replace(path)
            _settle(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def told_of_disk(path: Path) -> Iterator[None]:
    """Within it, a disk that cannot take `path` is one sentence: a FailedError."""
    try:
        yield
    except OSError as error:
        # numpy only tells how much it could write
        reason = error.strerror or os.strerror(errno.ENOSPC)
        raise FailedError(
            f"{path}: cannot be written ({reason}); make room or mend that, and the same command goes on"
        ) from error


def _settle(path: Path) -> None:
    """Have the disk hold a file, or the names in a folder, before anything else is done."""
    if path.is_dir() and os.name != "posix":
        return  # other systems open no folders
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # some network disks know no such thing for folders
        if not (path.is_dir() and error.errno in {errno.EINVAL, errno.ENOTSUP}):
            raise
    finally:
        os.close(descriptor)


def _remove_leftovers(path: Path) -> None:
    """Remove what killed processes left of earlier attempts to write `path`."""
    for leftover in path.parent.glob(f".*-{path.name}"):
        writer = leftover.name[1:].split("-")[0]
        if writer.isdigit() and not is_running(int(writer)):
            leftover.unlink(missing_ok=True)


def is_running(process: int) -> bool:
    """Whether `process` runs; one that has ended and waits to be collected does not."""
    try:
        os.kill(process, 0)  # signal 0 only asks
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it runs, and belongs to somebody else
    return not _has_ended(process)


def _has_ended(process: int) -> bool:
    """Whether a process has ended and only waits to be collected, where /proc tells (Linux)."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rsplit(")", 1)[1].split()[0] == "Z"


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all."""
    with written_beside(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=1) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """The dictionary that `write_json` wrote; raises InputError for a file that holds none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: is damaged, so it cannot be read as JSON; copy it again, or delete it to have it made anew"
        ) from error
    if not isinstance(value, dict):
        raise InputError(
            f"{path}: holds a {type(value).__name__} in the place of named values; copy it again, or delete it"
        )
    return value


def file_hash(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_array(path: Path, array: np.ndarray) -> None:
    """Write `array` to `path` (.npy), whole or not at all."""
    with written_beside(path) as temporary:
        np.save(temporary, array)
