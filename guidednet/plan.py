"""What a reproduction will train: every distinct run once, in the order of training, and what it will cost."""

import functools
import time
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
import torch

from guidednet.config import RunConfig
from guidednet.items import Item
from guidednet.losses import supervised_loss
from guidednet.methods import method_class
from guidednet.networks import NetworkConfig, build_network
from guidednet.organs import organ_set
from guidednet.runs import RunStore


@dataclass
class PlannedRun:
    """A distinct run: the row of a table that it is ("burn-in" for a shared start) and the items that need it."""

    config: RunConfig
    row: str
    items: list[str]


def planned_runs(items: dict[str, Item], store: RunStore, seeds: int) -> list[PlannedRun]:
    """Every run that `items` need, once, after the burn-in runs it starts from."""
    planned: dict[RunConfig, PlannedRun] = {}
    for name, item in items.items():
        for row in item.rows(store.workspace.profile, seeds) if item.rows else []:
            for config in (run for last in row.runs for run in store.with_burn_in(last)):
                run = planned.setdefault(config, PlannedRun(config, row.label if config in row.runs else "burn-in", []))
                run.items += [name] if name not in run.items else []
    return list(planned.values())


def plan_table(planned: list[PlannedRun], store: RunStore) -> pd.DataFrame:
    """One line per run: name, status, row, the items that use it and the estimated hours that are left."""
    lines = []
    for run in planned:
        status = store.status(run.config)
        hours = 0.0 if status == "finished" else estimated_seconds(run.config, store.device) / 3600
        name = store.folder(run.config).name if store.workspace.has_store(run.config.dataset) else store.name(run.config)
        lines.append({"run": name, "status": status, "row": run.row, "used by": ", ".join(run.items), "hours": hours})
    return pd.DataFrame(lines, columns=["run", "status", "row", "used by", "hours"])


def estimated_seconds(config: RunConfig, device: torch.device) -> float:
    """Seconds that training `config` will take, from the measured time of one small step of its network on `device`."""
    method = method_class(config.method)
    rows = config.batch.labelled + (config.batch.unlabelled if method.uses_unlabelled else 0)
    voxels = rows * config.batch.crop[0] * config.batch.crop[1] * config.batch.crop[2]
    return config.training.steps * method.relative_cost * voxels * seconds_per_voxel(config.network, config.dataset, device)


@functools.cache
def seconds_per_voxel(network_config: NetworkConfig, dataset: str, device: torch.device) -> float:
    """Measured forward and backward time of one network per voxel of its input (best of three after a warm-up)."""
    side = max(2**network_config.depth, 32)  # smaller ones would time the overhead
    num_classes = organ_set(dataset).num_classes
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


def summary(plan: pd.DataFrame, gigabytes: float) -> str:
    """One line: runs, how many are finished, hours left and disk needed."""
    finished, hours = (plan["status"] == "finished").sum(), plan["hours"].sum()
    return f"{len(plan)} runs, {finished} finished; about {hours:.2f} hours of training left; about {gigabytes:.1f} GB of disk in all"


def disk_gigabytes(planned: Iterable[PlannedRun]) -> float:
    """Disk of all run folders in GB: the weights of every run twice, best and last."""
    return sum(8 * parameters(run.config) * len(method_class(run.config.method).initialisations or "1") for run in planned) / 1e9


def parameters(config: RunConfig) -> int:
    """Parameters of one network of `config`."""
    network = build_network(config.network, organ_set(config.dataset).num_classes, "kaiming", seed=0)
    return sum(parameter.numel() for parameter in network.parameters())
