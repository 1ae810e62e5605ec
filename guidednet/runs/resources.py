"""How many runs this machine can take side by side."""

from guidednet.processes.workers import cores
from guidednet.runs.memory import free_memory, training_memory
from guidednet.runs.store import RunStore

MOST_JOBS = 4  # by default


def default_jobs(runs: RunStore) -> int:
    """How many runs and notebooks run side by side by default.

    Cores and memory limit the number, which is at most four. On a GPU it is one, because one run
    fills the GPU.
    """
    if runs.device.type != "cpu":
        return 1
    fit_in_memory = int(free_memory() / training_memory(runs.workspace.profile))
    return max(min(cores() // runs.processes, MOST_JOBS, fit_in_memory), 1)
