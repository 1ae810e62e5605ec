"""What the command line's options choose: workspace, devices, run store, methods."""

import os
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

from guidednet.config import RunConfig
from guidednet.data.datasets import Dataset, dataset_of, resolve
from guidednet.data.partitions import ALL, SPLIT
from guidednet.errors import InputError
from guidednet.methods import METHODS, find_method
from guidednet.runs.environment import home
from guidednet.runs.model_file import load_model
from guidednet.runs.profile import Profile
from guidednet.runs.profiles import default_percent
from guidednet.runs.settings import Changes, changed, changes_of_texts
from guidednet.runs.settings_file import changes_of_file, fields_of_one_run
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace, open_workspace
from guidednet.training.device import device_of
from guidednet.training.journal import TENSORBOARD, check_tensorboard

STEPS, ACCUMULATE = "training.steps", "training.accumulate"
BY_OPTION = {"steps": STEPS, "accumulate": ACCUMULATE}  # options that give a field by name
DATASET = "flare22"  # of a single run, if none is asked for


def workspace_of(options: Namespace) -> Workspace:
    """The workspace: the profile, data, folders and changed settings that the options name.

    A data set that is named by a folder becomes known, and a method by its file or module; the
    options then hold their names.
    """
    if getattr(options, "tensorboard", False):
        check_tensorboard()
        os.environ[TENSORBOARD] = "1"  # for every process that trains
    find_methods(options)
    of_run = named_in_file(options)
    if "dataset" in options:
        options.dataset = dataset_at(
            options.dataset or of_run.get("dataset", DATASET), options.data_root
        ).name
    workspace = open_workspace(options.profile, options.data_root, options.results, options.steps)
    profile = changed(workspace.profile, changes_of(workspace.profile, options))
    return replace(workspace, profile=profile)


def asked_for(options: Namespace) -> tuple[Workspace, RunConfig]:
    """The workspace and the single run that the options and the file of --config ask for.

    The options go before the file, and the file before the profile.
    """
    check_share(options.ratio)
    workspace, of_run = workspace_of(options), named_in_file(options)
    method = options.method or of_run.get("method")
    if method is None:
        raise InputError("no method is given; use --method NAME, or --config FILE that names one")
    seed = of_run.get("seed", 0) if options.seed is None else options.seed
    takes_all, percent = getattr(options, "all", False), options.ratio
    partition = ALL if takes_all else of_run.get("partition", SPLIT)
    if percent is None and partition == SPLIT:
        percent = default_percent(workspace.profile, options.dataset)
    config = workspace.run(options.dataset, method, percent, seed, partition)
    if not takes_all and options.ratio is None:
        cases = {name: of_run[name] for name in ("n_labelled", "n_unlabelled") if name in of_run}
        config = replace(config, **cases)
    return workspace, config


def check_share(percent: float | None) -> None:
    """Raise InputError for the share at which no case is unlabelled."""
    if percent == 100:
        raise InputError(
            "--ratio 100: no training case would be unlabelled; give a share below 100, or leave "
            "--ratio out to train on every case as it is"
        )


def find_methods(options: Namespace) -> None:
    """Make the methods of --method and --methods known; the options then hold their names."""
    if getattr(options, "method", None):
        options.method = find_method(options.method)
    if names := methods_of(getattr(options, "methods", None)):
        options.methods = ",".join(names)


def named_in_file(options: Namespace) -> dict[str, Any]:
    """The fields of the file of --config that say which run it is; empty without a file.

    Raises InputError if the method of the options is another.
    """
    if getattr(options, "config", None) is None:
        return {}
    values = fields_of_one_run(options.config)
    given, named = getattr(options, "method", None), values.get("method")
    if given and named and given != named:
        raise InputError(
            f"{options.config}: the method is given twice, as {named} here and as --method {given};"
            " its options are those of one method"
        )
    return values


def changes_of(profile: Profile, options: Namespace) -> Changes:
    """What --config and --set change of `profile`; --set goes on top of the file.

    Raises InputError if --steps or --accumulate gives a field again.
    """
    methods = _methods_asked_for(options)
    texts, file = getattr(options, "changes", []), getattr(options, "config", None)
    of_file = changes_of_file(profile, file, methods) if file is not None else {}
    by_option = changes_of_texts(profile, texts, methods)
    for option, field in BY_OPTION.items():
        given = getattr(options, option, None)
        if given and field in by_option:
            raise InputError(
                f"--set {field}: given twice, because --{option} gives it too; leave one out"
            )
        if given:
            of_file.pop(field, None)
    parts = getattr(options, "accumulate", None)
    return of_file | by_option | ({ACCUMULATE: parts} if parts else {})


def _methods_asked_for(options: Namespace) -> tuple[str, ...]:
    """The methods whose options can be changed: those that the command names, or all."""
    one = getattr(options, "method", None)
    if one is None and "method" in options:
        one = named_in_file(options).get("method")
    return (one,) if one else methods_of(getattr(options, "methods", None)) or tuple(METHODS)


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
    return RunStore(
        workspace,
        device_of(max(options.gpus, assumed), on_slurm or assumed),
        processes=processes,
        fail_fast=getattr(options, "fail_fast", False),
    )


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

    A class of a file or module becomes known. Raises InputError for an unknown name.
    """
    if not text:
        return None
    return tuple(dict.fromkeys(find_method(name.strip()) for name in text.split(",")))
