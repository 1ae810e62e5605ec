"""What several tests share: a tiny store of made-up cases and a configuration that trains on it in
a second.
"""

import dataclasses
import locale
from datetime import timedelta

import numpy as np
import pytest
import torch
import torch.distributed as dist

from guidednet.config import RunConfig, TrainingConfig
from guidednet.data.case_store import PrepareConfig
from guidednet.data.sampling import BatchConfig
from guidednet.data.splits import Split
from guidednet.errors import InputError
from guidednet.inference import WindowConfig
from guidednet.methods import method_class
from guidednet.networks import NetworkConfig
from guidednet.optimiser import OptimiserConfig
from guidednet.support.files import write_json
from guidednet.training import checkpoint
from guidednet.training.loop import copy_weights, make_method

LOCALE = locale.setlocale(locale.LC_ALL)
SPLIT = Split(
    labelled=("l0", "l1", "l2"),
    unlabelled=("u0", "u1", "u2", "u3"),
    validation=("v0",),
    test=("t0",),
)


class BlobStore:
    """Cases with a few boxes as organs. `hidden_labels` seeds the labels of the unlabelled cases,
    which nobody may need.
    """

    def __init__(self, hidden_labels=0):
        self.hidden_labels = hidden_labels

    def label(self, case):
        seed = sum(map(ord, case)) + (self.hidden_labels if case.startswith("u") else 0)
        generator = np.random.default_rng(seed)
        label = np.zeros((10, 12, 12), np.uint8)
        for organ in range(1, 6):
            z, y, x = generator.integers(0, 7, 3)
            label[z : z + 3, y : y + 4, x : x + 4] = organ
        return label

    def image(self, case):
        shown = BlobStore().label(case) / 5
        noise = np.random.default_rng(sum(map(ord, case))).normal(0, 0.05, shown.shape)
        return np.clip(shown + noise, 0, 1).astype(np.float16)

    def check(self, labelled, unlabelled):
        """Nothing here lies on a disk that could change it."""

    def spacing(self, case):
        return (5.0, 3.0, 3.0)

    def class_voxels(self, cases):
        return sum(np.bincount(self.label(case).ravel(), minlength=14) for case in cases)


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
        {"key": "0123", "config": dataclasses.asdict(config), "prepare": prepare},
    )
    return folder


def refused(message, call, *arguments):
    """`call` refuses its arguments with one sentence that has `message` in it."""
    with pytest.raises(InputError) as caught:
        call(*arguments)
    assert message in str(caught.value) and "\n" not in str(caught.value)


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


@pytest.fixture(autouse=True)
def own_locale():
    """SimpleITK, which writes some tests' DICOM, leaves a locale behind in which no output of a
    process can be read.
    """
    locale.setlocale(locale.LC_ALL, LOCALE)


@pytest.fixture(autouse=True)
def one_thread():
    """Tiny tensors: more threads only get in each other's way."""
    torch.set_num_threads(1)


def meet(folder, rank):
    """Join the two gloo processes of a test; where one is late on a busy machine, they try again."""
    for attempt in range(3):
        try:
            dist.init_process_group(
                "gloo",
                init_method=f"file://{folder}/meeting{attempt}",
                rank=rank,
                world_size=2,
                timeout=timedelta(minutes=2),
            )
            return
        except RuntimeError:
            if attempt == 2:
                raise
