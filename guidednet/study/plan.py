"""The plan of a reproduction: every distinct run once, cheapest artefact first, and its cost."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pandas as pd
import torch

from guidednet.config import RunConfig
from guidednet.methods import METHODS, method_class
from guidednet.networks import build_network
from guidednet.runs.record import finished_runs, read_record
from guidednet.runs.store import RunStore
from guidednet.study.artefacts import Artefact
from guidednet.study.assumed_gpu import ASSUMED_TERAFLOPS, GIB, AssumedGPU, memory_text, needed
from guidednet.study.cost import CostEstimate, gpu_hours


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
    cost = CostEstimate(runs, assumed)
    for name, artefact in artefacts.items():
        for row in artefact.rows(runs.workspace.profile, seeds) if artefact.rows else []:
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


def summary(planned: list[PlannedRun], runs: RunStore, assumed: AssumedGPU | None = None) -> str:
    """Lines on runs, finished runs, hours left here and on a GPU, disk space and memory needed.

    One more follows if some finished runs are outdated.
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
    left = [run.config for run in planned if run.status != "finished"]
    lines = [
        f"{len(planned)} runs, {finished} finished; about {hours:.2f} hours of training left "
        f"on {assumed or f'this {_kind_of_device(runs.device)}'}; "
        f"about {disk_gigabytes(planned):.1f} GB of disk for the run folders in all"
        f"{f', {to_prepare:.3g} GB for scans to prepare' if to_prepare else ''}",
        ""
        if assumed
        else f"on a GPU that sustains {ASSUMED_TERAFLOPS:g} TFLOP/s (assumed, not measured): "
        f"about {gpu_hours(left):.1f} GPU hours, validation not counted",
        memory_text(left, _gibibytes(runs.device, assumed), runs.processes),
        _outdated(runs),
    ]
    return "\n".join(filter(None, lines))


def _gibibytes(device: torch.device, assumed: AssumedGPU | None) -> float | None:
    """The memory of the GPU that is planned for; None if it is not known, or a CPU's."""
    if assumed is not None:
        return assumed.gibibytes
    known = device.type == "cuda" and torch.cuda.is_available()
    return torch.cuda.get_device_properties(device).total_memory / GIB if known else None


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
    return f"{made}: they are not used, and may be deleted" if number else ""


def _kind_of_device(device: torch.device) -> str:
    return "machine's CPU" if device.type == "cpu" else "GPU"


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
