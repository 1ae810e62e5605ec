"""Train several runs side by side, each in its own process and thread, under one progress bar.

The run store's locks keep two processes from training the same run, and one thread per run keeps
its numbers independent of how many runs there are.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing.managers import SyncManager
from queue import Queue
from threading import Thread

from guidednet.config import RunConfig
from guidednet.processes.workers import end_with_parent, in_parallel, start_context
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.support.progress import Progress, bar


def train_runs(runs: RunStore, configs: Sequence[RunConfig], jobs: int, gpus: int = 0) -> None:
    """Train and score every run of `configs`, `jobs` at a time, each on one of `gpus` GPUs.

    Runs that others start from come first. If several processes share each run, the runs follow one
    after the other. Raises what the first failing run raises, after the runs that had begun.
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
    """Split `configs` in two: the runs that others of them start from, and then those others."""
    parents = {parent for config in configs for parent in runs.identity.warm_start(config).values()}
    return [
        [config for config in configs if (config in parents) == first] for first in (True, False)
    ]


def _train(config: RunConfig, workspace: Workspace, device: str, done: Queue) -> str:
    """Train one run in a worker process; returns its folder's name.

    Its steps are counted into `done`.
    """

    def counted(items: Iterable, total: int) -> Iterator:
        done.put(config.training.steps - total)  # the steps of an earlier session
        for item in items:
            yield item
            done.put(1)

    def progress(name: str) -> Progress:
        return counted

    return RunStore(workspace, device, progress).get(config).folder.name


@contextmanager
def _shared_bar(description: str, total: int) -> Iterator[Queue]:
    """Show one progress bar that adds up the steps that any process puts into the yielded queue."""
    manager = SyncManager(ctx=start_context())
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
