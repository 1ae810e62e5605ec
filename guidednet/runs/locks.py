"""The lock of a run folder, which the workers of one training hold together."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from guidednet.processes.distributed import by_first_rank


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a run folder: of several workers the first one does, and lets the others
    know until it has it.
    """
    lock = FileLock(folder / "lock")
    while not by_first_rank(_acquired, lock):
        pass
    try:
        yield
    finally:
        lock.release()  # no effect where another worker holds it


def _acquired(lock: FileLock) -> bool:
    """Whether `lock` could be had within a minute: others do not wait longer for an answer than
    torch lets them.
    """
    try:
        lock.acquire(timeout=60)
    except Timeout:
        return False
    return True
