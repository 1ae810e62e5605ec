"""How a training uses its device: precision and layout of the networks, compilation, who loads the batches.

None of it is a method's business. Losses and class statistics stay in float32 whatever the networks compute in
(guidednet.losses.full_precision).
"""

import torch
from torch import nn

from guidednet.config import TrainingConfig
from guidednet.distributed import world_size
from guidednet.networks import UNet3D
from guidednet.parallel import cores

LOADERS_PER_GPU = 6  # a crop takes a few milliseconds and a step on a GPU some hundreds


def autocast(plan: TrainingConfig, device: torch.device | str) -> torch.autocast:
    """Within it convolutions compute in `plan.precision`."""
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=plan.precision == "bf16")


def accelerated(method: nn.Module, plan: TrainingConfig) -> nn.Module:
    """`method` with the memory layout that `plan` asks for, and its networks compiled where it does; the same parameters."""
    if plan.channels_last:
        method = method.to(memory_format=torch.channels_last_3d)
    if plan.compiled:
        for module in method.modules():
            if isinstance(module, UNet3D):
                module.compile()
    return method


def loader_workers(device: torch.device | str) -> int:
    """Processes that load batches ahead: none on the CPU, whose cores compute; on GPUs each training process's share of the cores."""
    return 0 if torch.device(device).type == "cpu" else max(1, min(LOADERS_PER_GPU, cores() // world_size() - 1))
