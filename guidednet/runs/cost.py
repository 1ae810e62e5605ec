"""What a run costs: the work of its steps, validations and scores, and the time that it takes.

Work is counted in voxels that one network passes forward and backward. One measurement on this
device turns it into seconds: processor time on a CPU, which other programs hardly change.
"""

import dataclasses
import functools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from guidednet.config import Precision, RunConfig, TrainingConfig
from guidednet.data.case_store import PrepareConfig
from guidednet.inference import windows
from guidednet.losses import supervised_loss
from guidednet.methods import method_class
from guidednet.networks import NetworkConfig, build_network
from guidednet.processes.workers import computing
from guidednet.runs.provenance import device_name
from guidednet.runs.record import finished_runs
from guidednet.runs.store import RunStore
from guidednet.training.device import accelerated, autocast
from guidednet.training.loop import make_method

# TFLOP/s that a GPU is assumed to sustain on these networks if nothing has been measured.
ASSUMED_TERAFLOPS = 20.0
RECOMPUTED = 4 / 3  # the time of a step whose rows come in parts: one forward pass more
FORWARD = 1 / 3  # share of the forward pass; the backward pass takes two of them
BODY_MM = (260.0, 270.0, 380.0)  # of a case that is not prepared yet: depth, height, width
SCORE_SECONDS = 2e-6  # per voxel, for the metrics of a case, on a CPU
MOST_MEASURED = 32  # voxels along each side of the crop that is measured


@dataclass(frozen=True)
class RunCost:
    """The seconds of a run: of a step, of a logged one beyond that, a validation, all scores."""

    step: float
    log: float
    validation: float
    scores: float

    def of_step(self, step: int, training: TrainingConfig) -> float:
        """The seconds of the step that ends at `step` (1, 2, ...), with what follows it."""
        logged = step % training.log_every == 0
        validated = step % training.validate_every == 0 or step == training.steps
        return self.step + self.log * logged + self.validation * validated

    def of_steps(self, steps: int, training: TrainingConfig) -> float:
        """The seconds of the first `steps` steps."""
        validations = steps // training.validate_every
        validations += steps == training.steps and steps % training.validate_every > 0
        logged = steps // training.log_every
        return self.step * steps + self.log * logged + self.validation * validations

    def whole(self, training: TrainingConfig) -> float:
        """The seconds of the whole run."""
        return self.of_steps(training.steps, training) + self.scores


class CostEstimate:
    """Estimates what runs cost on the device of `runs`, when nothing else runs there.

    Steps take the time that finished runs of the same kind recorded, else that of their work at the
    measured speed of this device. For a GPU that is assumed to sustain `teraflops`, nothing is
    measured.
    """

    def __init__(self, runs: RunStore, teraflops: float | None = None) -> None:
        self.runs, self.teraflops = runs, teraflops
        with computing(runs.device):
            name = device_name(runs.device, runs.processes)
        seconds = "processor_seconds_per_step" if runs.device.type == "cpu" else "seconds_per_step"
        self.measured = {
            _kind(run.config): run.record[seconds]
            for run in finished_runs(runs.workspace.runs_folder)
            if run.record["device"] == name and run.record.get(seconds) and teraflops is None
        }

    def seconds(self, config: RunConfig) -> float:
        """Seconds to train and score `config` from its start."""
        return self.of(config).whole(config.training)

    def left(self, config: RunConfig) -> float:
        """Seconds to train and score `config`, or only to score it if it is trained."""
        trained = self.runs.identity.status(config) == "finished"
        return self.of(config).scores if trained else self.seconds(config)

    def of(self, config: RunConfig) -> RunCost:
        """The costs of the parts of `config`."""
        speed = self._seconds_per_voxel(config, config.training.precision)
        on_cpu = self.runs.device.type == "cpu"  # which predicts in float32
        of_prediction = self._seconds_per_voxel(config, "fp32") if on_cpu else speed
        networks, predictors = _parts(dataclasses.replace(config, seed=0))
        shape, validated, tested = self._cases(config)
        one = FORWARD * of_prediction * passed_voxels(config, shape)
        metrics = SCORE_SECONDS * math.prod(shape) / self.runs.processes
        step = voxels_per_step(config) * speed
        cost = RunCost(
            step=step,
            log=FORWARD * networks * step / method_class(config.method).relative_cost,
            validation=one * validated,
            # every predictor at the best step, and the primary one at the last
            scores=(one + metrics) * tested * (predictors + 1),
        )
        known = self.measured.get(_kind(config))
        return cost if known is None else RunCost(known, 0.0, 0.0, cost.scores)

    def _seconds_per_voxel(self, config: RunConfig, precision: Precision) -> float:
        if self.teraflops is not None:
            operations = operations_per_voxel(config.network, config.num_classes)
            return operations / (self.teraflops * 1e12) / self.runs.processes
        with computing(self.runs.device):
            rate = seconds_per_voxel(
                config.network, config.num_classes, config.batch.crop, self.runs.device, precision
            )
        return rate / self.runs.processes

    def _cases(self, config: RunConfig) -> tuple[tuple[int, ...], int, int]:
        """The shape of a case, and how many are for validation and for the test.

        Without prepared cases, it is the shape of a typical body.
        """
        workspace = self.runs.workspace
        data = workspace.data(config.dataset)
        if not workspace.has_cases(config.dataset):
            return body_voxels(data.prepare), data.validation, data.test
        split = self.runs.split(config)
        one = (split.validation + split.test + split.labelled)[0]
        shape = workspace.cases(config.dataset).image(one).shape
        return shape, len(split.validation), len(split.test)


