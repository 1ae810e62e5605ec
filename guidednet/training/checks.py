"""Whether a training still computes with finite numbers, looked at every few steps.

A look makes a GPU wait, so that the terms of several steps are looked at together.
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from guidednet.config import TrainingConfig
from guidednet.errors import NonFiniteLossError
from guidednet.optimiser import gradient_norm
from guidednet.training.loss_scale import LossScaler


def should_check(training: TrainingConfig, step: int) -> bool:
    """Whether the state after `step` steps is logged, validated or saved."""
    every = (
        training.log_every,
        training.validate_every,
        training.checkpoint_every,
        training.keep_every or training.steps,
        training.steps,
    )
    return any(step % number == 0 for number in every)


def checked(recent: list[dict[str, Tensor]], step: int) -> dict[str, float]:
    """The last of the `recent` loss terms, which belong to the steps before `step`, as numbers.

    Raises NonFiniteLossError if one of them is NaN or infinite.
    """
    # no device but a CPU need know float64, and `cat` takes terms of several precisions
    values = torch.stack(
        [torch.cat([value.reshape(1) for value in terms.values()]) for terms in recent]
    ).cpu()
    names = list(recent[-1])
    for place, term in torch.nonzero(~values.isfinite()).tolist()[:1]:
        found, where = values[place, term].item(), step - len(recent) + place
        raise NonFiniteLossError(
            f"loss term '{names[term]}' is {found} at step {where}; "
            "lower the learning rate or check the data"
        )
    return dict(zip(names, values[-1].tolist(), strict=True))


def checked_norm(
    optimisers: Iterable[torch.optim.Optimizer], step: int, scaler: LossScaler
) -> float:
    """Euclidean norm of the gradient of the step before `step`; NaN if `scaler` skipped that step.

    Raises NonFiniteLossError if it is NaN or infinite, and no smaller scale of the loss can help.
    """
    norm = gradient_norm(optimisers)
    if not math.isfinite(norm):
        if scaler.may_skip():
            return math.nan
        raise NonFiniteLossError(
            f"the gradient's norm is {norm} at step {step - 1}; "
            "lower the learning rate or check the data"
        )
    return norm
