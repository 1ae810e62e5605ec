"""The identity of a run: its key, name and folder, its status, and the runs it starts from.

A run's folder is named by the hash of its configuration, its data and the code that can change its
weights, so that a run stays valid as long as none of these changes.
"""

import dataclasses
import functools
from pathlib import Path
from typing import Any, Literal

from guidednet.config import RunConfig
from guidednet.data.datasets import dataset_of, labels_of
from guidednet.data.splits import Split
from guidednet.methods import method_class, method_label
from guidednet.methods.supervised import Supervised
from guidednet.runs.fingerprint import code_fingerprint, hash_of, module_of, modules_reached
from guidednet.runs.record import Run
from guidednet.runs.settings import suffix_of_run
from guidednet.runs.workspace import Workspace
from guidednet.support.files import read_json
from guidednet.training import checkpoint

Status = Literal["finished", "started", "missing"]
# Folders and files whose code can change a weight.
TRAINING_CODE = (
    "cgmm",
    "data.distance_maps",
    "data.sampling",
    "inference",
    "ktcps",
    "losses",
    "methods",
    "metrics",
    "networks",
    "optimiser",
    "processes",
    "training",
)
# What a key is the hash of, each a part of the record.
KEY_PARTS = ("config", "labels", "data", "split", "code", "warm_start")
# Folders and files whose code can change a score, given the weights.
EVALUATION_CODE = ("evaluation.scores", "inference", "metrics")
# Settings that a run does not pass on to its warm start, which rows that differ in them share.
NOT_IN_WARM_START = {
    "warm_start_steps": 0,
    "warm_start_learning_rate": None,
    "ramp_steps": None,
    "ramp_staircase": None,
    "keep_every": None,
}
WARM_START_VALIDATIONS = 8  # at most, because the warm start may be the longer part


