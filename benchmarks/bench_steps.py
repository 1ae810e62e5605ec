"""Training steps of every method against its networks alone, and of GuidedNet against CPS.

On a GPU, the accelerated step is also compared with the plain one. A GPU runs at the paper's size
(4 + 4 crops of 64 x 128 x 128, 14 classes, bf16), measured in wall time until the device has
finished; a CPU runs at the size of profile quick, measured in processor time. Batches are random
numbers on the device, so loading is not counted. "Networks alone" means forward and backward of the
networks that a method trains, over the rows that it sees.
"""

import dataclasses
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

from benchmarks.common import comparison, using
from guidednet.config import RunConfig, TrainingConfig
from guidednet.data.sampling import Batch, BatchConfig
from guidednet.methods import METHODS, Method
from guidednet.networks import DoubleConvolution, UNet3D
from guidednet.optimiser import update
from guidednet.processes.distributed import data_parallel
from guidednet.runs.profiles import profile
from guidednet.support.progress import bar
from guidednet.training.device import accelerated, autocast
from guidednet.training.loop import make_method

STEP_TO_NETWORKS = 1.5  # a step may take at most this many times as long as its networks alone
GUIDEDNET_TO_CPS = 1.15
ACCELERATED = 2.0  # bf16 + channels_last + compiled against plain float32, on a GPU
MEMORY_GIB = 24.0
# Methods whose networks see each row once, so that "networks alone" is well defined.
ONE_PASS = ("supervised", "cps", "cld", "dhc", "guidednet")


def config_of(method: str, name: str, **training: Any) -> RunConfig:
    """The run of `method` at the size of profile `name`, with some `training` fields replaced."""
    chosen = profile(name)
    run = chosen.run("flare22", method, chosen.data["flare22"].ratios[1], seed=0)
    return dataclasses.replace(run, training=dataclasses.replace(run.training, **training))


def random_batch(sizes: BatchConfig, classes: int, distance_maps: bool = False) -> Batch:
    """A batch of noise with labels of every class."""
    generator = torch.Generator().manual_seed(0)
    maps = (
        torch.rand(sizes.labelled, classes - 1, *sizes.crop, generator=generator)
        if distance_maps
        else None
    )
    label = torch.randint(classes, (sizes.labelled, *sizes.crop), generator=generator)
    return Batch(
        torch.rand(sizes.labelled + sizes.unlabelled, 1, *sizes.crop, generator=generator),
        label,
        maps,
    )


def batch_of(config: RunConfig, method: Method) -> Batch:
    """A batch of noise of the size that `config` uses."""
    sizes = config.batch if config.n_unlabelled else dataclasses.replace(config.batch, unlabelled=0)
    return random_batch(sizes, config.num_classes, method.uses_distance_maps)


