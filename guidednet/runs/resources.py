"""How many runs this machine can take side by side, and what it computes slowly."""

import torch

from guidednet.config import Precision
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


def in_software(precision: Precision, device: torch.device | str) -> bool:
    """Whether `device` is a CPU without instructions for the half `precision`.

    It computes the same many times slower than in float32.
    """
    if torch.device(device).type != "cpu" or precision == "fp32":
        return False
    known = {
        "bf16": torch.ops.mkldnn._is_mkldnn_bf16_supported,
        "fp16": torch.ops.mkldnn._is_mkldnn_fp16_supported,
    }
    return not (torch.backends.mkldnn.is_available() and known[precision]())
