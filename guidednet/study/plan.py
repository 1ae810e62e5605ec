"""The plan of a reproduction: every distinct run once, cheapest artefact first, and its cost."""

import functools
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode

from guidednet.config import RunConfig
from guidednet.losses import supervised_loss
from guidednet.methods import METHODS, method_class
from guidednet.networks import NetworkConfig, build_network
from guidednet.processes.workers import computing
from guidednet.runs.profiles import Profile
from guidednet.runs.provenance import device_name
from guidednet.runs.record import finished_runs, read_record
from guidednet.runs.store import RunStore
from guidednet.study.artefacts import Artefact
from guidednet.study.rows import Row

# TFLOP/s that a GPU is assumed to sustain on these networks if nothing has been measured.
ASSUMED_TERAFLOPS = 20.0


@dataclass
class PlannedRun:
    """A distinct run: its row in a table, the artefacts that need it, its status and hours left.

    The row of a shared warm start is "warm start".
    """

    config: RunConfig
    row: str
    artefacts: list[str]
    status: str
    hours: float


def planned_runs(
    artefacts: dict[str, Artefact],
    runs: RunStore,
    seeds: int,
    methods: Collection[str] | None = None,
) -> list[PlannedRun]:
    """Every run that `artefacts` need, once; runs that others start from come before them.

    `methods` limits the runs to those methods. The artefact that takes least to complete comes
    first, then the one that takes least beyond it, and so on.
    """
    planned: dict[RunConfig, PlannedRun] = {}
    cost = CostEstimate(runs)
    for name, artefact in artefacts.items():
        for row in trained_rows(artefact, runs.workspace.profile, seeds):
            wanted = [run for run in row.configs if methods is None or run.method in methods]
            for config in (run for last in wanted for run in runs.identity.with_warm_start(last)):
                if config not in planned:
                    status = runs.identity.status(config)
                    hours = 0.0 if status == "finished" else cost.seconds(config) / 3600
                    planned[config] = PlannedRun(
                        config,
                        row.label if config in row.configs else "warm start",
                        [],
                        status,
                        hours,
                    )
                planned[config].artefacts += [name] if name not in planned[config].artefacts else []
    return _cheapest_artefact_first(list(planned.values()))


def trained_rows(artefact: Artefact, profile: Profile, seeds: int) -> list[Row]:
    """The rows of `artefact` whose runs a reproduction at `profile` trains."""
    rows = artefact.rows(profile, seeds) if artefact.rows else []
    return [row for row in rows if row.trained]


def _cheapest_artefact_first(planned: list[PlannedRun]) -> list[PlannedRun]:
    ordered: list[PlannedRun] = []
    while waiting := [run for run in planned if run not in ordered]:
        left = {
            name: sum(run.hours for run in waiting if name in run.artefacts)
            for run in waiting
            for name in run.artefacts
        }
        cheapest = min(left, key=left.__getitem__)
        ordered += [run for run in waiting if cheapest in run.artefacts]
    return ordered


def plan_table(planned: list[PlannedRun], runs: RunStore) -> pd.DataFrame:
    """One line per run: name, status, row, artefacts that use it, estimated hours left."""
    lines = []
    for run in planned:
        name = (
            runs.identity.folder(run.config).name
            if runs.workspace.has_cases(run.config.dataset)
            else runs.identity.name(run.config)
        )
        lines.append(
            {
                "run": name,
                "status": run.status,
                "row": run.row,
                "used by": ", ".join(run.artefacts),
                "hours": run.hours,
            }
        )
    return pd.DataFrame(lines, columns=["run", "status", "row", "used by", "hours"])


def artefact_table(planned: list[PlannedRun]) -> pd.DataFrame:
    """One line per artefact, in the order in which they are completed.

    The columns are its runs, the runs left, and the hours until it is complete.
    """
    names = list(dict.fromkeys(name for run in planned for name in run.artefacts))
    until = {
        name: max(place for place, run in enumerate(planned) if name in run.artefacts)
        for name in names
    }
    hours = pd.Series([run.hours for run in planned]).cumsum()
    lines = [
        {
            "artefact": name,
            "runs": sum(name in run.artefacts for run in planned),
            "left": sum(name in run.artefacts and run.status != "finished" for run in planned),
            "complete after hours": hours.get(until[name], 0.0),
        }
        for name in sorted(names, key=until.__getitem__)
    ]
    return pd.DataFrame(lines, columns=["artefact", "runs", "left", "complete after hours"])


