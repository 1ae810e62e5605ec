"""The memory of a training, and what a user can do where it is not enough."""

import dataclasses
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from guidednet.config import RunConfig
from guidednet.errors import OutOfMemoryError
from guidednet.methods import method_class
from guidednet.processes.distributed import world_size
from guidednet.runs.profile import Profile

# Memory of a network's pass, besides a gigabyte: bytes per voxel and channel of its width.
BYTES_PER_CHANNEL = {"fp32": 90, "bf16": 60, "fp16": 60}
KEPT = 0.4  # the share that all rows keep at once, in however many parts they are computed
FIXED = 1e9
MEMORY = Path("/proc/meminfo")
GIB = 2**30
# How torch says that a CPU has no memory left; a GPU has an exception of its own.
OF_A_CPU = ("can't allocate memory", "not enough memory")


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


@contextmanager
def told_of_memory(config: RunConfig, device: torch.device) -> Iterator[None]:
    """Turn torch's errors of memory inside the block into an OutOfMemoryError that names a fix."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        of_cpu = any(words in str(error) for words in OF_A_CPU)
        if not (isinstance(error, torch.OutOfMemoryError | MemoryError) or of_cpu):
            raise
        on_gpu = device.type == "cuda"
        limit = torch.cuda.get_device_properties(device).total_memory if on_gpu else free_memory()
        raise OutOfMemoryError(advice(config, limit, on_gpu, world_size())) from error


def advice(config: RunConfig, limit: float, on_gpu: bool, processes: int = 1) -> str:
    """What a run needs of a device with `limit` bytes, and the changes that would fit."""
    need, place = training_memory(config, processes), "GPU" if on_gpu else "machine"
    has = f"this {place} has {limit / GIB:.1f}" + ("" if on_gpu else " free")
    said = f"out of memory: the training needs about {need / GIB:.1f} GiB, {has}"
    if need <= limit:
        return f"{said}, but other programs may use it; end them, or use {_less(config, 2, on_gpu)}"
    parts = least_parts(config, limit, processes)
    if parts is None:
        return f"{said}, too little for a single row; use a smaller --set batch.crop"
    return f"{said}; use {_less(config, parts, on_gpu)}"


def least_parts(config: RunConfig, limit: float, processes: int = 1) -> int | None:
    """The fewest parts for a batch's rows with which a training fits into `limit` bytes.

    None if no number does. Each of `processes` devices has its share of the rows.
    """
    rows = (config.batch.labelled + config.batch.unlabelled) // processes
    more = range(config.training.accumulate + 1, rows + 1)
    return next((n for n in more if memory_in_parts(config, n, processes) <= limit), None)


def memory_in_parts(config: RunConfig, parts: int, processes: int = 1) -> float:
    """The memory in bytes of a training that takes its rows in `parts`."""
    training = dataclasses.replace(config.training, accumulate=parts)
    return training_memory(dataclasses.replace(config, training=training), processes)


def _less(config: RunConfig, parts: int, on_gpu: bool) -> str:
    """The options that take a batch in `parts`."""
    batch, choices = config.batch, []
    smaller = {"labelled": batch.labelled // parts, "unlabelled": batch.unlabelled // parts}
    if min(smaller.values()) >= 1:
        choices.append(" ".join(f"--set batch.{name}={rows}" for name, rows in smaller.items()))
    choices.append(f"--accumulate {parts}")
    choices += [f"--gpus {parts}"] if on_gpu else []
    return f"{', '.join(choices[:-1])}, or {choices[-1]}" if choices[1:] else choices[0]
