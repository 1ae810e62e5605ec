"""What this machine can take: the memory of a training run, and how many run side by side."""

import math
from pathlib import Path

from guidednet.config import RunConfig
from guidednet.methods import method_class
from guidednet.processes.workers import cores
from guidednet.runs.profiles import Profile
from guidednet.runs.store import RunStore

MOST_JOBS = 4  # by default
# Memory of a network's pass, besides a gigabyte: bytes per voxel and channel of its width.
BYTES_PER_CHANNEL = {"fp32": 90, "bf16": 60, "fp16": 60}
FIXED = 1e9
KEPT = 0.4  # the share that all rows keep at once, in however many parts they are computed
MEMORY = Path("/proc/meminfo")


def default_jobs(runs: RunStore) -> int:
    """How many runs and notebooks run side by side by default.

    Cores and memory limit the number, which is at most four. On a GPU it is one, because one run
    fills the GPU.
    """
    if runs.device.type != "cpu":
        return 1
    fit_in_memory = int(free_memory() / training_memory(runs.workspace.profile))
    return max(min(cores() // runs.processes, MOST_JOBS, fit_in_memory), 1)


def training_memory(of: Profile | RunConfig, processes: int = 1) -> float:
    """Approximate memory in bytes for a training at this size, on each of `processes` devices.

    A profile's is that of two networks on the whole batch. A run's depends on its method, of which
    `relative_cost` tells the network passes.
    """
    method = method_class(of.method) if isinstance(of, RunConfig) else None
    passes = 2.0 if method is None else method.relative_cost
    alone = method is not None and not method.uses_unlabelled
    rows = of.batch.labelled + (0 if alone else of.batch.unlabelled)
    per_voxel = passes * of.network.width * BYTES_PER_CHANNEL[of.training.precision]
    share = max(1 / of.training.accumulate, KEPT)
    return FIXED + math.ceil(rows / processes) * math.prod(of.batch.crop) * per_voxel * share


def free_memory() -> float:
    """Memory in bytes that programs can use now, on Linux; infinity elsewhere."""
    lines = MEMORY.read_text(encoding="ascii").splitlines() if MEMORY.exists() else []
    return next(
        (1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")),
        math.inf,
    )
