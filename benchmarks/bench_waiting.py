"""How long a training waits for its crops: steps on loaded batches against steps on one batch.

The method is GuidedNet, with as many loader processes as in training. A GPU runs at the paper's
size in wall time and computes while crops are loaded. A CPU runs at the size of profile quick in
processor time, where the same core loads and computes.
"""

from collections.abc import Callable
from typing import Any

import torch

from benchmarks.bench_loader import prepared_cases
from benchmarks.bench_steps import config_of, seconds, training_step
from benchmarks.common import comparison, using
from guidednet.config import RunConfig
from guidednet.data.case_store import CaseStore
from guidednet.data.sampling import BatchDataset, batch_loader
from guidednet.training.device import loader_workers
from guidednet.training.loop import make_method

# Largest share of the time: a GPU does not load, but a CPU core loads and computes.
WAITING = {"cuda": 0.03, "cpu": 0.1}
# Arguments of prepared_cases, by `quick`.
CASES = {False: (6, (2.5, 1.25, 1.25), 3.0), True: (2, (10.0, 5.0, 5.0), 6.0)}


def steps_from_store(
    cases: CaseStore, config: RunConfig, device: torch.device, steps: int
) -> Callable[[], None]:
    """A function that does `steps` training steps on batches loaded as in training."""
    ids, workers = cases.labelled_ids, loader_workers(device, config.batch.crop)
    dataset = BatchDataset(cases, ids[::2], ids[1::2], config.batch, config.seed)
    step = training_step(make_method(config), config, device)

    def all_steps() -> None:
        for batch in batch_loader(dataset, 0, steps, workers, pin_memory=workers > 0):
            step(batch.to(device))

    return all_steps


def steps_in_place(
    cases: CaseStore, config: RunConfig, device: torch.device, steps: int
) -> Callable[[], None]:
    """A function that does `steps` training steps on one batch already on the device."""
    ids = cases.labelled_ids
    batch = BatchDataset(cases, ids[::2], ids[1::2], config.batch, config.seed)[0]
    step, batch = training_step(make_method(config), config, device), batch.to(device)

    def all_steps() -> None:
        for _ in range(steps):
            step(batch)

    return all_steps


def measure(quick: bool = False) -> list[dict[str, Any]]:
    """One row: seconds per step with and without loading."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    size, steps, repeats = (
        ("smoke", 2, 1)
        if quick
        else ("paper", 60, 1)
        if device.type == "cuda"
        else ("quick", 20, 3)
    )
    store, config = prepared_cases(*CASES[quick]), config_of("guidednet", size)
    with using(threads=1):
        works = {
            work: work(store, config, device, steps) for work in (steps_from_store, steps_in_place)
        }
        taken = {work: seconds(works[work], device, repeats) / steps for work in works}
    unit = "s" if device.type == "cuda" else "CPU s"
    what = f"step of guidednet on crops from a store, {size}"
    return [
        comparison(
            what,
            unit,
            taken[steps_from_store],
            "a batch in place",
            taken[steps_in_place],
            1 - WAITING[device.type],
            1,
        )
    ]
