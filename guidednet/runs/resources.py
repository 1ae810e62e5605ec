"""What this machine can take: the memory of a training, and how many go side by side."""

import math
from pathlib import Path

from guidednet.processes.workers import cores
from guidednet.runs.profiles import Profile
from guidednet.runs.store import RunStore

MOST_JOBS = 4  # by default
# Memory that a training of two networks takes: so many bytes per voxel of a batch and channel of
# the network's width, and a gigabyte.
BYTES_PER_CHANNEL = {"fp32": 2 * 90, "bf16": 2 * 60}
MEMORY = Path("/proc/meminfo")


def default_jobs(runs: RunStore) -> int:
    """How many runs and notebooks go side by side: as cores and memory allow, at most four; one on
    a GPU, which a run fills.
    """
    if runs.device.type == "cuda":
        return 1
    fit_in_memory = int(free_memory() / training_memory(runs.workspace.profile))
    return max(min(cores() // runs.processes, MOST_JOBS, fit_in_memory), 1)


def training_memory(profile: Profile) -> float:
    """Bytes, about, that a training of two networks takes at this profile's size."""
    rows, plan = profile.batch.labelled + profile.batch.unlabelled, profile.training
    return (
        1e9
        + rows
        * math.prod(profile.batch.crop)
        * profile.network.width
        * BYTES_PER_CHANNEL[plan.precision]
    )


def free_memory() -> float:
    """Bytes of memory that programs can have now, where Linux tells it; else infinity."""
    lines = MEMORY.read_text(encoding="ascii").splitlines() if MEMORY.exists() else []
    return next(
        (1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")),
        math.inf,
    )
