"""Write files atomically: under a temporary name, flushed to disk, then renamed."""

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

ON_WINDOWS = os.name == "nt"
# Error numbers of a full or broken disk.
OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG}


def check_file(path: Path) -> None:
    """Raise InputError if no file can be written to `path`, before its content is computed."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the name of a file in it")
    check_folder(path.parent)


def check_folder(folder: Path) -> None:
    """Raise InputError if `folder` cannot be a folder that this user may write to."""
    nearest = nearest_existing(folder)
    if not nearest.is_dir():
        raise InputError(f"{nearest}: is a file, not a folder; give another path")
    if not is_writable(nearest):
        raise InputError(f"{nearest}: is not writable; give another path or change its permissions")


def listed_paths(text: str) -> list[str]:
    """The paths in a text that separates them by commas; names that exist may have commas too."""
    parts, paths = text.split(","), []
    while parts:
        ends = range(len(parts), 0, -1)
        known = (end for end in ends if Path(",".join(parts[:end]).strip() or "/no").exists())
        end = next(known, 1)
        paths.append(",".join(parts[:end]).strip())
        parts = parts[end:]
    return [path for path in paths if path]


def is_writable(folder: Path) -> bool:
    """Whether this user may write to `folder`, or create it."""
    return os.access(nearest_existing(folder), os.W_OK | os.X_OK)


def nearest_existing(path: Path) -> Path:
    """`path`, or the nearest folder above it that exists."""
    return next(place for place in (path, *path.absolute().parents) if place.exists())


@contextmanager
def written_beside(path: Path, flushed: bool = True) -> Iterator[Path]:
    """A temporary path in the folder of `path` to write to; it is renamed to `path` at the end.

    The temporary file is removed on an exception. Its name ends as `path` does, for writers that
    look at the ending. If it is `flushed`, `path` is on disk before anything that is written later,
    even if the power fails. Raises FailedError if the disk is full or cannot be written to.
    """
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    with told_of_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        try:
            yield temporary
            if flushed:
                _settle(temporary)
            temporary.replace(path)
            if flushed:
                _settle(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def told_of_disk(path: Path) -> Iterator[None]:
    """Turn an OSError inside the block into a FailedError that names `path` and the reason."""
    try:
        yield
    except OSError as error:
        # numpy raises without a reason when the disk is full
        reason = error.strerror or os.strerror(errno.ENOSPC)
        raise FailedError(
            f"{path}: cannot be written ({reason}); make room or fix the cause, then run the same "
            "command again to go on"
        ) from error


def _settle(path: Path) -> None:
    """Flush a file, or the names in a folder, to disk before anything else is done."""
    if path.is_dir() and ON_WINDOWS:
        return  # it cannot open folders
    # Windows flushes only what is open for writing, and nobody can open a folder for that
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # some network disks cannot flush folders
        if not (path.is_dir() and error.errno in {errno.EINVAL, errno.ENOTSUP}):
            raise
    finally:
        os.close(descriptor)


def _remove_leftovers(path: Path) -> None:
    """Remove temporary files that killed processes left while writing `path`."""
    for leftover in path.parent.glob(f".*-{path.name}"):
        writer = leftover.name[1:].split("-")[0]
        if writer.isdigit() and not is_running(int(writer)):
            leftover.unlink(missing_ok=True)


def is_running(process: int) -> bool:
    """Whether `process` runs; one that has ended but has not been collected does not."""
    if ON_WINDOWS:
        return _is_running_on_windows(process)
    try:
        os.kill(process, 0)  # signal 0 only checks
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it runs but belongs to another user
    return not _has_ended(process)


def _is_running_on_windows(process: int) -> bool:
    """Whether `process` runs, without a signal: on Windows, signal 0 is Ctrl+C."""
    import ctypes

    synchronise, still_runs, access_denied = 0x100000, 0x102, 5
    kernel = ctypes.windll.kernel32
    handle = kernel.OpenProcess(synchronise, False, process)
    if not handle:
        return kernel.GetLastError() == access_denied  # it runs but belongs to another user
    try:
        return kernel.WaitForSingleObject(handle, 0) == still_runs
    finally:
        kernel.CloseHandle(handle)


def _has_ended(process: int) -> bool:
    """Whether a process has ended but has not been collected, where /proc tells (Linux)."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rsplit(")", 1)[1].split()[0] == "Z"


def write_bytes(path: Path, content: bytes, flushed: bool = True) -> None:
    """Write `content` to `path` atomically; a file that is not `flushed` may not survive a power
    cut, and takes a fraction of the time.
    """
    with written_beside(path, flushed) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as JSON, atomically."""
    write_text(path, json.dumps(value, indent=1) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """The dictionary that `write_json` wrote; raises InputError if the file has no such content."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: is damaged, so it cannot be read as JSON; "
            "copy it again, or delete it to have it made again"
        ) from error
    if not isinstance(value, dict):
        raise InputError(
            f"{path}: holds a {type(value).__name__} instead of named values; "
            "copy it again or delete it"
        )
    return value


def file_hash(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_array(path: Path, array: np.ndarray) -> None:
    """Write `array` to `path` (.npy), atomically."""
    with written_beside(path) as temporary:
        np.save(temporary, array)
