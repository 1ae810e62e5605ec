"""Configurations that train on the tiny store in a second, a workspace over it, and what the runs
leave.
"""

import dataclasses
from pathlib import Path

from guidednet.config import RunConfig, TrainingConfig
from guidednet.data.case_store import PrepareConfig
from guidednet.data.sampling import BatchConfig
from guidednet.inference import WindowConfig
from guidednet.methods import method_class
from guidednet.networks import NetworkConfig
from guidednet.optimiser import OptimiserConfig
from guidednet.runs.weights import weight_hashes
from guidednet.runs.workspace import open_workspace
from guidednet.support.files import write_json
from guidednet.training import checkpoint
from guidednet.training.loop import copy_weights, make_method
from helpers.cases import SPLIT, BlobStore

RESULTS = ("weights.pt", "weights_last.pt", "curves.csv")


def tiny_config(method, options=None, **training):
    return RunConfig(
        dataset="flare22",
        method=method,
        options=method_class(method).Config() if options is None else options,
        n_labelled=3,
        n_unlabelled=4,
        seed=0,
        network=NetworkConfig(width=2, depth=3),
        batch=BatchConfig(labelled=2, unlabelled=2, crop=(8, 8, 16)),
        optimiser=OptimiserConfig(learning_rate=0.05),
        training=TrainingConfig(
            **{"steps": 5, "validate_every": 2, "checkpoint_every": 2, "log_every": 1} | training
        ),
        window=WindowConfig(size=(8, 8, 8), stride=(4, 4, 4)),
    )


def save_run(folder, method):
    """The folder of a run that looks finished, with weights as they are before training."""
    config = tiny_config(method)
    checkpoint.save(folder / "weights.pt", copy_weights(make_method(config)))
    prepare = dataclasses.asdict(PrepareConfig((5.0, 3.0, 3.0)))
    write_json(
        folder / "record.json",
        {
            "key": "0123",
            "config": dataclasses.asdict(config),
            "prepare": prepare,
            "weights": weight_hashes(folder),
        },
    )
    return folder


def result_bytes(folder):
    return {name: (folder / name).read_bytes() for name in RESULTS}


@dataclasses.dataclass(frozen=True)
class TinyWorkspace:
    """A workspace over BlobStore: what RunStore asks a workspace for."""

    folder: Path
    content: str = "1"

    @property
    def runs_folder(self):
        return self.folder / "runs"

    @property
    def profile(self):
        return open_workspace("smoke").profile

    def data(self, dataset):
        return self.profile.data[dataset]

    def is_synthetic(self, dataset):
        return True

    def has_cases(self, dataset):
        return True

    def bytes_to_prepare(self, dataset):
        return 0

    def cases(self, dataset):
        store = BlobStore()
        store.fingerprint = lambda labelled, unlabelled: (
            self.content + "".join(sorted(labelled)) + "".join(sorted(unlabelled))
        )
        return store

    def split(self, dataset, n_labelled, n_unlabelled, partition="split"):
        return SPLIT


class KilledError(Exception):
    """A training is over before it is done."""


def killed_after(steps):
    """A progress that raises KilledError after so many `steps`."""

    def progress(batches, total):
        for done, batch in enumerate(batches):
            if done == steps:
                raise KilledError
            yield batch

    return progress


class RealWorkspace(TinyWorkspace):
    """TinyWorkspace as if its cases were real: no phantom knows the labels that training does not
    see.
    """

    def data(self, dataset):
        return dataclasses.replace(super().data(dataset), phantom=None)
