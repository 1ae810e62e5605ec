"""What only a GPU can tell: its steps against the CPU's, and times and memory at the paper's size.

    bash reproduce.sh bench gpu

The first rows train each method for one step on either device, from the same weights and crops
without dropout, and compare the loss terms. Methods that draw random numbers draw others on a GPU;
their rows say so and compare nothing. The other rows time steps at the paper's size (4 + 4 crops of
64 x 128 x 128, 14 classes) in each precision, beside the networks alone, with the peak memory. It
takes about two minutes on an H200.
"""

import dataclasses
from typing import Any

import torch

from benchmarks.bench_steps import batch_of, config_of, networks_of, seconds, step_of
from benchmarks.common import comparison
from guidednet.config import RunConfig
from guidednet.errors import InputError
from guidednet.methods import METHODS
from guidednet.support.progress import bar
from guidednet.training.device import accelerated
from guidednet.training.loop import make_method

ROUNDING = 1e-3  # relative; float32 sums over a crop differ by less between devices
TIMED = ("supervised", "cps", "guidednet", "magicnet", "ua_mt", "dhc")
PRECISIONS = ({"precision": "fp32"}, {"precision": "bf16"})


def first_terms(config: RunConfig, device: str, seed: int = 0) -> dict[str, float]:
    """The loss terms of a method's first step, from the same weights and crops on any device."""
    torch.manual_seed(seed)
    method = accelerated(make_method(config), config.training, device).train()
    batch = batch_of(config, method).to(torch.device(device))
    torch.manual_seed(seed)
    return {name: value.item() for name, value in method(batch, config.training.steps).items()}


def difference(first: dict[str, float], second: dict[str, float]) -> float:
    """The largest relative difference between two sets of terms."""
    return max(abs(first[name] - second[name]) / (abs(first[name]) + 1e-6) for name in first)


def same_step(name: str, device: str) -> dict[str, Any]:
    """A row that compares the first step of a method on `device` with that on the CPU."""
    config = config_of(name, "quick")
    config = dataclasses.replace(config, network=dataclasses.replace(config.network, dropout=0.0))
    on_cpu = first_terms(config, "cpu")
    if difference(on_cpu, first_terms(config, "cpu", seed=1)) > 0:
        return {"what": f"first step of {name}", "other": "draws other random numbers on a GPU"}
    found = difference(on_cpu, first_terms(config, device))
    what = f"first step of {name}, relative difference"
    return comparison(what, "1", found, "largest allowed", ROUNDING, 1.0, torch.get_num_threads())


def timed(name: str, size: str, training: dict[str, Any], repeats: int) -> dict[str, Any]:
    """A row with the seconds and peak memory of a step, and the seconds of its networks alone."""
    device = torch.device("cuda")
    config = config_of(name, size, **training)
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    own = seconds(step_of(config, device), device, repeats)
    peak = torch.cuda.max_memory_allocated() / 2**30
    alone = seconds(networks_of(config, device), device, repeats)
    what = f"step of {name}, {size}, {', '.join(map(str, training.values()))}"
    return comparison(what, "s", own, "its networks alone", alone, 0, 1) | {"peak_gib": peak}


def measure(quick: bool = False) -> list[dict[str, Any]]:
    """The rows of both kinds. Raises InputError without a GPU."""
    if not torch.cuda.is_available():
        raise InputError("gpu: torch finds no GPU on this machine; run this benchmark on one")
    size, repeats = ("smoke", 1) if quick else ("paper", 5)
    names = [name for name, kind in METHODS.items() if not kind.uses_hidden_labels]
    rows = [same_step(name, "cuda") for name in bar("steps on both devices")(names, len(names))]
    work = [(name, size, training) for training in PRECISIONS for name in TIMED]
    return rows + [timed(*job, repeats) for job in bar("times")(work, len(work))]
