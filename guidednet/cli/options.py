"""What the options of the command line choose: workspace, devices, run store, methods, artefacts."""

from argparse import Namespace

from guidednet.errors import InputError
from guidednet.methods import method_class
from guidednet.report.execute_notebooks import parse_parameters
from guidednet.reproduce.whole import Reproduction
from guidednet.runs.cluster import executor_of
from guidednet.runs.resources import default_jobs
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace, open_workspace
from guidednet.study.artefacts import artefacts
from guidednet.training.device import device_of


def workspace_of(options: Namespace) -> Workspace:
    """The profile, data and folders that the options name."""
    return open_workspace(options.profile, options.data_root, options.results, options.steps)


def reproduction_of(options: Namespace) -> Reproduction:
    """What `reproduce` makes and `plan` lists; a mistake is told before anything is prepared."""
    workspace = workspace_of(options)
    store = store_of(workspace, options)
    cluster_parameters = parse_parameters(options.cluster_option, "--cluster-option")
    if cluster_parameters and options.cluster is None:
        raise InputError("--cluster-option is for --cluster; add --cluster slurm, or leave it out")
    if options.cluster is not None:
        executor_of(workspace, options.cluster, cluster_parameters)
    return Reproduction(
        artefacts=artefacts(options.only),
        seeds=options.seeds or workspace.profile.seeds,
        store=store,
        jobs=options.jobs or default_jobs(store),
        gpus=options.gpus,
        methods=() if options.no_training else methods_of(options.methods),
        cluster=options.cluster,
        cluster_parameters=cluster_parameters,
    )


def store_of(workspace: Workspace, options: Namespace) -> RunStore:
    """The run store that trains as `--gpus`, `--jobs` and `--processes` say, on this machine or on
    the nodes of a cluster.
    """
    processes = processes_of(options)
    # its nodes have the GPUs, not the machine where the command is typed
    on_slurm = getattr(options, "cluster", None) == "slurm"
    return RunStore(workspace, device_of(options.gpus, on_slurm), processes=processes)


def processes_of(options: Namespace) -> int:
    """How many processes share each training: all GPUs, one where several runs go side by side on
    them; or as many of the CPU as asked.

    Raises InputError for jobs that cannot share the GPUs evenly.
    """
    gpus, jobs = options.gpus, getattr(options, "jobs", None) or 1
    if gpus > 0 and options.processes > 1:
        raise InputError(
            f"--processes {options.processes} is for the CPU; --gpus {gpus} alone starts one process for each GPU"
        )
    if gpus == 0 or jobs == 1 or getattr(options, "cluster", None):
        return max(gpus, options.processes)
    if jobs % gpus:
        raise InputError(
            f"--jobs {jobs} with --gpus {gpus}: use 1 (all share each training) or a multiple of {gpus} (each run has one)"
        )
    return 1


def methods_of(text: str | None) -> tuple[str, ...] | None:
    """The methods named in `text` (comma separated), None without it; raises InputError for an
    unknown name.
    """
    if not text:
        return None
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        method_class(name)
    return names
