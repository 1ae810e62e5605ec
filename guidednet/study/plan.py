"""The plan of a reproduction: every distinct run once, cheapest artefact first, and its cost."""

import functools
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pandas as pd
import torch

from guidednet.config import RunConfig
from guidednet.methods import METHODS, method_class
from guidednet.networks import NetworkConfig, build_network
from guidednet.runs.cost import (
    ASSUMED_TERAFLOPS,
    CostEstimate,
    operations_per_voxel,
    voxels_per_step,
)
from guidednet.runs.memory import GIB
from guidednet.runs.profile import Profile
from guidednet.runs.record import finished_runs, read_record
from guidednet.runs.resources import in_software
from guidednet.runs.store import RunStore
from guidednet.study.artefacts import Artefact
from guidednet.study.assumed_gpu import AssumedGPU, memory_text, needed
from guidednet.study.rows import Row
from guidednet.support.durations import in_words


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
    assumed: AssumedGPU | None = None,
) -> list[PlannedRun]:
    """Every run that `artefacts` need, once; runs that others start from come before them.

    `methods` limits the runs to those methods, and the hours are those of the `assumed` GPU, if
    there is one. The artefact that takes least to complete comes first, then the one that takes
    least beyond it, and so on.
    """
    planned: dict[RunConfig, PlannedRun] = {}
    cost = CostEstimate(runs, assumed.teraflops if assumed else None)
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
    """One line per run: name, status, row, artefacts that use it, estimated hours and memory."""
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
                "GiB": f"{needed(run.config, runs.processes):.1f}",
            }
        )
    return pd.DataFrame(lines, columns=["run", "status", "row", "used by", "hours", "GiB"])


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


def summary(
    planned: list[PlannedRun],
    runs: RunStore,
    jobs: int = 1,
    notebooks: int = 0,
    assumed: AssumedGPU | None = None,
) -> str:
    """Three lines: what there is to do, how long the training will take, and what it needs.

    The time is that of `jobs` runs side by side if this machine does nothing else, or that of the
    `assumed` GPU. The needs are disk space and, of the largest training, memory.
    """
    finished = sum(run.status == "finished" for run in planned)
    left = [run.config for run in planned if run.status != "finished"]
    memory = memory_text(left, _gibibytes(runs.device, assumed), runs.processes)
    return (
        f"to do: {len(planned) - finished} of {len(planned)} runs, then {notebooks} "
        f"notebook{'' if notebooks == 1 else 's'}\n"
        f"training: {_time(planned, runs.device, jobs, assumed)}"
        f"{_emulated(left, runs.device, assumed)}\n"
        f"disk: about {disk_gigabytes(planned):.1f} GB for the run folders in all"
        f"{_to_prepare(planned, runs)}{_outdated(runs)}{'; memory: ' * bool(memory)}{memory}"
    )


def _gibibytes(device: torch.device, assumed: AssumedGPU | None) -> float | None:
    """The memory of the GPU that is planned for; None if it is not known, or a CPU's."""
    if assumed is not None:
        return assumed.gibibytes
    known = device.type == "cuda" and torch.cuda.is_available()
    return torch.cuda.get_device_properties(device).total_memory / GIB if known else None


def _emulated(left: list[RunConfig], device: torch.device, assumed: AssumedGPU | None) -> str:
    """What to do where this CPU has no instructions for the precision of a training."""
    slow = {run.training.precision for run in left if in_software(run.training.precision, device)}
    if assumed is not None or not slow:
        return ""
    return (
        f"; this CPU has no instructions for {' and '.join(sorted(slow))}: "
        "--set training.precision=fp32 is many times faster, and makes other runs"
    )


def _time(
    planned: list[PlannedRun], device: torch.device, jobs: int, assumed: AssumedGPU | None
) -> str:
    seconds = sum(run.hours for run in planned) * 3600
    if not seconds:
        return "nothing left"
    side_by_side = f", {jobs} runs at a time" if jobs > 1 else ""
    if assumed is not None:
        return f"about {in_words(seconds / jobs)} on {assumed}{side_by_side}"
    elsewhere = gpu_hours(planned)
    on_gpu = (
        f"; on a GPU of {ASSUMED_TERAFLOPS:g} TFLOP/s (assumed) {in_words(3600 * elsewhere)}, "
        "validation not counted"
        if device.type == "cpu" and elsewhere > 0.2
        else ""
    )
    kind = "GPU" if device.type == "cuda" else "machine's CPU, if nothing else runs"
    return f"about {in_words(seconds / jobs)} on this {kind}{side_by_side}{on_gpu}"


def _to_prepare(planned: list[PlannedRun], runs: RunStore) -> str:
    """The disk space of scans that are not prepared yet; empty if there are none."""
    datasets = {run.config.dataset for run in planned}
    size = sum(runs.workspace.bytes_to_prepare(dataset) for dataset in datasets) / 1e9
    return f", {size:.3g} GB for scans to prepare" if size else ""


def _outdated(runs: RunStore) -> str:
    """What to know about finished runs of another version of the code, which nothing here uses.

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
    return f"; {made}: they are not used, and may be deleted" if number else ""


def disk_gigabytes(planned: Iterable[PlannedRun]) -> float:
    """Disk space of all run folders in GB: the weights of every run twice, best and last."""
    return (
        sum(
            8
            * parameters(run.config.network, run.config.num_classes)
            * len(method_class(run.config.method).initialisations or "1")
            for run in planned
        )
        / 1e9
    )


@functools.cache
def parameters(config: NetworkConfig, num_classes: int) -> int:
    """Parameters of one network of `config`."""
    network = build_network(config, num_classes, "kaiming", seed=0)
    return sum(parameter.numel() for parameter in network.parameters())
