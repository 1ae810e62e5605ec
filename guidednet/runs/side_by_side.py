"""Several trainings side by side, each in a process and a thread of its own, under one progress
bar.

The run store's locks keep two processes from training the same run, and one thread per run keeps
its numbers independent of how many there are.
"""

import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing.managers import SyncManager
from queue import Queue
from threading import Thread

from guidednet.config import RunConfig
from guidednet.processes.workers import end_with_parent, in_parallel
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.support.progress import Progress, bar


def train_runs(runs: RunStore, configs: Sequence[RunConfig], jobs: int, gpus: int = 0) -> None:
    """Train and score every run of `configs`, `jobs` at a time, each on one of `gpus` GPUs; the
    runs that others start from come first.

    Where several processes share each training, one run goes after the other.
    Raises what the first failing run raises, after those that had begun.
    """
    missing = [config for config in configs if not runs.identity.is_scored(config)]
    if jobs == 1 or runs.processes > 1 or len(missing) < 2:
        for config in missing:
            runs.get(config)
        return
    steps = sum(
        config.training.steps for config in missing if runs.identity.status(config) != "finished"
    )
    with _shared_bar(f"{len(missing)} runs, {jobs} at a time", steps) as done:
        job = partial(_train, workspace=runs.workspace, device=str(runs.device), done=done)
        for wave in waves(runs, missing):
            for _ in in_parallel(job, wave, jobs, gpus):
                pass


def waves(runs: RunStore, configs: Sequence[RunConfig]) -> list[list[RunConfig]]:
    """`configs` in two parts: the runs that others of them start from, then those others."""
    parents = {parent for config in configs for parent in runs.identity.warm_start(config).values()}
    return [
        [config for config in configs if (config in parents) == first] for first in (True, False)
    ]


def _train(config: RunConfig, workspace: Workspace, device: str, done: Queue) -> str:
    """Train one run in a worker process, counting its steps into `done`; returns its folder's name."""

    def counted(items: Iterable, total: int) -> Iterator:
        done.put(config.training.steps - total)  # those of an earlier sitting
        for item in items:
            yield item
            done.put(1)

    def progress(name: str) -> Progress:
        return counted

    return RunStore(workspace, device, progress).get(config).folder.name


@contextmanager
def _shared_bar(description: str, total: int) -> Iterator[Queue]:
    """A queue for numbers of steps, from any process, and one progress bar that adds them up."""
    manager = SyncManager(ctx=multiprocessing.get_context("forkserver"))
    manager.start(end_with_parent)
    with manager:
        done = manager.Queue()
        thread = Thread(target=_show, args=(done, description, total), daemon=True)
        thread.start()
        try:
            yield done
        finally:
            done.put(None)
            thread.join()


def _show(done: Queue, description: str, total: int) -> None:
    for _ in bar(description)(_steps(done), total):
        pass


def _steps(done: Queue) -> Iterator[int]:
    for steps in iter(done.get, None):
        yield from range(steps)