class CostEstimate:
    """Estimates how long runs take to train on the device of `runs`.

    The estimate is the time of finished runs of the same kind, else that of one small measured
    step.
    """

    def __init__(self, runs: RunStore) -> None:
        self.device, self.processes = runs.device, runs.processes
        with computing(runs.device):
            name = device_name(runs.device, runs.processes)
        records = [(run.config, run.record) for run in finished_runs(runs.workspace.runs_folder)]
        self.measured = {
            _kind(config): record["seconds_per_step"]
            for config, record in records
            if record["device"] == name
        }

    def seconds(self, config: RunConfig) -> float:
        """Estimated seconds to train `config`."""
        per_step = self.measured.get(_kind(config))
        if per_step is None:
            with computing(self.device):
                alone = voxels_per_step(config) * seconds_per_voxel(
                    config.network, config.num_classes, self.device
                )
            per_step = alone / self.processes
        return config.training.steps * per_step


def _kind(config: RunConfig) -> tuple:
    """The settings on which the time of a step depends."""
    return config.method, config.network, config.batch, config.dataset, config.n_unlabelled > 0


def voxels_per_step(config: RunConfig) -> float:
    """Voxels that one network would process in the time of a step of `config`.

    The methods' `relative_cost` says how many passes they make.
    """
    method = method_class(config.method)
    rows = config.batch.labelled + (config.batch.unlabelled if method.uses_unlabelled else 0)
    depth, height, width = config.batch.crop
    return method.relative_cost * rows * depth * height * width


def gpu_hours(planned: Iterable[PlannedRun]) -> float:
    """Hours that the remaining runs take on a GPU that sustains ASSUMED_TERAFLOPS.

    Validation is not counted.
    """
    left = [run.config for run in planned if run.status != "finished"]
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
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - began)
    return min(times[1:]) / image.numel()


def summary(planned: list[PlannedRun], runs: RunStore) -> str:
    """Two lines: runs, finished runs, hours left here and on a GPU, and disk space needed.

    A third line follows if some finished runs are outdated.
    """
    to_prepare = (
        sum(
            runs.workspace.bytes_to_prepare(dataset)
            for dataset in {run.config.dataset for run in planned}
        )
        / 1e9
    )
    finished = sum(run.status == "finished" for run in planned)
    hours = sum(run.hours for run in planned)
    return (
        f"{len(planned)} runs, {finished} finished; about {hours:.2f} hours of training left "
        f"on this {_kind_of_device(runs.device)}; "
        f"about {disk_gigabytes(planned):.1f} GB of disk for the run folders in all"
        f"{f', {to_prepare:.3g} GB for scans to prepare' if to_prepare else ''}\n"
        f"on a GPU that sustains {ASSUMED_TERAFLOPS:g} TFLOP/s (assumed, not measured): "
        f"about {gpu_hours(planned):.1f} GPU hours, validation not counted{_outdated(runs)}"
    )


def _outdated(runs: RunStore) -> str:
    """A line about finished runs of another version of the code, which nothing here uses.

    It is empty if there are no such runs.
    """
    folder = runs.workspace.runs_folder
    methods = [
        read_record(path.parent)["config"].get("method") for path in folder.glob("*/record.json")
    ]
    # only the notebook that added a method knows it
    known = sum(method in METHODS for method in methods)
    number = known - sum(runs.identity.is_current(run) for run in finished_runs(folder))
    made = f"{number} finished runs in {folder} were made by another version of the code"
    return f"\n{made}: they are not used, and may be deleted" if number else ""


def _kind_of_device(device: torch.device) -> str:
    return "GPU" if device.type == "cuda" else "machine's CPU"


def disk_gigabytes(planned: Iterable[PlannedRun]) -> float:
    """Disk space of all run folders in GB: the weights of every run twice, best and last."""
    return (
        sum(
            8 * parameters(run.config) * len(method_class(run.config.method).initialisations or "1")
            for run in planned
        )
        / 1e9
    )


def parameters(config: RunConfig) -> int:
    """Parameters of one network of `config`."""
    network = build_network(config.network, config.num_classes, "kaiming", seed=0)
    return sum(parameter.numel() for parameter in network.parameters())
