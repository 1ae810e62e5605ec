"""Train the runs of a reproduction on a cluster: one array task per run, by submitit and SLURM.

The tasks work in the same run folders as everything else. Thanks to the run store's locks, a run
that is requested twice, for instance by two reproductions that start together, is trained once.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from guidednet.config import RunConfig
from guidednet.errors import InputError, RunFailedError, one_of
from guidednet.runs.failures import can_begin, note, reason_of
from guidednet.runs.side_by_side import waves
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.support.progress import Progress, bar, silent
from guidednet.support.registry import additions

if TYPE_CHECKING:
    import submitit

CLUSTERS = ("slurm", "local")


def train_on_cluster(
    runs: RunStore,
    configs: Sequence[RunConfig],
    cluster: str,
    parameters: dict[str, Any],
    at_once: int,
) -> None:
    """Train and score the runs of `configs` that are not scored yet, one task for each.

    Runs that others start from are trained first. `cluster` is "slurm", or "local" for processes of
    this machine, `at_once` at a time. `parameters` go to submitit, such as timeout_min,
    slurm_partition or slurm_array_parallelism. A run that fails is noted in `runs.failed`, and the
    others go on; with `runs.fail_fast` its error is raised.
    """
    missing = [config for config in configs if not runs.identity.is_scored(config)]
    job = partial(
        _train, workspace=runs.workspace, device=str(runs.device), processes=runs.processes
    )
    with_bar = bar(f"{len(missing)} runs on {cluster}", "run")
    for _ in with_bar(
        _finished(runs, job, waves(runs, missing), cluster, parameters, at_once), len(missing)
    ):
        pass


def _finished(
    runs: RunStore,
    job: partial,
    parts: Iterable[Sequence[RunConfig]],
    cluster: str,
    parameters: dict[str, Any],
    at_once: int,
) -> Iterator[str]:
    """Yield the names of the runs as their tasks end."""
    executor = executor_of(runs.workspace, cluster, parameters)
    if additions():  # a task imports the user's methods from where this process does
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    for wave in parts:
        part = [config for config in wave if can_begin(runs, config)]
        # SLURM queues tasks that do not fit; submitit's local executor starts all of them at once
        size = at_once if cluster == "local" else max(len(part), 1)
        for first in range(0, len(part), size):
            chunk = part[first : first + size]
            for config, task in zip(chunk, executor.map_array(job, chunk), strict=True):
                result = partial(_result, runs.identity.name(config), task)
                note(runs, config, reason_of(result, runs.fail_fast))
                yield runs.identity.name(config)


def executor_of(
    workspace: Workspace, cluster: str, parameters: dict[str, Any]
) -> "submitit.AutoExecutor":
    """The submitit executor, whose files are in results/cluster.

    Raises InputError for a cluster or a parameter that is not available here.
    """
    one_of("--cluster", cluster, CLUSTERS)
    try:
        import submitit
    except ImportError as error:
        raise InputError(
            "--cluster: the package submitit is missing; "
            "pip install 'guidednet[cluster]' or pip install submitit"
        ) from error
    try:
        executor = submitit.AutoExecutor(folder=workspace.results / "cluster", cluster=cluster)
        executor.update_parameters(name="guidednet", **parameters)
    # without sbatch here, or with an option that submitit does not know
    except (RuntimeError, NameError, TypeError) as error:
        raise InputError(f"--cluster {cluster}: {str(error).splitlines()[0]}") from error
    return executor


def _result(name: str, task: "submitit.Job") -> str:
    import submitit

    try:
        return task.result()
    except (submitit.core.utils.FailedJobError, submitit.core.utils.UncompletedJobError) as error:
        raise RunFailedError(
            f"the task of {name} failed, see {task.paths.stderr}; "
            "the same command goes on with the others"
        ) from error


def _train(config: RunConfig, workspace: Workspace, device: str, processes: int) -> str:
    """The work of a task: train and score one run; returns its folder's name.

    The task's log says whether this task trained the run.
    """

    def logged(name: str) -> Progress:
        print(f"trained {name}", flush=True)
        return silent

    return RunStore(workspace, device, logged, processes).get(config).folder.name
