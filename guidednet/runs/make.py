"""Make one run: train, score and record it, without repeating what is done.

`record.json` is written last: a folder that has one is finished, and a folder with a checkpoint can
go on. With a lock, two processes can request the same run and it is trained once.
"""

import dataclasses
import inspect
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from filelock import FileLock, Timeout

from guidednet.config import RunConfig
from guidednet.data.case_store import CaseStore
from guidednet.data.datasets import dataset_of
from guidednet.errors import CompanionError, RunFailedError, in_one_line
from guidednet.evaluation.scores import LAST, score_method
from guidednet.methods import Method, is_of_this_package, method_class
from guidednet.processes.distributed import by_first_rank, rank
from guidednet.processes.workers import computing
from guidednet.runs.identity import RunIdentity, stamped_key, title
from guidednet.runs.memory import told_of_memory
from guidednet.runs.provenance import provenance, reset_peak_memory
from guidednet.runs.record import load_weights, read_record
from guidednet.runs.weights import weight_hashes
from guidednet.support.files import file_hash, write_json, write_text
from guidednet.support.locks import told_of_locks
from guidednet.support.progress import Progress, silent
from guidednet.training import checkpoint, health
from guidednet.training.device import accelerated
from guidednet.training.loop import make_method, train
from guidednet.training.state import TrainingState, Weights


@dataclass(frozen=True)
class RunMaker:
    """Makes the runs of `identity` on `device`.

    `progress`, called with a run's name, wraps the iteration over its steps. Workers that torchrun
    started make a run together.
    """

    identity: RunIdentity
    device: torch.device
    progress: Callable[[str], Progress]

    def make(self, config: RunConfig) -> None:
        """Train, score and record the run of `config`, after the supervised runs it starts from."""
        finished = by_first_rank(self.identity.status, config) == "finished"
        needed = [config] if finished else self.identity.with_warm_start(config)
        if len(needed) > 1:
            with noting_failure(self.identity.folder(config)):
                make_method(config)  # refuses its settings before its start is trained
        for one in needed:
            self._make(one, self.identity.folder(one))

    def _make(self, config: RunConfig, folder: Path) -> None:
        """Make one run; the runs it starts from are finished."""
        with told_of_locks(folder / "lock"):
            folder.mkdir(parents=True, exist_ok=True)
        with run_lock(folder), computing(self.device):
            finished = by_first_rank(self.identity.status, config) == "finished"
            trained = None if finished else self._train(config, folder)
            self._score(config, folder)
            if trained is not None:
                by_first_rank(self._write_record, config, folder, *trained)
            by_first_rank(checkpoint.remove, folder / "checkpoint.pt")

    def _train(self, config: RunConfig, folder: Path) -> tuple[TrainingState, float, float]:
        """Train the run; returns its final state, this session's seconds and processor seconds."""
        # An earlier failure no longer counts: this attempt records its own.
        by_first_rank(partial((folder / "failure.json").unlink, missing_ok=True))
        cases, split = self.identity.cases(config.dataset), self.identity.split(config)
        cases.check(split.labelled + split.validation, split.unlabelled)
        start = self._start_weights(config)
        began, worked = time.perf_counter(), time.process_time()
        reset_peak_memory(self.device)
        progress = self.progress(title(config)) if rank() == 0 else silent
        with noting_failure(folder), told_of_memory(config, self.device):
            state = train(config, cases, split, folder, start, self.device, progress)
        return state, time.perf_counter() - began, time.process_time() - worked

    def _start_weights(self, config: RunConfig) -> dict[str, Weights]:
        """The weights that the networks start from, by initialisation."""
        methods = {
            scheme: load_weights(parent, self.identity.folder(parent) / "weights.pt")
            for scheme, parent in self.identity.warm_start(config).items()
        }
        return {
            scheme: method.warm_start_networks()[scheme].state_dict()
            for scheme, method in methods.items()
        }

    def _score(self, config: RunConfig, folder: Path) -> None:
        """Score the run on its test cases, unless its scores are those of the present code."""
        key = self.identity.score_key(config)
        if by_first_rank(stamped_key, folder) == key:
            return
        cases, test = self.identity.cases(config.dataset), self.identity.split(config).test
        cases.check(test, ())
        scores = self._scores(config, folder, cases, test)
        by_first_rank(_write_scores, folder, scores, {"key": key, "test": test})

    def _scores(
        self, config: RunConfig, folder: Path, cases: CaseStore, test: Sequence[str]
    ) -> pd.DataFrame:
        """The scores of every predictor at the best step, and of the primary one at the last."""

        def scored(weights: Path, predictors: Sequence[str] | None = None) -> pd.DataFrame:
            method = accelerated(load_weights(config, weights), config.training, self.device)
            return score_method(method, config, cases, test, self.device, predictors)

        best_weights, last_weights = folder / "weights.pt", folder / "weights_last.pt"
        best = scored(best_weights)
        if file_hash(best_weights) == file_hash(last_weights):
            last = best[best["predictor"] == "primary"]
        else:
            last = scored(last_weights, ["primary"])
        return pd.concat([best, last.assign(predictor=LAST)], ignore_index=True)

    def _write_record(
        self,
        config: RunConfig,
        folder: Path,
        state: TrainingState,
        seconds: float,
        processor_seconds: float,
    ) -> None:
        steps = max(state.step - state.first_step, 1)
        record = {
            "key": self.identity.key(config),
            **self.identity.key_parts(config),
            "best_step": state.best_step,
            "best_validation_dice": None if math.isnan(state.best_dice) else state.best_dice,
            "seconds_per_step": seconds / steps,
            "processor_seconds_per_step": processor_seconds / steps,  # whatever else runs there
            "weights": weight_hashes(folder),
            "curves": {"sha256": file_hash(folder / "curves.csv")},
            "warnings": self._warnings(config, folder),
            "dataset": json.loads(dataset_of(config.dataset).document),
            "profile": self.identity.workspace.profile.name,
            "synthetic": self.identity.workspace.is_synthetic(config.dataset),
            **origin(method_class(config.method)),
            "prepare": dataclasses.asdict(self.identity.workspace.data(config.dataset).prepare),
            **provenance(self.device),
        }
        write_json(folder / "record.json", record)

    def _warnings(self, config: RunConfig, folder: Path) -> list[str]:
        """Warnings about the run's training and about those it started from."""
        identity = self.identity
        voxels = identity.cases(config.dataset).class_voxels(identity.split(config).labelled)
        own = health.warnings(pd.read_csv(folder / "curves.csv"), voxels, config.organs)
        before = [
            warning
            for parent in identity.warm_start(config).values()
            for warning in read_record(identity.folder(parent))["warnings"]
        ]
        inherited = [warning for warning in dict.fromkeys(before) if warning not in own]
        return own + [f"its supervised start: {warning}" for warning in inherited]


