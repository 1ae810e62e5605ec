"""What the options of the command line choose: devices, the run store on them, how many jobs, which methods."""

import math
from argparse import Namespace
from pathlib import Path

from guidednet.acceleration import device_of
from guidednet.errors import InputError
from guidednet.methods import method_class
from guidednet.parallel import cores
from guidednet.profiles import Profile
from guidednet.runs import RunStore
from guidednet.workspace import Workspace

MOST_JOBS = 4  # by default
# Memory that a training of two networks takes: so many bytes per voxel of a batch and channel of the network's width, and a gigabyte.
BYTES_PER_CHANNEL = {"fp32": 2 * 90, "bf16": 2 * 60}
MEMORY = Path("/proc/meminfo")


def store_of(workspace: Workspace, options: Namespace) -> RunStore:
    """The run store that trains as `--gpus`, `--jobs` and `--processes` say, on this machine or on the nodes of a cluster."""
    processes = processes_of(options)
    on_slurm = getattr(options, "cluster", None) == "slurm"  # its nodes have the GPUs, not the machine where the command is typed
    return RunStore(workspace, device_of(options.gpus, on_slurm), processes=processes)


def processes_of(options: Namespace) -> int:
    """How many processes share each training: all GPUs, one where several runs go side by side on them; or as many of the CPU as asked.

    Raises InputError for jobs that cannot share the GPUs evenly.
    """
    gpus, jobs = options.gpus, getattr(options, "jobs", None) or 1
    if gpus > 0 and options.processes > 1:
        raise InputError(f"--processes {options.processes} is for the CPU; --gpus {gpus} alone starts one process for each GPU")
    if gpus == 0 or jobs == 1 or getattr(options, "cluster", None):
        return max(gpus, options.processes)
    if jobs % gpus:
        raise InputError(f"--jobs {jobs} with --gpus {gpus}: use 1 (all share each training) or a multiple of {gpus} (each run has one)")
    return 1


def default_jobs(store: RunStore) -> int:
    """How many runs and notebooks go side by side: as cores and memory allow, at most four; one on a GPU, which a run fills."""
    if store.device.type == "cuda":
        return 1
    fit_in_memory = int(free_memory() / training_memory(store.workspace.profile))
    return max(min(cores() // store.processes, MOST_JOBS, fit_in_memory), 1)


def training_memory(profile: Profile) -> float:
    """Bytes, about, that a training of two networks takes at this profile's size."""
    rows, plan = profile.batch.labelled + profile.batch.unlabelled, profile.training
    return 1e9 + rows * math.prod(profile.batch.crop) * profile.network.width * BYTES_PER_CHANNEL[plan.precision]


def free_memory() -> float:
    """Bytes of memory that programs can have now, where Linux tells it; else infinity."""
    lines = MEMORY.read_text(encoding="ascii").splitlines() if MEMORY.exists() else []
    return next((1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")), math.inf)


def methods_of(text: str | None) -> tuple[str, ...] | None:
    """The methods named in `text` (comma separated), None without it; raises InputError for an unknown name."""
    if not text:
        return None
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        method_class(name)
    return names
