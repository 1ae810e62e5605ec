"""The runs of a reproduction on a cluster: one array task per run, through submitit, which knows
SLURM.

The tasks work in the same run folders as everything else. The run store's locks let a run be asked
for twice, by two reproductions that were started at once for instance, and be trained once.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from guidednet.config import RunConfig
from guidednet.errors import FailedError, InputError, one_of
from guidednet.runs.side_by_side import waves
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.support.progress import Progress, bar, silent

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
    """Train and score every run of `configs` that is not, each in a task of its own; those that
    others start from come first.

    `cluster` is "slurm", or "local" for processes of this machine, `at_once` at a time.
    `parameters` go to submitit, such as timeout_min, slurm_partition or slurm_array_parallelism.
    Raises FailedError that names the first task that failed.
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
    """Names of the runs' folders, as their tasks end."""
    executor = executor_of(runs.workspace, cluster, parameters)
    for part in parts:
        # SLURM queues what does not fit; submitit starts all at once
        size = at_once if cluster == "local" else max(len(part), 1)
        for first in range(0, len(part), size):
            chunk = part[first : first + size]
            for config, task in zip(chunk, executor.map_array(job, chunk), strict=True):
                yield _result(runs.identity.name(config), task)


def executor_of(
    workspace: Workspace, cluster: str, parameters: dict[str, Any]
) -> "submitit.AutoExecutor":
    """What submits tasks, its files in results/cluster; raises InputError for a cluster or
    parameter that cannot be had here.
    """
    one_of("--cluster", cluster, CLUSTERS)
    try:
        import submitit
    except ImportError as error:
        raise InputError(
            "--cluster needs submitit: pip install 'guidednet[cluster]' or pip install submitit"
        ) from error
    try:
        executor = submitit.AutoExecutor(folder=workspace.results / "cluster", cluster=cluster)
        executor.update_parameters(name="guidednet", **parameters)
    # no sbatch here; an option that submitit does not know
    except (RuntimeError, NameError, TypeError) as error:
        raise InputError(f"--cluster {cluster}: {str(error).splitlines()[0]}") from error
    return executor


def _result(name: str, task: "submitit.Job") -> str:
    import submitit

    try:
        return task.result()
    except (submitit.core.utils.FailedJobError, submitit.core.utils.UncompletedJobError) as error:
        raise FailedError(
            f"the task of {name} failed, see {task.paths.stderr}; the same command goes on with the others"
        ) from error


def _train(config: RunConfig, workspace: Workspace, device: str, processes: int) -> str:
    """What a task does: train and score one run; returns its folder's name. Its log says whether it
    was this task that trained it.
    """

    def logged(name: str) -> Progress:
        print(f"trained {name}", flush=True)
        return silent

    return RunStore(workspace, device, logged, processes).get(config).folder.name