@contextmanager
def noting_failure(folder: Path) -> Iterator[None]:
    """Write why the training in the block failed to failure.json, so that tables can say it.

    A mistake of the user's or a disk that is full is no failure of this run.
    """
    try:
        yield
    except RunFailedError as error:
        _note_failure(folder, str(error))
        raise
    except (CompanionError, OSError):
        raise
    except Exception as error:  # such as a mistake in the code of a user's method
        _note_failure(folder, in_one_line(error))
        raise


def _note_failure(folder: Path, reason: str) -> None:
    if rank() == 0:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "failure.json", {"reason": reason})


def origin(kind: type[Method]) -> dict[str, Any]:
    """For the record of a method from outside the package: its file, class and the file's hash."""
    if is_of_this_package(kind):
        return {}
    file = Path(inspect.getfile(kind))
    return {"method_from": {"file": file.name, "class": kind.__name__, "sha256": file_hash(file)}}


def _write_scores(folder: Path, scores: pd.DataFrame, stamp: dict[str, Any]) -> None:
    write_text(folder / "scores.csv", scores.to_csv(index=False))
    write_json(folder / "scores.json", stamp | {"sha256": file_hash(folder / "scores.csv")})


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a run folder for the duration of the block.

    Among several workers the first one takes it, and tells the others once it has.
    """
    lock = FileLock(folder / "lock")
    with told_of_locks(folder / "lock"):
        while not by_first_rank(_acquired, lock):
            pass
    try:
        yield
    finally:
        lock.release()  # no effect where another worker holds it


def _acquired(lock: FileLock) -> bool:
    """Whether `lock` was acquired within a minute.

    The other workers wait for this answer, and torch limits how long they may wait.
    """
    try:
        lock.acquire(timeout=60)
    except Timeout:
        return False
    return True