def training_step(
    method: Method, config: RunConfig, device: torch.device
) -> Callable[[Batch], None]:
    """A function that does one training step of `method`: forward, loss, backward, update."""
    method = accelerated(method, config.training, device).train()
    optimisers, losses = method.optimisers(config.optimiser), data_parallel(method)

    def step(batch: Batch) -> None:
        with autocast(config.training, device, training=True):
            terms = losses(batch, config.training.steps // 2)
        update(optimisers, sum(terms.values()))

    return step


def step_of(config: RunConfig, device: torch.device) -> Callable[[], None]:
    """A function that does one training step of `config` on a batch already on `device`."""
    method = make_method(config)
    return partial(training_step(method, config, device), batch_of(config, method).to(device))


def networks_of(
    config: RunConfig, device: torch.device, layout: Callable = accelerated
) -> Callable[[], None]:
    """A function that does only forward and backward of the networks that `config` trains."""
    method = layout(make_method(config), config.training, device).train()
    batch, networks = batch_of(config, method).to(device), trained_networks(method)

    def passes() -> None:
        with autocast(config.training, device, training=True):
            outputs = [network(batch.image).logits for network in networks]
        sum(logits.float().mean() for logits in outputs).backward()

    return passes


def trained_networks(method: Method) -> list[UNet3D]:
    """The U-Nets of a method that have gradients."""
    return [
        module
        for module in method.modules()
        if isinstance(module, UNet3D) and next(module.parameters()).requires_grad
    ]


def seconds(work: Callable[[], None], device: torch.device, repeats: int) -> float:
    """Least seconds of `work` after a warm-up: processor time on a CPU, wall time on a GPU.

    The wall time includes waiting for the GPU to finish.
    """
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    taken = []
    for _ in range(repeats + 1):
        began = clock()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        taken.append(clock() - began)
    return min(taken[1:])


def measure(quick: bool = False) -> list[dict[str, Any]]:
    """Rows whose `ratio` is the other's cost divided by ours.

    A limit of 1.5 on our relative cost is thus a ratio of at least 0.67.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    size = "smoke" if quick else "paper" if device.type == "cuda" else "quick"
    repeats = 1 if quick else 5
    # FLARE22 hides no label
    of_flare22 = [name for name, kind in METHODS.items() if not kind.uses_hidden_labels]
    names = of_flare22 if not quick else ["supervised", "cps", "guidednet"]
    with using(threads=1):
        turns = bar("benchmark: steps", "method")(names, len(names))
        steps = {
            name: seconds(step_of(config_of(name, size), device), device, repeats) for name in turns
        }
        alone = {
            name: seconds(networks_of(config_of(name, size), device), device, repeats)
            for name in names
            if name in ONE_PASS
        }
        rows = [_against_networks(size, device, name, steps[name], alone[name]) for name in alone]
        unit = _unit(device)
        rows += [
            comparison(
                f"step of {name}, {size}",
                unit,
                steps[name],
                "Sup only",
                steps["supervised"],
                0.0,
                1,
            )
            for name in names
            if name not in ONE_PASS
        ]
        # With smaller crops, the costs that do not depend on crop size are a larger part.
        wanted = 1 / GUIDEDNET_TO_CPS if size == "paper" else 0.0
        rows.append(
            comparison(
                f"step of guidednet, {size}",
                unit,
                steps["guidednet"],
                "CPS",
                steps["cps"],
                wanted,
                1,
            )
        )
        rows.append(_share_of_guidednets_own_terms(size, steps))
        return rows + (_on_gpu if device.type == "cuda" else _on_cpu)(size, device, repeats)


def _against_networks(
    size: str, device: torch.device, name: str, step: float, alone: float
) -> dict[str, Any]:
    return comparison(
        f"step of {name}, {size}",
        _unit(device),
        step,
        "its networks alone",
        alone,
        1 / STEP_TO_NETWORKS,
        1,
    )


def _share_of_guidednets_own_terms(size: str, steps: dict[str, float]) -> dict[str, Any]:
    """The share of a GuidedNet step that exceeds a CPS step."""
    share = round(1 - steps["cps"] / steps["guidednet"], 3)
    return {
        "what": f"3D-CGMM and KT-CPS in a step of guidednet, {size}",
        "unit": "share",
        "ours": share,
        "threads": 1,
    }


def _on_cpu(size: str, device: torch.device, repeats: int) -> list[dict[str, Any]]:
    """CPU rows: networks in the layout that CPUs prefer against the usual one with torch's norm.

    In profile quick, also GuidedNet against CPS on large crops.
    """
    config = config_of("guidednet", size)
    ours = seconds(networks_of(config, device), device, repeats)
    usual = seconds(networks_of(config, device, usual_layout), device, repeats)
    rows = [
        comparison(
            f"networks of guidednet, {size}", _unit(device), ours, "the usual layout", usual, 1.0, 1
        )
    ]
    if size == "quick":
        guidednet, cps = (
            seconds(step_of(large_crops(name), device), device, 1) for name in ("guidednet", "cps")
        )
        what = "step of guidednet, one row of each kind of the paper's crop, float32"
        rows.append(comparison(what, _unit(device), guidednet, "CPS", cps, 1 / GUIDEDNET_TO_CPS, 1))
    return rows


def large_crops(method: str) -> RunConfig:
    """The run of `method` with one labelled and one unlabelled crop of the paper's size.

    A CPU would take too long for more.
    """
    config = config_of(method, "paper", precision="fp32")
    return dataclasses.replace(
        config, batch=dataclasses.replace(config.batch, labelled=1, unlabelled=1)
    )


def usual_layout(method: Method, plan: TrainingConfig, device: torch.device) -> Method:
    """`method` in torch's usual layout: channels first, with torch's instance normalisation."""
    for module in method.modules():
        if isinstance(module, DoubleConvolution):
            module[1], module[4] = (
                nn.InstanceNorm3d(norm.num_features) for norm in (module[1], module[4])
            )
    return method


def _on_gpu(size: str, device: torch.device, repeats: int) -> list[dict[str, Any]]:
    """GPU rows: GuidedNet accelerated against plain, and the memory of each against 24 GiB."""
    kinds = {
        "bf16": {"precision": "bf16"},
        "bf16, channels last": {"precision": "bf16", "channels_last": True},
        "bf16, channels last, compiled": {
            "precision": "bf16",
            "channels_last": True,
            "compiled": True,
        },
    }
    config = config_of("guidednet", size, precision="fp32")
    plain = seconds(step_of(config, device), device, repeats)
    rows = [_memory("fp32", size, device)]
    for name, training in kinds.items():
        torch.cuda.reset_peak_memory_stats(device)
        taken = seconds(step_of(config_of("guidednet", size, **training), device), device, repeats)
        rows.append(
            comparison(
                f"step of guidednet, {size}, {name}",
                "s",
                taken,
                "plain float32",
                plain,
                ACCELERATED,
                1,
            )
        )
        rows.append(_memory(name, size, device))
    return rows


def _memory(name: str, size: str, device: torch.device) -> dict[str, Any]:
    peak = torch.cuda.max_memory_allocated(device) / 2**30
    return comparison(
        f"peak memory of guidednet, {size}, {name}", "GiB", peak, "a card", MEMORY_GIB, 1.0, 1
    )


def _unit(device: torch.device) -> str:
    return "s" if device.type == "cuda" else "CPU s"
