"""SGD or Adam with the polynomial decay that all methods share (the paper's section 4.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from guidednet.errors import check_choices


@dataclass(frozen=True)
class OptimiserConfig:
    """SGD as in the paper; "adam" is for profiles of a few hundred steps.

    `name` is "sgd" or "adam". `learning_rate` is that of the first step; at step i it is
    `learning_rate` * (1 - i / steps) ** `power`. `momentum` is that of SGD. `weight_decay` is the
    factor of the L2 penalty on the weights.
    """

    name: Literal["sgd", "adam"] = "sgd"
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4
    power: float = 0.9

    def __post_init__(self) -> None:
        check_choices(self)


def make_optimiser(config: OptimiserConfig, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
    """The optimiser that `config` describes, for the trainable ones of `parameters`."""
    trainable = [parameter for parameter in parameters if parameter.requires_grad]
    group = {"params": trainable, "initial_lr": config.learning_rate, "scheduled": True}
    # fused: one pass over all parameters
    shared = {"lr": config.learning_rate, "weight_decay": config.weight_decay, "fused": True}
    if config.name == "sgd":
        return torch.optim.SGD([group], momentum=config.momentum, **shared)
    return torch.optim.Adam([group], **shared)


def set_learning_rate(optimisers: Iterable[torch.optim.Optimizer], factor: float) -> None:
    """Set every scheduled parameter group to `factor` times its initial rate."""
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            if group["scheduled"]:
                group["lr"] = group["initial_lr"] * factor


def update(
    optimisers: Iterable[torch.optim.Optimizer],
    loss: Tensor,
    scaler: torch.amp.GradScaler | None = None,
) -> None:
    """Run one backward pass and one step of every optimiser.

    A `scaler` that is on scales the loss, and skips the step if a gradient is not finite.
    """
    scaler = scaler or torch.amp.GradScaler("cpu", enabled=False)
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    scaler.scale(loss).backward()
    for optimiser in optimisers:
        scaler.unscale_(optimiser)
        scaler.step(optimiser)
    scaler.update()


def gradient_norm(optimisers: Iterable[torch.optim.Optimizer]) -> float:
    """Euclidean norm of the last gradient of all parameters together; waits for a GPU."""
    parameters = (
        parameter
        for optimiser in optimisers
        for group in optimiser.param_groups
        for parameter in group["params"]
    )
    return float(
        torch.nn.utils.get_total_norm(
            [parameter.grad for parameter in parameters if parameter.grad is not None]
        )
    )
