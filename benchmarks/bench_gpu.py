"""What only a GPU can tell: its steps against the CPU's, and times and memory at the paper's size.

    bash reproduce.sh bench gpu

The first rows take a method's first step, with the weights of its terms ramped up, on either device
from the same weights and crops without dropout, and compare the loss terms. Methods that draw
random numbers draw others on a GPU; their rows say so and compare nothing. The next rows time steps
at the paper's size (4 + 4 crops of 64 x 128 x 128, 14 classes) in each precision and layout, beside
the networks alone, with the peak memory; then the networks of CPS beside the time that this GPU
needs to move and compute what they must; then the share of a step that waits for its crops. All
this takes about five minutes on an H200. The rest of MINUTES trains runs of the study on real CT,
if its scans are in $DATA_DIR or its prepared cases in $RESULTS_DIR (tools.train_study): the same
command goes on with them.
"""

import dataclasses
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.bench_steps import batch_of, config_of, networks_of, seconds, step_of
from benchmarks.common import comparison
from guidednet.config import RunConfig
from guidednet.errors import InputError
from guidednet.methods import METHODS
from guidednet.runs.record import RecordedRuns
from guidednet.study.real_ct import DATASET
from guidednet.support.progress import bar
from guidednet.training.device import accelerated
from guidednet.training.loop import make_method
from tools.train_study import seeds_first, train_for

ROUNDING = 1e-3  # relative; float32 sums over a crop differ by less between devices
TIMED = ("supervised", "cps", "guidednet", "magicnet", "ua_mt", "dhc")
BF16 = {"precision": "bf16"}
KINDS = (
    {"precision": "fp32"},
    BF16,
    BF16 | {"channels_last": True},
)
COMPILED = ("cps", "guidednet")  # compiling takes longer than all other steps of a method here
MINUTES = 8.0  # for everything
LATEST_TIMES = 4.0  # minutes after which no further step is timed
# What the two networks of CPS move and compute in a step at the paper's size in bf16, at least.
BYTES, OPERATIONS = 68e9, 7e12
# Versions of cuDNN whose bf16 convolutions of volumes are known to be wrong or slow.
DOUBTFUL_CUDNN = range(90800, 91500)


def first_terms(config: RunConfig, device: str, seed: int = 0) -> dict[str, float]:
    """The loss terms of a step with all weights up, from the same weights and crops anywhere."""
    torch.manual_seed(seed)
    method = accelerated(make_method(config), config.training, device).train()
    batch = batch_of(config, method).to(torch.device(device))
    torch.manual_seed(seed)
    return {name: value.item() for name, value in method(batch, config.training.steps - 1).items()}


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
    what = step_name(name, size, training)
    return comparison(what, "s", own, "its networks alone", alone, 0, 1) | {"peak_gib": peak}


def left_out(name: str, size: str, training: dict[str, Any]) -> dict[str, Any]:
    """A row that says that a step was not timed."""
    return {"what": f"{step_name(name, size, training)}: not timed, for lack of time"}


def step_name(name: str, size: str, training: dict[str, Any]) -> str:
    """Such as "step of cps, paper, bf16, compiled"."""
    return f"step of {name}, {size}, {described(training)}"


def minutes_since(began: float) -> float:
    """Minutes since `began`, a time of the monotonic clock."""
    return (time.monotonic() - began) / 60


def described(training: dict[str, Any]) -> str:
    """The precision and the switches that are on, such as "bf16, compiled"."""
    return ", ".join(name if value is True else value for name, value in training.items())


def fastest(work: Any, size: float, repeats: int) -> float:
    """`size` per second of `work`, at best."""
    return size / seconds(work, torch.device("cuda"), repeats)


def limit(repeats: int) -> dict[str, Any]:
    """A row: the networks of CPS in bf16 beside what this GPU's memory and multipliers allow.

    Both are measured here: a copy of half a gigabyte, and a product of two matrices.
    """
    device = torch.device("cuda")
    source, side = torch.empty(2**29, dtype=torch.uint8, device=device), 8192
    target = torch.empty_like(source)
    matrix = torch.randn(side, side, device=device, dtype=torch.bfloat16)
    bandwidth = fastest(lambda: target.copy_(source), 2.0 * source.numel(), repeats)
    speed = fastest(lambda: matrix @ matrix, 2.0 * side**3, repeats)
    alone = seconds(networks_of(config_of("cps", "paper", **BF16), device), device, repeats)
    what = f"networks of cps, paper, bf16; {bandwidth / 1e12:.2f} TB/s, {speed / 1e12:.0f} TFLOP/s"
    least = max(BYTES / bandwidth, OPERATIONS / speed)
    return comparison(what, "s", alone, "the limit of this GPU", least, 0, 1)


def doubtful_cudnn() -> list[dict[str, Any]]:
    """A row that warns of a version of cuDNN with wrong or slow bf16 convolutions; else none."""
    version = torch.backends.cudnn.version() or 0
    if version not in DOUBTFUL_CUDNN:
        return []
    warning = f"cuDNN {version}: bf16 convolutions of volumes may be wrong or slow; update torch"
    print(f"benchmarks: {warning}", file=sys.stderr)
    return [{"what": warning}]


def waiting() -> list[dict[str, Any]]:
    """The row of benchmark "waiting"; or one that names the package which it lacks."""
    try:
        from benchmarks import bench_waiting

        return bench_waiting.measure()
    except ModuleNotFoundError as error:
        return [{"what": f"waiting for crops: not measured, {error.name} is not installed"}]


def train_the_study(minutes: float) -> list[dict[str, Any]]:
    """Train runs of the study for `minutes`; a row with the number that is finished then.

    No row where neither its scans nor its prepared cases are there.
    """
    data = Path(os.environ.get("DATA_DIR", "data"))
    results = Path(os.environ.get("RESULTS_DIR", "results"))
    if not (data / DATASET).is_dir() and not (results / "stores/study" / DATASET).is_dir():
        return []
    train_for(60 * minutes, ["--data-root", str(data), "--results", str(results), "--gpu"])
    done = len(RecordedRuns(results / "runs").finished(seeds_first()))
    return [{"what": f"finished runs of the study after {minutes:.1f} minutes", "ours": done}]


def measure(quick: bool = False) -> list[dict[str, Any]]:
    """The rows of all kinds. Raises InputError without a GPU."""
    if not torch.cuda.is_available():
        raise InputError("gpu: torch finds no GPU on this machine; run this benchmark on one")
    began, (size, repeats) = time.monotonic(), ("smoke", 1) if quick else ("paper", 5)
    names = [name for name, kind in METHODS.items() if not kind.uses_hidden_labels]
    rows = doubtful_cudnn()
    rows += [same_step(name, "cuda") for name in bar("steps on both devices")(names, len(names))]
    work = [(name, size, training) for training in KINDS for name in TIMED]
    work += [(name, size, BF16 | {"compiled": True}) for name in COMPILED]
    for job in bar("times")(work, len(work)):
        late = minutes_since(began) > LATEST_TIMES
        rows.append(left_out(*job) if late else timed(*job, repeats))
    if quick:
        return rows
    rows += [limit(repeats), *waiting()]
    return rows + train_the_study(MINUTES - minutes_since(began))
