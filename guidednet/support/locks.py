"""Locks between processes that share a folder, and disks that refuse them."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from guidednet.errors import InputError

# Error numbers of disks without locks and of disks that are only read.
REFUSED = {errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}
READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock at `path` for the duration of the block; waits for whoever holds it.

    Raises InputError if the disk has no locks, or if nothing can be written to it.
    """
    lock = FileLock(path)
    with told_of_locks(path):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock at `path`; False where this cannot be asked."""
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
    except (OSError, NotImplementedError):
        return False


@contextmanager
def told_of_locks(path: Path) -> Iterator[None]:
    """Turn the error of a disk that refuses a lock into an InputError that names `path`."""
    try:
        yield
    except NotImplementedError as error:
        raise _no_locks(path, "not implemented") from error
    except OSError as error:
        if error.errno in READ_ONLY:
            raise InputError(
                f"{path.parent}: cannot be written ({error.strerror}), which is needed to train or "
                "score; give another folder (--results), or ask its owner to finish the run"
            ) from error
        if error.errno not in REFUSED:
            raise
        raise _no_locks(path, error.strerror) from error


def _no_locks(path: Path, reason: str) -> InputError:
    return InputError(
        f"{path}: its disk refuses locks ({reason}), without which two processes could write the "
        "same run; give a folder on another disk (--results), or mount this one with locks"
    )
