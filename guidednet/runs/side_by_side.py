"""Train several runs side by side, each in its own process and thread, under one progress bar.

The run store's locks keep two processes from training the same run, and one thread per run keeps
its numbers independent of how many runs there are.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from guidednet.config import RunConfig
from guidednet.processes.shared_bar import Reports, shared_bar
from guidednet.processes.workers import in_parallel
from guidednet.runs.cost import CostEstimate, RunCost
from guidednet.runs.failures import can_begin, note, reason_of
from guidednet.runs.identity import title
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.support.time_left import TimeLeft
from guidednet.support.work_bar import WorkBar


@dataclass(frozen=True)
class Task:
    """A run to make: its configuration, its name for the reader, its estimated cost.

    `work` is what is left of the cost: all of it, or the scores of a run that is trained.
    """

    config: RunConfig
    name: str
    cost: RunCost
    work: float


def train_runs(
    runs: RunStore,
    configs: Sequence[RunConfig],
    jobs: int,
    gpus: int = 0,
    names: Mapping[RunConfig, str] | None = None,
) -> None:
    """Train and score every run of `configs`, `jobs` at a time, each on one of `gpus` GPUs.

    Runs that others start from come first. If several processes share each run, the runs follow one
    after the other. The progress bar counts estimated seconds and names the runs by `names`. A run
    that fails is noted in `runs.failed` and the others go on, but for those that start from it;
    with `runs.fail_fast` its error is raised, after the runs that had begun.
    """
    missing = [config for config in configs if not runs.identity.is_scored(config)]
    if runs.processes > 1:
        for config in missing:
            if can_begin(runs, config):
                note(runs, config, reason_of(partial(runs.get, config), runs.fail_fast))
        return
    if not missing:
        return
    estimate = CostEstimate(runs)
    tasks = {
        config: Task(
            config,
            (names or {}).get(config) or title(config),
            estimate.of(config),
            estimate.left(config),
        )
        for config in missing
    }
    work = sum(task.work for task in tasks.values())
    bar = WorkBar("training", TimeLeft(work, pace=1, workers=min(jobs, len(tasks))))
    with shared_bar(bar, processes=jobs > 1) as reports:
        job = partial(
            _make,
            workspace=runs.workspace,
            device=str(runs.device),
            reports=reports,
            fail_fast=runs.fail_fast,
        )
        for wave in waves(runs, missing, jobs):
            ready = [tasks[config] for config in wave if can_begin(runs, config)]
            for config, reason in in_parallel(job, ready, jobs, gpus):
                note(runs, config, reason)


def waves(
    runs: RunStore, configs: Sequence[RunConfig], jobs: int = 1
) -> tuple[list[RunConfig], list[RunConfig], list[RunConfig]]:
    """Split `configs` in three: no run of a part starts from one of its own or of a later part.

    First come the runs that others start from, as many as `jobs` workers can share evenly. The rest
    of them, from which the fewest start, train beside the runs that need not wait for them.
    """
    parents = {config: set(runs.identity.warm_start(config).values()) for config in configs}
    children = Counter(parent for of_one in parents.values() for parent in of_one)
    starts = sorted(
        (config for config in configs if config in children), key=lambda config: -children[config]
    )
    early = len(starts) // jobs * jobs
    late = set(starts[early:])
    others = [config for config in configs if config not in children]
    waiting = [config for config in others if parents[config] & late]
    ready = [config for config in others if not parents[config] & late]
    return starts[:early], starts[early:] + ready, waiting


def _make(
    task: Task, workspace: Workspace, device: str, reports: Reports, fail_fast: bool
) -> tuple[RunConfig, str | None]:
    """Train and score one run, perhaps in a worker process; returns it, and why if it failed."""
    account = _Account(task, reports)
    store = RunStore(workspace, device, lambda name: account.counted)
    with reports.item(task.name):
        reason = reason_of(partial(store.get, task.config), fail_fast)
        account.close()
    return task.config, reason


class _Account:
    """What is left of the work of `task`, as `reports` get to know it."""

    def __init__(self, task: Task, reports: Reports) -> None:
        self.task, self.reports, self.left = task, reports, task.work
        self.since = time.monotonic()

    def counted(self, batches: Iterable, total: int) -> Iterator:
        """`batches`, the last `total` of the training, whose steps are counted."""
        cost, training = self.task.cost, self.task.config.training
        first = training.steps - total
        self._leave_out(cost.of_steps(first, training))  # the steps of an earlier session
        for step, batch in enumerate(batches, start=first + 1):
            if step == first + 1:  # what a process does once does not tell how long a step takes
                self.since = time.monotonic()
            yield batch
            self._add(cost.of_step(step, training))

    def close(self) -> None:
        """The run is scored. What another process did of it need not be done."""
        self._add(self.task.cost.scores)
        self._leave_out(self.left)

    def _add(self, work: float) -> None:
        before, self.since = self.since, time.monotonic()
        self.left -= work
        self.reports.add(work, self.since - before)

    def _leave_out(self, work: float) -> None:
        self.left -= work
        self.reports.leave_out(work)
