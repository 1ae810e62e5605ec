"""The run store: a training is asked for by its configuration, and done once.

A run's folder is named by the hash of its configuration, its data and the code that can change
training. `record.json` is written last: a folder with one is finished, one with a checkpoint goes
on, and a lock lets two processes ask for the same run without training it twice.
"""

import dataclasses
import functools
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch

import guidednet.evaluation.scores
import guidednet.inference
import guidednet.metrics
import guidednet.metrics.surface_distance
import guidednet.training.loop
from guidednet.config import RunConfig
from guidednet.data.organs import organ_set
from guidednet.data.splits import Split
from guidednet.errors import InputError
from guidednet.evaluation.scores import score_method
from guidednet.methods import Method, is_of_this_package, method_class
from guidednet.methods.supervised import Supervised
from guidednet.processes.distributed import by_first_rank, rank
from guidednet.processes.workers import computing
from guidednet.runs.fingerprint import code_fingerprint, hash_of, modules_used
from guidednet.runs.locks import run_lock
from guidednet.runs.provenance import provenance, reset_peak_memory
from guidednet.runs.record import Run, load_weights, read_record
from guidednet.runs.torchrun import launch
from guidednet.runs.workspace import Workspace, number_of_environment
from guidednet.support.files import file_hash, read_json, write_json, write_text
from guidednet.support.progress import Progress, bar, silent
from guidednet.training import checkpoint, health
from guidednet.training.device import accelerated, device_of
from guidednet.training.loop import NonFiniteLossError, TrainingState, refuse_idle_processes, train

# Modules that training uses without its weights depending on them: names, files, bookkeeping.
# Changing them keeps runs valid.
NOT_TRAINING = {
    f"guidednet.{name}"
    for name in ("checkpoint", "config", "errors", "files", "methods", "organs", "splits", "store")
}
# Settings of a training that its supervised start does not share, so that rows that differ in them
# start alike.
NOT_IN_BURN_IN = {
    "burn_in_steps": 0,
    "burn_in_learning_rate": None,
    "ramp_steps": None,
    "ramp_staircase": None,
    "keep_every": None,
}
BURN_IN_VALIDATIONS = 10  # at most, as it is long beside what follows
ON_MISSING = ("train", "blank", "fail")
EVALUATION_CODE = [
    guidednet.evaluation.scores,
    guidednet.inference,
    guidednet.metrics,
    guidednet.metrics.surface_distance,
]


