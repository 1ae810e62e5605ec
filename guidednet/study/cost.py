"""How long trainings take: as long as finished ones of their kind, or as a small measured step."""

import functools
import time
from collections.abc import Iterable

import torch
from torch.utils.flop_counter import FlopCounterMode

from guidednet.config import RunConfig
from guidednet.losses import supervised_loss
from guidednet.methods import method_class
from guidednet.networks import NetworkConfig, build_network
from guidednet.processes.workers import computing
from guidednet.runs.provenance import device_name
from guidednet.runs.record import finished_runs
from guidednet.runs.store import RunStore
from guidednet.study.assumed_gpu import ASSUMED_TERAFLOPS, AssumedGPU

RECOMPUTED = 4 / 3  # the time of a step whose rows come in parts: one forward pass more


class CostEstimate:
    """Estimates how long runs take to train on the device of `runs`.

    The estimate is the time of finished runs of the same kind, else that of one small measured
    step. For an `assumed` GPU nothing is measured.
    """

    def __init__(self, runs: RunStore, assumed: AssumedGPU | None = None) -> None:
        self.device, self.processes, self.assumed = runs.device, runs.processes, assumed
        with computing(runs.device):
            name = device_name(runs.device, runs.processes)
        records = [(run.config, run.record) for run in finished_runs(runs.workspace.runs_folder)]
        self.measured = {
            _kind(config): record["seconds_per_step"]
            for config, record in records
            if record["device"] == name and assumed is None
        }

    def seconds(self, config: RunConfig) -> float:
        """Estimated seconds to train `config`."""
        per_step = self.measured.get(_kind(config))
        if per_step is None:
            per_step = voxels_per_step(config) * self._per_voxel(config) / self.processes
        return config.training.steps * per_step

    def _per_voxel(self, config: RunConfig) -> float:
        if self.assumed is not None:
            operations = operations_per_voxel(config.network, config.num_classes)
            return operations / (self.assumed.teraflops * 1e12)
        with computing(self.device):
            return seconds_per_voxel(config.network, config.num_classes, self.device)


def _kind(config: RunConfig) -> tuple:
    """The settings on which the time of a step depends."""
    return (
        *(config.method, config.network, config.batch, config.dataset, config.n_unlabelled > 0),
        *(config.training.precision, config.training.accumulate),
    )


def voxels_per_step(config: RunConfig) -> float:
    """Voxels that one network would process in the time of a step of `config`.

    The methods' `relative_cost` says how many passes they make.
    """
    method = method_class(config.method)
    rows = config.batch.labelled + (config.batch.unlabelled if method.uses_unlabelled else 0)
    depth, height, width = config.batch.crop
    again = RECOMPUTED if config.training.accumulate > 1 else 1.0
    return again * method.relative_cost * rows * depth * height * width


def gpu_hours(left: Iterable[RunConfig]) -> float:
    """Hours that the runs of `left` take on a GPU that sustains ASSUMED_TERAFLOPS.

    Validation is not counted.
    """
    operations = sum(
        run.training.steps
        * voxels_per_step(run)
        * operations_per_voxel(run.network, run.num_classes)
        for run in left
    )
    return operations / (ASSUMED_TERAFLOPS * 1e12) / 3600


@functools.cache
def operations_per_voxel(network_config: NetworkConfig, num_classes: int) -> float:
    """Floating-point operations of a network's forward and backward pass per input voxel."""
    side = 2 ** (network_config.depth + 1)
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        network = build_network(network_config, num_classes, "kaiming", seed=0)
        network(torch.empty(1, 1, side, side, side)).logits.sum().backward()
    return counter.get_total_flops() / side**3


@functools.cache
def seconds_per_voxel(
    network_config: NetworkConfig, num_classes: int, device: torch.device
) -> float:
    """Measured time of one network's forward and backward pass per voxel of its input.

    It is the best of three after a warm-up. On a GPU that this machine does not have (a cluster's),
    it is the time of a GPU that sustains ASSUMED_TERAFLOPS.
    """
    if device.type == "cuda" and not torch.cuda.is_available():
        return operations_per_voxel(network_config, num_classes) / (ASSUMED_TERAFLOPS * 1e12)
    side = max(2**network_config.depth, 32)  # a smaller cube would measure the overhead
    network = build_network(network_config, num_classes, "kaiming", seed=0).to(device)
    image = torch.zeros(1, 1, side, side, side, device=device)
    label = torch.zeros(1, side, side, side, dtype=torch.long, device=device)
    times = []
    for _ in range(4):
        began = time.perf_counter()
        supervised_loss(network(image).logits, label).backward()
        if device.type != "cpu":
            torch.accelerator.synchronize(device)
        times.append(time.perf_counter() - began)
    return min(times[1:]) / image.numel()
