"""What went wrong in a training is said by name, and nothing is said of one that went well."""

import numpy as np
import pandas as pd
import pytest

from guidednet.data.datasets import organ_set
from guidednet.errors import NonFiniteLossError
from guidednet.training import loop as training
from guidednet.training.health import warnings
from guidednet.training.loop import train
from helpers.cases import SPLIT, BlobStore
from helpers.tiny_runs import tiny_config

FULL = np.full(14, 100)


def curves(dice, norms=(1.0, 1.2, 0.9)):
    return pd.DataFrame({"step": [10, 20, 30], "validation_dice": dice, "gradient_norm": norms})


def without(organ):
    voxels = FULL.copy()
    voxels[organ_set("flare22").label_of(organ)] = 0
    return voxels


@pytest.mark.parametrize(
    ("dice", "norms", "voxels", "said"),
    [
        ([0.1, 0.2, 0.3], (1.0, 1.2, 0.9), FULL, []),
        ([0.1, float("nan"), 0.3], (1.0, float("nan"), 0.9), FULL, []),
        (
            [0.0, 0.0, 0.0],
            (1.0, 1.2, 0.9),
            FULL,
            ["finds no organ on the validation cases at any step (collapsed)"],
        ),
        (
            [0.1, 0.2, 0.0],
            (1.0, 1.2, 0.9),
            FULL,
            ["finds no organ on the validation cases at the last step (collapsed after step 20)"],
        ),
        (
            [0.1, 0.2, 0.3],
            (1.0, 500.0, 0.9),
            FULL,
            ["the gradient's norm rose to 500 at step 20, 500 times its median"],
        ),
        (
            [0.1, 0.2, 0.3],
            (1.0, 1.2, 0.9),
            without("duodenum"),
            ["no labelled training case has a voxel of duodenum"],
        ),
    ],
)
def test_each_fault_has_its_sentence(dice, norms, voxels, said):
    assert warnings(curves(dice, norms), voxels, organ_set("flare22")) == said


def test_a_training_shorter_than_its_first_look_has_nothing_to_say():
    assert (
        warnings(curves([0.1, 0.2, 0.3]).drop(columns="gradient_norm"), FULL, organ_set("flare22"))
        == []
    )


def test_the_norm_is_that_of_all_gradients(tmp_path, monkeypatch):
    """After the step the gradient still stands, so that it can be added up again."""
    seen = []

    def spy(optimisers):
        parameters = [
            parameter
            for optimiser in optimisers
            for group in optimiser.param_groups
            for parameter in group["params"]
        ]
        seen.append(sum(float((parameter.grad**2).sum()) for parameter in parameters) ** 0.5)
        return kept(optimisers)

    kept = training.gradient_norm
    monkeypatch.setattr(training, "gradient_norm", spy)
    train(tiny_config("cps", steps=3), BlobStore(), SPLIT, tmp_path)
    logged = pd.read_csv(tmp_path / "curves.csv")["gradient_norm"]
    assert logged.tolist() == pytest.approx(seen, rel=1e-5) and len(seen) == 3


def test_a_gradient_that_is_no_number_stops_and_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "gradient_norm", lambda optimisers: float("nan"))
    with pytest.raises(NonFiniteLossError, match="the gradient's norm is nan at step 0"):
        train(tiny_config("supervised"), BlobStore(), SPLIT, tmp_path)
    assert not list(tmp_path.iterdir())