class RunStore:
    """All runs of a workspace; `progress` of a run's name wraps the iteration over its steps.

    They are trained on `device`; where none is given, as in the notebooks, on as many GPUs as the
    environment variable GPUS says, or on the CPU. On the CPU a run trains in one thread, so that
    its numbers are the same on every number of cores. With `processes` > 1 torchrun trains it on as
    many GPUs, or processes of the CPU, which share each batch; how many is in a run's record and
    not in its key. A method that a notebook added, which other processes do not know, trains in
    this one.
    """

    def __init__(
        self,
        workspace: Workspace,
        device: torch.device | str | None = None,
        progress: Callable[[str], Progress] = bar,
        processes: int = 1,
    ) -> None:
        gpus = number_of_environment("GPUS") if device is None else 0
        self.workspace = workspace
        self.device = device_of(gpus) if device is None else torch.device(device)
        self.processes = max(processes, gpus)
        self.progress = progress
        self._store = functools.cache(workspace.store)
        self._split = functools.cache(workspace.split)
        self._code = functools.cache(_training_code)
        self._key = functools.cache(lambda config: hash_of(self.key_parts(config))[:16])

    def split(self, config: RunConfig) -> Split:
        """The cases that the run trains, validates and is tested on."""
        return self._split(config.dataset, config.n_labelled, config.n_unlabelled)

    def key_parts(self, config: RunConfig) -> dict[str, Any]:
        """Everything that determines the run's weights: configuration, data, code, and the runs it
        starts from.
        """
        split = self.split(config)
        return {
            "config": dataclasses.asdict(config),
            "data": self._store(config.dataset).fingerprint(
                split.labelled + split.validation, split.unlabelled
            ),
            "split": {
                "labelled": split.labelled,
                "unlabelled": split.unlabelled,
                "validation": split.validation,
            },
            "code": self._code(config.method),
            "burn_in": {name: self.key(parent) for name, parent in self.burn_in(config).items()},
        }

    def key(self, config: RunConfig) -> str:
        """The first 16 hex digits of the hash of `key_parts`."""
        return self._key(config)

    def name(self, config: RunConfig) -> str:
        """What people call the run; several keys may share it."""
        start = "" if config.initialisation == "kaiming" else f"-{config.initialisation}"
        cases = f"{config.n_labelled}+{config.n_unlabelled}"
        return f"{config.dataset}-{config.method}{start}-{cases}-{config.training.steps}steps-seed{config.seed}"

    def folder(self, config: RunConfig) -> Path:
        """The run's folder: its name, then its key."""
        return self.workspace.run_folder / f"{self.name(config)}-{self.key(config)}"

    def status(self, config: RunConfig) -> str:
        """ "finished", "started" or "missing"; without prepared data no run can be there."""
        if not self.workspace.has_store(config.dataset):
            return "missing"
        folder = self.folder(config)
        if (folder / "record.json").exists():
            return "finished"
        return "started" if checkpoint.exists(folder / "checkpoint.pt") else "missing"

    def failure(self, config: RunConfig) -> str | None:
        """Why the last attempt to train `config`, or a run that it starts from, failed; None where
        none did.
        """
        runs = self.with_burn_in(config) if self.workspace.has_store(config.dataset) else []
        failed = [path for run in runs if (path := self.folder(run) / "failure.json").exists()]
        return read_json(failed[0]).get("reason") if failed else None

    def is_scored(self, config: RunConfig) -> bool:
        """Whether the run is finished and its scores are those of the present evaluation."""
        return self.status(config) == "finished" and _stamped_key(
            self.folder(config)
        ) == self._score_key(config)

    def is_current(self, run: Run) -> bool:
        """Whether the code that trained `run` is the present one."""
        return run.record.get("code") == self._code(run.config.method)

    def burn_in(self, config: RunConfig) -> dict[str, RunConfig]:
        """The supervised runs that `config` starts from, by initialisation; none without burn-in
        steps.
        """
        steps = config.training.burn_in_steps
        if steps == 0:
            return {}
        method = method_class(config.method)
        validate_every = max(config.training.validate_every, steps // BURN_IN_VALIDATIONS)
        rate = config.training.burn_in_learning_rate or config.optimiser.learning_rate
        start = dataclasses.replace(
            config,
            method="supervised",
            options=Supervised.Config(),
            n_unlabelled=0,
            training=dataclasses.replace(
                config.training, steps=steps, validate_every=validate_every, **NOT_IN_BURN_IN
            ),
            optimiser=dataclasses.replace(config.optimiser, learning_rate=rate),
        )
        schemes = method.initialisations or (config.initialisation,)
        return {scheme: dataclasses.replace(start, initialisation=scheme) for scheme in schemes}

    def with_burn_in(self, config: RunConfig) -> list[RunConfig]:
        """`config` after the runs it starts from, in the order of training."""
        return [*self.burn_in(config).values(), config]

    def get(self, config: RunConfig, on_missing: str = "train") -> Run | None:
        """The finished run of `config`, scored.

        Where it is not finished: "train" trains it or goes on with it, "blank" returns None, "fail"
        raises InputError.
        """
        if on_missing not in ON_MISSING:
            raise InputError(f"on_missing is '{on_missing}': use one of {', '.join(ON_MISSING)}")
        if self.status(config) != "finished" and on_missing != "train":
            if on_missing == "fail":
                raise InputError(
                    f"{self.folder(config)}: this run is not finished; run it with on_missing='train' or reproduce.sh"
                )
            return None
        folder = self.folder(config)
        if self.processes == 1 or not is_of_this_package(method_class(config.method)):
            self._make(config, folder)
        elif not self.is_scored(config):
            refuse_idle_processes(config, self.processes)
            launch(self.workspace, config, self.device.type == "cuda", self.processes)
        record = read_record(folder)
        if record.get("key") != self.key(config):
            raise InputError(
                f"{folder / 'record.json'}: is another run's record; move the folder away and the run is trained again"
            )
        return Run(config, folder, record)

    def load_method(self, config: RunConfig, weights: str = "weights.pt") -> Method:
        """The trained method of a run, at its best validation step (or "weights_last.pt"), on the
        CPU.
        """
        return load_weights(config, self.folder(config) / weights)

    def _make(self, config: RunConfig, folder: Path) -> None:
        """Train, score and record the run, as far as that is not done; torchrun's workers come here
        together.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with run_lock(folder), computing(self.device):
            finished = by_first_rank(self.status, config) == "finished"
            trained = None if finished else self._train(config, folder)
            self._score(config, folder)
            if trained is not None:
                by_first_rank(self._write_record, config, folder, *trained)
            by_first_rank(checkpoint.remove, folder / "checkpoint.pt")

    def _train(self, config: RunConfig, folder: Path) -> tuple[TrainingState, float]:
        """The final state, and the seconds of this sitting's training."""
        start = {}
        for scheme, parent in self.burn_in(config).items():
            self.get(parent)
            start[scheme] = self.load_method(parent).burn_in_networks()[scheme].state_dict()
        # this attempt tells its own
        by_first_rank(partial((folder / "failure.json").unlink, missing_ok=True))
        store, split = self._store(config.dataset), self.split(config)
        store.check(split.labelled + split.validation, split.unlabelled)
        began = time.perf_counter()
        reset_peak_memory(self.device)
        progress = self.progress(folder.name) if rank() == 0 else silent
        try:
            state = train(config, store, split, folder, start, self.device, progress)
        except NonFiniteLossError as error:
            if rank() == 0:  # tables say why this run is missing
                write_json(folder / "failure.json", {"reason": str(error)})
            raise
        return state, time.perf_counter() - began

    def _write_record(
        self, config: RunConfig, folder: Path, state: TrainingState, seconds: float
    ) -> None:
        record = {
            "key": self.key(config),
            **self.key_parts(config),
            "best_step": state.best_step,
            "best_validation_dice": state.best_dice,
            "seconds_per_step": seconds / max(state.step - state.first_step, 1),
            "curves": {"sha256": file_hash(folder / "curves.csv")},
            "warnings": self._warnings(config, folder),
            "prepare": dataclasses.asdict(self.workspace.data(config.dataset).prepare),
            **provenance(self.device),
        }
        write_json(folder / "record.json", record)

    def _warnings(self, config: RunConfig, folder: Path) -> list[str]:
        """What is to be said of the run's training, and of those it started from."""
        voxels = self._store(config.dataset).class_voxels(self.split(config).labelled)
        own = health.warnings(pd.read_csv(folder / "curves.csv"), voxels, organ_set(config.dataset))
        before = [
            warning
            for parent in self.burn_in(config).values()
            for warning in read_record(self.folder(parent))["warnings"]
        ]
        return own + [
            f"its supervised start: {warning}"
            for warning in dict.fromkeys(before)
            if warning not in own
        ]

    def _score(self, config: RunConfig, folder: Path) -> None:
        key = self._score_key(config)
        if by_first_rank(_stamped_key, folder) == key:
            return
        test = self.split(config).test
        self._store(config.dataset).check(test, ())
        method = accelerated(self.load_method(config), config.training, self.device)
        scores = score_method(method, config, self._store(config.dataset), test, self.device)
        by_first_rank(_write_scores, folder, scores, {"key": key, "test": test})

    def _score_key(self, config: RunConfig) -> str:
        test = self.split(config).test
        return hash_of(
            {
                "code": code_fingerprint(EVALUATION_CODE),
                "data": self._store(config.dataset).fingerprint(test, ()),
                "test": test,
            }
        )


def _write_scores(folder: Path, scores: pd.DataFrame, stamp: dict[str, Any]) -> None:
    write_text(folder / "scores.csv", scores.to_csv(index=False))
    write_json(folder / "scores.json", stamp | {"sha256": file_hash(folder / "scores.csv")})


def _stamped_key(folder: Path) -> str | None:
    """The key under which the scores in `folder` were made; None where there are none."""
    stamp, scores = folder / "scores.json", folder / "scores.csv"
    return read_json(stamp).get("key") if stamp.exists() and scores.exists() else None


def _training_code(method: str) -> dict[str, str]:
    own_file = sys.modules[method_class(method).__module__]
    return code_fingerprint(modules_used([guidednet.training.loop, own_file], NOT_TRAINING))
