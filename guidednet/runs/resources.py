"""What this machine can take: the memory of a training run, and how many run side by side."""

import math
from pathlib import Path

from guidednet.processes.workers import cores
from guidednet.runs.profiles import Profile
from guidednet.runs.store import RunStore

MOST_JOBS = 4  # by default
# Memory to train two networks, besides a gigabyte: bytes per voxel of the batch and channel of the
# network's width.
BYTES_PER_CHANNEL = {"fp32": 2 * 90, "bf16": 2 * 60}
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


def training_memory(profile: Profile) -> float:
    """Approximate memory in bytes for training two networks at this profile's size."""
    rows, plan = profile.batch.labelled + profile.batch.unlabelled, profile.training
    return (
        1e9
        + rows
        * math.prod(profile.batch.crop)
        * profile.network.width
        * BYTES_PER_CHANNEL[plan.precision]
    )


def free_memory() -> float:
    """Memory in bytes that programs can use now, on Linux; infinity elsewhere."""
    lines = MEMORY.read_text(encoding="ascii").splitlines() if MEMORY.exists() else []
    return next(
        (1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")),
        math.inf,
    )
