"""What N processes exchange to compute the same as one process with the whole batch.

Batch Dice, weighted cross-entropy, class centroids and true-positive counts are ratios of sums over
the batch. Each numerator and denominator goes through `sum_over_ranks`; with one process it is the
identity.

Convention of gradients: every process computes the loss L of the whole batch, and its rows reach L
only through `sum_over_ranks`. The backward pass of a sum adds up the gradients of all N processes'
copies of L, so each process gets N times the share of its own rows in dL/dθ;
DistributedDataParallel averages over N processes, which leaves dL/dθ. A mean over a process's own
rows would break this convention: it would lack the factor N.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

Item = TypeVar("Item")
Result = TypeVar("Result")

_sums_are_own = False


def is_distributed() -> bool:
    """Whether this process is one of several."""
    return world_size() > 1


def world_size() -> int:
    """The number of processes that train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def processes_here() -> int:
    """The number of those processes that run on this machine, according to torchrun."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", 1)) if is_distributed() else 1


def rank() -> int:
    """The rank of this process, from 0; rank 0 writes the files."""
    return dist.get_rank() if is_distributed() else 0


class _SumOverRanks(torch.autograd.Function):
    """All-reduce in both directions: every rank's loss depends on every rank's share of the sum."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, value: Tensor) -> Tensor:
        return _all_reduced(value)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        return _all_reduced(gradient)


def _all_reduced(value: Tensor) -> Tensor:
    # with different strides, ranks would add up different elements
    total = value.clone(memory_format=torch.contiguous_format)
    dist.all_reduce(total)
    return total


def sum_over_ranks(value: Tensor) -> Tensor:
    """The sum of `value` (any shape, the same on all ranks) over all processes, differentiable."""
    return _SumOverRanks.apply(value) if is_distributed() and not _sums_are_own else value


@contextmanager
def own_sums() -> Iterator[None]:
    """Make `sum_over_ranks` the identity inside the block.

    This is for statistics of single rows, which are summed over the ranks afterwards.
    """
    global _sums_are_own
    before, _sums_are_own = _sums_are_own, True
    try:
        yield
    finally:
        _sums_are_own = before


def own_places(labelled: int, rows: int) -> tuple[Tensor | slice, int]:
    """The places of this process's rows in the batch of all processes, and that batch's size.

    The process has `rows` rows, the first `labelled` of them labelled. Process r has rows r, r + N,
    r + 2N ... of either stream (guidednet.data.sampling); the whole batch has labelled rows first.
    """
    if not is_distributed():
        return slice(None), rows
    counts = (labelled, rows - labelled)
    totals = [sum(numbers) for numbers in zip(*gather(counts), strict=True)]
    streams = [rank() + world_size() * torch.arange(count) for count in counts]
    return torch.cat([streams[0], totals[0] + streams[1]]), sum(totals)


def rows_of_all(rows: Tensor, places: Tensor | slice, total: int) -> Tensor:
    """The `total` rows of all processes, in the order of one process's batch; differentiable.

    `rows` (B,...) are those of this process, and `places` are their places in the batch.
    """
    if not is_distributed():
        return rows
    return sum_over_ranks(
        rows.new_zeros(total, *rows.shape[1:]).index_copy(0, places.to(rows.device), rows)
    )


def of_first_rank(value: Tensor) -> Tensor:
    """The first process's `value`, for random draws that all processes must share.

    Every process draws; all but the first discard their draw.
    """
    if is_distributed():
        value = value.clone(memory_format=torch.contiguous_format)
        dist.broadcast(value, src=0)
    return value


def gather(value: Any) -> list[Any]:
    """Every process's `value` (anything that can be pickled), by rank."""
    if not is_distributed():
        return [value]
    values = [None] * world_size()
    dist.all_gather_object(values, value)
    return values


def map_over_ranks(job: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """The results of `job` for all items, in order, on all processes; each computes its share."""
    parts = gather([job(item) for item in items[rank() :: world_size()]])
    return [parts[place % len(parts)][place // len(parts)] for place in range(len(items))]


def by_first_rank(job: Callable[..., Result], *arguments: Any) -> Result:
    """The result of `job`, which only the first process runs while the others wait.

    This is for jobs such as writing or looking for a file.
    """
    return gather(job(*arguments) if rank() == 0 else None)[0]


def data_parallel(method: nn.Module) -> nn.Module:
    """`method`, with gradients averaged over the processes.

    Buffers are not broadcast: running statistics come from sums over all processes, so they are
    equal everywhere.
    """
    return (
        DistributedDataParallel(method, forward_sync_buffers=False) if is_distributed() else method
    )
