"""A training can be watched: its curves grow, and where it stands is there while it is at work."""

import os
import sys
import types

import pandas as pd
import pytest

from guidednet.errors import InputError
from guidednet.support.files import read_json
from guidednet.training.journal import check_tensorboard
from guidednet.training.loop import train
from helpers.cases import SPLIT, BlobStore
from helpers.tiny_runs import KilledError, killed_after, tiny_config


def watched(folder, seen):
    """A progress that reads the journal in `folder` before every step."""

    def progress(batches, total):
        for batch in batches:
            curves = folder / "curves.csv"
            rows = len(pd.read_csv(curves)) if curves.exists() else 0
            seen.append((rows, read_json(folder / "status.json")))
            yield batch

    return progress


def test_curves_and_status_grow_while_the_training_runs(tmp_path):
    seen = []
    train(tiny_config("cps"), BlobStore(), SPLIT, tmp_path, progress=watched(tmp_path, seen))
    assert [(rows, status["step"]) for rows, status in seen] == [(step, step) for step in range(5)]
    last = seen[-1][1]
    assert last["steps"] == 5 and last["process"] == os.getpid() and last["seconds_per_step"] > 0
    curves = pd.read_csv(tmp_path / "curves.csv").set_index("step")["validation_dice"]
    assert last["best_validation_dice"] == pytest.approx(curves[:4].max())
    assert not (tmp_path / "status.json").exists()


def test_rows_after_the_checkpoint_are_dropped_when_the_training_goes_on(tmp_path):
    with pytest.raises(KilledError):
        train(tiny_config("cps"), BlobStore(), SPLIT, tmp_path, progress=killed_after(3))
    assert len(pd.read_csv(tmp_path / "curves.csv")) == 3
    assert not (tmp_path / "status.json").exists()
    seen = []
    train(tiny_config("cps"), BlobStore(), SPLIT, tmp_path, progress=watched(tmp_path, seen))
    assert [rows for rows, _ in seen] == [2, 3, 4]


def test_rows_of_a_training_without_checkpoint_are_dropped(tmp_path):
    (tmp_path / "curves.csv").write_text("step,validation_dice\n1,0.5\n")
    seen = []
    train(tiny_config("cps"), BlobStore(), SPLIT, tmp_path, progress=watched(tmp_path, seen))
    assert seen[0][0] == 0


def test_tensorboard_gets_the_curves_once(tmp_path, monkeypatch):
    written = []

    class Writer:
        def __init__(self, folder, purge_step):
            written.append((folder, purge_step))

        def add_scalar(self, name, value, step):
            written.append((name, step))

        def flush(self):
            """Nothing is buffered."""

        close = flush

    fake = types.ModuleType("torch.utils.tensorboard")
    fake.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", fake)
    monkeypatch.setenv("TENSORBOARD", "1")
    train(tiny_config("cps"), BlobStore(), SPLIT, tmp_path)
    assert written[0] == (str(tmp_path / "tensorboard"), 1)
    assert [step for name, step in written if name == "gradient_norm"] == [1, 2, 3, 4, 5]
    assert [step for name, step in written if name == "validation_dice"] == [2, 4, 5]


def test_tensorboard_without_its_package_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(InputError, match="pip install tensorboard"):
        check_tensorboard()