def _kind(config: RunConfig) -> tuple:
    """The settings on which the time of a step depends."""
    return (
        *(config.method, config.network, config.batch, config.dataset, config.n_unlabelled > 0),
        *(config.training.precision, config.training.accumulate),
    )


def body_voxels(prepare: PrepareConfig) -> tuple[int, ...]:
    """The shape of a typical case on the grid of `prepare`."""
    return tuple(
        math.ceil(side / step) for side, step in zip(BODY_MM, prepare.spacing_mm, strict=True)
    )


def voxels_per_step(config: RunConfig) -> float:
    """Voxels that one network would process in the time of a step of `config`.

    The methods' `relative_cost` says how many passes they make.
    """
    method = method_class(config.method)
    rows = config.batch.labelled + (config.batch.unlabelled if method.uses_unlabelled else 0)
    again = RECOMPUTED if config.training.accumulate > 1 else 1.0
    return again * method.relative_cost * rows * math.prod(config.batch.crop)


def passed_voxels(config: RunConfig, shape: tuple[int, ...]) -> int:
    """Voxels that pass the network when the sliding window segments a volume of `shape`."""
    size = config.window.size
    number = sum(1 for _ in windows(shape, size, config.window.stride))
    return math.prod(size) * number


@functools.lru_cache(maxsize=512)
def _parts(config: RunConfig) -> tuple[int, int]:
    """The networks and the predictors of the method of `config`."""
    method = make_method(config)
    return len(method.networks()), len(method.predictors())


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
    network_config: NetworkConfig,
    num_classes: int,
    crop: tuple[int, int, int],
    device: torch.device,
    precision: Precision = "fp32",
) -> float:
    """Time of one network's forward and backward pass per voxel of its input, measured here.

    It is the best of three after a warm-up, on two rows of `crop` or of a cube if that is smaller:
    torch takes three times as long for a single small row. On a GPU that this machine does not have
    (a cluster's), it is the time of a GPU that sustains ASSUMED_TERAFLOPS.
    """
    if device.type == "cuda" and not torch.cuda.is_available():
        return operations_per_voxel(network_config, num_classes) / (ASSUMED_TERAFLOPS * 1e12)
    training = TrainingConfig(precision=precision)
    network = build_network(network_config, num_classes, "kaiming", seed=0)
    network = accelerated(network, training, device)
    most = max(MOST_MEASURED, 2**network_config.depth)
    sides = [min(side, most) for side in crop]
    image = torch.zeros(2, 1, *sides, device=device)
    label = torch.zeros(2, *sides, dtype=torch.long, device=device)

    def one_pass() -> None:
        with autocast(training, device, training=True):
            logits = network(image).logits
        supervised_loss(logits, label).backward()
        if device.type != "cpu":
            torch.accelerator.synchronize(device)

    clock = time.perf_counter if device.type != "cpu" else time.process_time
    return min([_timed(one_pass, clock) for _ in range(4)][1:]) / image.numel()


def _timed(work: Callable[[], None], clock: Callable[[], float]) -> float:
    began = clock()
    work()
    return clock() - began
