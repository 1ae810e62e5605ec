"""What the command line's options choose: workspace, devices, run store, methods."""

import os
from argparse import Namespace
from pathlib import Path

from guidednet.data.datasets import Dataset, dataset_of, resolve
from guidednet.errors import InputError
from guidednet.methods import method_class
from guidednet.runs.model_file import load_model
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace, home, open_workspace
from guidednet.training.device import device_of
from guidednet.training.journal import TENSORBOARD, check_tensorboard


def workspace_of(options: Namespace) -> Workspace:
    """The workspace: the profile, data and folders that the options name.

    A data set that is named by a folder becomes known, and the options then hold its name.
    """
    if getattr(options, "dataset", None) is not None:
        options.dataset = dataset_at(options.dataset, options.data_root).name
    if options.tensorboard:
        check_tensorboard()
        os.environ[TENSORBOARD] = "1"  # for every process that trains
    return open_workspace(
        options.profile, options.data_root, options.results, options.steps, options.accumulate
    )


def dataset_at(text: str, data_root: str | None = None) -> Dataset:
    """The data set of `--dataset`: a known name, a folder with a description, or a model's."""
    if (path := Path(text)).suffix == ".pt" or (path / "record.json").is_file():
        return dataset_of(load_model(path).config.dataset)
    return resolve(text, Path(data_root or os.environ.get("DATA_DIR") or home() / "data"))


def runs_of(workspace: Workspace, options: Namespace) -> RunStore:
    """The run store that trains as `--gpus`, `--jobs` and `--processes` say.

    It trains on this machine or on the nodes of a cluster.
    """
    processes = processes_of(options)
    # the nodes have the GPUs, not the machine where the command is typed
    on_slurm = getattr(options, "cluster", None) == "slurm"
    assumed = getattr(options, "assume_gpu", None) is not None
    device = device_of(max(options.gpus, assumed), on_slurm or assumed)
    return RunStore(workspace, device, processes=processes)


def processes_of(options: Namespace) -> int:
    """How many processes share each run.

    On GPUs it is one for each GPU, or a single one if several runs go side by side; on the CPU it
    is the number that `--processes` gives. Raises InputError for jobs that cannot share the GPUs
    evenly.
    """
    gpus, jobs = options.gpus, getattr(options, "jobs", None) or 1
    if gpus > 0 and options.processes > 1:
        raise InputError(
            f"--processes {options.processes}: this option is for the CPU; "
            f"leave it out, because --gpus {gpus} starts one process for each GPU"
        )
    if gpus == 0 or jobs == 1 or getattr(options, "cluster", None):
        return max(gpus, options.processes)
    if jobs % gpus:
        raise InputError(
            f"--jobs {jobs}: these cannot share --gpus {gpus} evenly; "
            f"use 1 (all GPUs share each run) or a multiple of {gpus} (each run has one)"
        )
    return 1


def methods_of(text: str | None) -> tuple[str, ...] | None:
    """The methods named in `text` (comma-separated), or None without it.

    Raises InputError for an unknown name.
    """
    if not text:
        return None
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        method_class(name)
    return names
