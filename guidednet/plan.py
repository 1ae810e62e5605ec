"""What a reproduction will train: every distinct run once, in the order of training, and what it will cost."""

import functools
import time
from collections.abc import Iterable

import pandas as pd
import torch

from guidednet.config import RunConfig
from guidednet.experiments import Item
from guidednet.losses import supervised_loss
from guidednet.methods import method_class
from guidednet.networks import NetworkConfig, build_network
from guidednet.organs import organ_set
from guidednet.runs import RunStore


def planned_runs(items: dict[str, Item], store: RunStore, seeds: int) -> dict[RunConfig, list[str]]:
    """The items and rows that use each run, by run; a run comes after the burn-in runs it starts from."""
    users: dict[RunConfig, list[str]] = {}
    for name, item in items.items():
        for row in item.rows(store.workspace.profile, seeds) if item.rows else []:
            user = f"{name}: {row.label}"
            for config in (run for last in row.runs for run in store.with_burn_in(last)):
                if user not in users.setdefault(config, []):
                    users[config].append(user)
    return users


def plan_table(runs: dict[RunConfig, list[str]], store: RunStore) -> pd.DataFrame:
    """One line per run: name, status, the rows that use it and the estimated hours that are left."""
    lines = []
    for config, users in runs.items():
        status = store.status(config)
        hours = 0.0 if status == "finished" else estimated_seconds(config, store.device) / 3600
        name = store.folder(config).name if store.workspace.has_store(config.dataset) else store.name(config)
        lines.append({"run": name, "status": status, "used by": ", ".join(users), "hours": hours})
    return pd.DataFrame(lines, columns=["run", "status", "used by", "hours"])


def estimated_seconds(config: RunConfig, device: torch.device) -> float:
    """Seconds that training `config` will take, from the measured time of one small step of its network on `device`."""
    method = method_class(config.method)
    rows = config.batch.labelled + (config.batch.unlabelled if method.uses_unlabelled else 0)
    voxels = rows * config.batch.crop[0] * config.batch.crop[1] * config.batch.crop[2]
    return config.training.steps * method.relative_cost * voxels * seconds_per_voxel(config.network, config.dataset, device)


@functools.cache
def seconds_per_voxel(network_config: NetworkConfig, dataset: str, device: torch.device) -> float:
    """Measured forward and backward time of one network per voxel of its input (best of three after a warm-up)."""
    side = 2**network_config.depth
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


def disk_gigabytes(runs: Iterable[RunConfig], store: RunStore) -> float:
    """Disk of all run folders (weights twice, and a checkpoint of weights, optimiser and best weights while training)."""
    total = 0
    for config in runs:
        num_classes = organ_set(config.dataset).num_classes
        parameters = sum(p.numel() for p in build_network(config.network, num_classes, "kaiming", seed=0).parameters())
        total += 4 * parameters * max(1, len(method_class(config.method).initialisations)) * 2
    return total / 1e9
