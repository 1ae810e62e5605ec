"""How training uses its device: precision and layout of the networks, compilation, loaders.

None of this concerns the methods. Losses and class statistics stay in float32 whatever the networks
compute in (guidednet.losses.full_precision).
"""

import math
from typing import TypeVar

import torch
from torch import nn

from guidednet.config import TrainingConfig
from guidednet.errors import InputError
from guidednet.networks import UNet3D
from guidednet.processes.distributed import processes_here
from guidednet.processes.workers import cores

Module = TypeVar("Module", bound=nn.Module)
SMALL_CROP = 200_000  # voxels
LOADERS_PER_GPU = 6  # a crop takes a few milliseconds, a step on a GPU some hundreds


def device_of(gpus: int, elsewhere: bool = False) -> torch.device:
    """The device for `gpus` GPUs, of this machine or `elsewhere`; "mps" for the one of a Mac.

    Raises InputError for a number that this machine cannot use.
    """
    if gpus == 0:
        return torch.device("cpu")
    if elsewhere:
        return torch.device("cuda")
    found = torch.cuda.device_count()
    if found == 0 and gpus == 1 and torch.backends.mps.is_available():
        return torch.device("mps")
    if found == 0:
        raise InputError(
            f"--gpus {gpus}: torch finds no GPU on this machine; "
            "use --gpus 0 or install a CUDA build of torch"
        )
    if gpus > found:
        raise InputError(f"--gpus {gpus}: torch finds {found} on this machine; use --gpus {found}")
    return torch.device("cuda")


def autocast(config: TrainingConfig, device: torch.device | str, training: bool) -> torch.autocast:
    """Let convolutions compute in `config.precision` for the duration of the block.

    A CPU does so in training only: its predictions are the same on processors that know half
    precision and on others.
    """
    kind = torch.device(device).type
    half = torch.float16 if config.precision == "fp16" else torch.bfloat16
    return torch.autocast(
        kind, half, enabled=config.precision != "fp32" and (training or kind != "cpu")
    )


def accelerated(method: Module, config: TrainingConfig, device: torch.device | str) -> Module:
    """Move `method` to `device` and set up its networks as `config` says; same parameters.

    They are compiled, and take their rows in parts, if `config` says so. The layout is
    channels-last if `config` says so, and always on a CPU, where it takes two thirds of the time.
    """
    last = config.channels_last or torch.device(device).type == "cpu"
    method = method.to(
        device, memory_format=torch.channels_last_3d if last else torch.contiguous_format
    )
    for module in method.modules():
        if isinstance(module, UNet3D):
            module.parts = config.accumulate
            if config.compiled:
                module.compile()
    return method


def loader_workers(device: torch.device | str, crop: tuple[int, int, int]) -> int:
    """Number of processes that load batches of crops with `crop` (D,H,W) voxels ahead.

    It is 0 on a CPU, whose cores compute, and for small crops, which are cut faster than they
    travel between processes. On GPUs it is a training process's share of its machine.
    """
    if torch.device(device).type == "cpu" or math.prod(crop) < SMALL_CROP:
        return 0
    return max(1, min(LOADERS_PER_GPU, cores() // processes_here() - 1))