class RunIdentity:
    """The identities of the runs of a workspace; it makes no run."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.cases = functools.cache(workspace.cases)
        self._split = functools.cache(workspace.split)
        self._key = functools.cache(lambda config: hash_of(self.key_parts(config))[:16])

    def split(self, config: RunConfig) -> Split:
        """The cases on which the run is trained, validated and tested."""
        return self._split(config.dataset, config.n_labelled, config.n_unlabelled, config.partition)

    def key_parts(self, config: RunConfig) -> dict[str, Any]:
        """Everything that determines the run's weights.

        That is its configuration, its data, the code, and the runs it starts from.
        """
        split = self.split(config)
        return {
            "config": dataclasses.asdict(config),
            "labels": [[*pair] for pair in labels_of(dataset_of(config.dataset))],
            "data": self.cases(config.dataset).fingerprint(
                split.labelled + split.validation, split.unlabelled
            ),
            "split": {
                "labelled": split.labelled,
                "unlabelled": split.unlabelled,
                "validation": split.validation,
            },
            "code": training_code(config.method),
            "warm_start": {
                name: self.key(parent) for name, parent in self.warm_start(config).items()
            },
        }

    def key(self, config: RunConfig) -> str:
        """The first 16 hex digits of the hash of `key_parts`."""
        return self._key(config)

    def name(self, config: RunConfig) -> str:
        """A readable name of the run, which several keys may share.

        The fields that the user changed stand at its end.
        """
        start = "" if config.initialisation == "kaiming" else f"-{config.initialisation}"
        cases = f"{config.n_labelled}+{config.n_unlabelled}"
        part = "" if config.partition == "split" else f"-{config.partition.replace(' ', '_')}"
        return (
            f"{config.dataset}-{config.method}{start}-{cases}{part}"
            f"-{config.training.steps}steps-seed{config.seed}"
            f"{suffix_of_run(self.workspace.profile, config)}"
        )

    def folder(self, config: RunConfig) -> Path:
        """The run's folder, named by the run's name and key.

        A folder with this key counts under any name, because names only help to read; a finished
        one goes first.
        """
        key, folder = self.key(config), self.workspace.runs_folder
        there = sorted(folder.glob(f"*-{key}"), key=lambda one: not (one / "record.json").exists())
        return there[0] if there else folder / f"{self.name(config)}-{key}"

    def status(self, config: RunConfig) -> Status:
        """Whether the run is "finished", "started" or "missing".

        Without prepared cases it is always "missing".
        """
        if not self.workspace.has_cases(config.dataset):
            return "missing"
        folder = self.folder(config)
        if (folder / "record.json").exists():
            return "finished"
        return "started" if checkpoint.exists(folder / "checkpoint.pt") else "missing"

    def failure(self, config: RunConfig) -> str | None:
        """The reason why the last attempt to train `config` failed; None if it did not.

        A failure of a run that `config` starts from counts too.
        """
        runs = self.with_warm_start(config) if self.workspace.has_cases(config.dataset) else []
        failed = [path for run in runs if (path := self.folder(run) / "failure.json").exists()]
        return read_json(failed[0]).get("reason") if failed else None

    def is_scored(self, config: RunConfig) -> bool:
        """Whether the run is finished, with scores of the present evaluation code."""
        return self.status(config) == "finished" and stamped_key(
            self.folder(config)
        ) == self.score_key(config)

    def is_current(self, run: Run) -> bool:
        """Whether the present code trained `run`."""
        return run.record.get("code") == training_code(run.config.method)

    def warm_start(self, config: RunConfig) -> dict[str, RunConfig]:
        """The supervised runs that `config` starts from, by initialisation.

        Their learning rate stays as it is and falls in the runs that start from them, so that both
        together are one training. Empty if `config` has no warm start steps.
        """
        steps = config.training.warm_start_steps
        if steps == 0:
            return {}
        method = method_class(config.method)
        validate_every = max(config.training.validate_every, steps // WARM_START_VALIDATIONS)
        rate = config.training.warm_start_learning_rate or config.optimiser.learning_rate
        start = dataclasses.replace(
            config,
            method="supervised",
            options=Supervised.Config(),
            n_unlabelled=0,
            training=dataclasses.replace(
                config.training, steps=steps, validate_every=validate_every, **NOT_IN_WARM_START
            ),
            optimiser=dataclasses.replace(config.optimiser, learning_rate=rate, power=0.0),
        )
        schemes = method.initialisations or (config.initialisation,)
        return {scheme: dataclasses.replace(start, initialisation=scheme) for scheme in schemes}

    def with_warm_start(self, config: RunConfig) -> list[RunConfig]:
        """The runs that `config` starts from, then `config`: the order of training."""
        return [*self.warm_start(config).values(), config]

    def score_key(self, config: RunConfig) -> str:
        """The hash of what determines the run's scores, given its weights: code and test cases."""
        test = self.split(config).test
        return hash_of(
            {
                "code": evaluation_code(),
                "data": self.cases(config.dataset).fingerprint(test, ()),
                "test": test,
            }
        )


def title(config: RunConfig) -> str:
    """The run in words: its method as tables name it, and its data."""
    start = "" if config.initialisation == "kaiming" else f" from {config.initialisation}"
    seed = f", seed {config.seed}" if config.seed else ""
    cases = f"{config.n_labelled}+{config.n_unlabelled}"
    return f"{method_label(config.method)}{start}, {config.dataset} {cases}{seed}"


def stamped_key(folder: Path) -> str | None:
    """The key under which the scores in `folder` were made; None if there are no scores."""
    stamp, scores = folder / "scores.json", folder / "scores.csv"
    return read_json(stamp).get("key") if stamp.exists() and scores.exists() else None


@functools.cache
def training_code(method: str) -> dict[str, str]:
    """The hash of every file that can change the weights of a run of `method`, by module."""
    roots = ("guidednet.training.loop", module_of(method_class(method)))
    return code_fingerprint(modules_reached(roots, TRAINING_CODE))


@functools.cache
def evaluation_code() -> dict[str, str]:
    """The hash of every file that can change a score, by module."""
    return code_fingerprint(modules_reached(["guidednet.evaluation.scores"], EVALUATION_CODE))
