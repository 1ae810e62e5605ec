"""Where the time of a training step goes, by kind of operation, according to torch's profiler."""

import dataclasses
import math
import os
from collections.abc import Callable

import pandas as pd
from torch.profiler import ProfilerActivity, profile

from guidednet.config import RunConfig
from guidednet.data.sampling import BatchDataset
from guidednet.optimiser import update
from guidednet.processes.workers import one_thread
from guidednet.runs.store import RunStore
from guidednet.training.device import accelerated, autocast
from guidednet.training.loop import make_method

LARGE_CROP = 100_000  # voxels
# Parts of the names of torch's operations by kind; the first kind that matches counts.
KINDS = {
    "convolution, backward": ("convolution_backward",),
    "convolution, forward": ("convolution",),
    "normalisation": ("norm",),
    "upsampling and pooling": ("upsample", "pool"),
    "softmax and exponentials": ("softmax", "exp", "log", "sigmoid"),
    "sums and products": ("mul", "add", "sum", "bmm", "mm", "einsum", "dot", "sub", "div"),
    "copies": ("copy", "cat", "index", "clone", "fill", "zero"),
}


def step_profile(runs: RunStore, config: RunConfig, steps: int = 3) -> pd.Series:
    """Processor seconds of one step of `config` by kind of operation, in one thread.

    They are the mean over `steps`, after a warm-up step. If a crop exceeds LARGE_CROP voxels, one
    step with one row of each kind is measured, because a CPU would take minutes for the batch.
    """
    if math.prod(config.batch.crop) > LARGE_CROP:
        config = dataclasses.replace(
            config, batch=dataclasses.replace(config.batch, labelled=1, unlabelled=1)
        )
        steps = 1
    with one_thread():
        step = real_step(runs, config)
        step()
        # Without this, torch's profiler says when it starts and stops.
        os.environ.setdefault("KINETO_LOG_LEVEL", "6")
        with profile(activities=[ProfilerActivity.CPU]) as found:
            for _ in range(steps):
                step()
    seconds: dict[str, float] = {}
    for event in found.key_averages():
        seconds[kind_of(event.key)] = (
            seconds.get(kind_of(event.key), 0.0) + event.self_cpu_time_total / 1e6 / steps
        )
    return pd.Series(seconds, name="seconds").sort_values(ascending=False)


def kind_of(operation: str) -> str:
    """The kind of a torch operation such as aten::convolution_backward."""
    return next(
        (kind for kind, parts in KINDS.items() if any(part in operation for part in parts)),
        "everything else",
    )


def real_step(runs: RunStore, config: RunConfig) -> Callable[[], None]:
    """A function that loads a batch of the run's cases and does one training step on the CPU."""
    split, cases = runs.split(config), runs.workspace.cases(config.dataset)
    method = accelerated(
        make_method(config, cases.class_voxels(split.labelled)), config.training, "cpu"
    ).train()
    optimisers = method.optimisers(config.optimiser)
    dataset = BatchDataset(cases, split.labelled, split.unlabelled, config.batch, config.seed)

    def step() -> None:
        with autocast(config.training, "cpu", training=True):
            terms = method(dataset[0], config.training.steps // 2)
        update(optimisers, sum(terms.values()))

    return step
