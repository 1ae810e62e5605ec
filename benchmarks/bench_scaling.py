"""Wall time of a training step on one process and on several processes that share its batch.

The slowest process counts. On a CPU, gloo connects processes of one thread each, at the size of
profile quick; with several GPUs, nccl connects one process per GPU, at the paper's size.
"""

import dataclasses
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import torch.distributed as dist

from benchmarks.bench_steps import config_of, random_batch, training_step
from benchmarks.common import comparison, using
from guidednet.processes.workers import cores
from guidednet.support.progress import bar
from guidednet.training.loop import make_method

METHOD = "guidednet"  # the method whose processes exchange most
EFFICIENCY = 0.7  # N processes should be at least 0.7 N times as fast as one


def seconds_per_step(processes: int, size: str, device: str, steps: int) -> float:
    """Mean wall seconds of a step on the slowest of `processes` processes."""
    context = multiprocessing.get_context("spawn")
    with TemporaryDirectory() as folder, ProcessPoolExecutor(processes, mp_context=context) as pool:
        works = [
            pool.submit(share_of_steps, rank, processes, size, device, steps, Path(folder))
            for rank in range(processes)
        ]
        return max(work.result() for work in works)


def share_of_steps(
    rank: int, processes: int, size: str, kind: str, steps: int, folder: Path
) -> float:
    """Mean wall seconds of the `steps` of process `rank`, which first runs two warm-up steps."""
    device = torch.device(kind, rank) if kind == "cuda" else torch.device(kind)
    if kind == "cuda":
        torch.cuda.set_device(device)
    with using(threads=1):
        backend, meeting = ("nccl" if kind == "cuda" else "gloo"), f"file://{folder}/meeting"
        dist.init_process_group(backend, init_method=meeting, rank=rank, world_size=processes)
        config = config_of(METHOD, size)
        labelled = config.batch.labelled // processes
        unlabelled = config.batch.unlabelled // processes
        share = dataclasses.replace(config.batch, labelled=labelled, unlabelled=unlabelled)
        batch = random_batch(share, config.num_classes).to(device)
        step = training_step(make_method(config), config, device)
        for done in range(steps + 2):
            if done == 2:
                began = _now(device)
            step(batch)
        taken = (_now(device) - began) / steps
        dist.destroy_process_group()
    return taken


def _now(device: torch.device) -> float:
    """The time when every process has finished the work queued on `device`."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    dist.barrier()
    return time.perf_counter()


def measure(quick: bool = False) -> list[dict[str, Any]]:
    """One row per number of processes above one that divides the batch evenly.

    There are at most as many processes as GPUs, or as cores (at least two) without several GPUs.
    """
    gpus = torch.cuda.device_count()
    kind, found = ("cuda", gpus) if gpus > 1 else ("cpu", max(cores(), 2))
    size, steps = ("smoke", 1) if quick else ("paper" if kind == "cuda" else "quick", 10)
    rows_of_a_kind = config_of(METHOD, size).batch.labelled
    numbers = [number for number in range(1, found + 1) if rows_of_a_kind % number == 0]
    taken = {
        number: seconds_per_step(number, size, kind, steps)
        for number in bar("benchmark: scaling", "number")(numbers, len(numbers))
    }
    return [
        comparison(
            f"step of {METHOD}, {size}, {number} processes",
            "s",
            taken[number],
            "one process",
            taken[1],
            EFFICIENCY * number,
            1,
        )
        for number in numbers[1:]
    ]
