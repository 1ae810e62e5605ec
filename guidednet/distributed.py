"""Sums over all processes, so that N processes compute what one process with the whole batch computes.

Batch Dice, weighted cross-entropy, class centroids and true-positive counts are ratios of sums over the
batch. Each numerator and denominator goes through `sum_over_ranks`; with one process it is the identity.
"""

import torch
import torch.distributed as dist
from torch import Tensor


def is_distributed() -> bool:
    """Whether this process is one of several."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


class _SumOverRanks(torch.autograd.Function):
    """All-reduce in both directions: every rank's loss depends on every rank's share of the sum."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, value: Tensor) -> Tensor:
        total = value.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        dist.all_reduce(total)
        return total


def sum_over_ranks(value: Tensor) -> Tensor:
    """The sum of `value` (any shape, equal on all ranks) over all processes, differentiable."""
    return _SumOverRanks.apply(value) if is_distributed() else value
