"""What went wrong in a training is said by name, and nothing is said of one that went well."""

import numpy as np
import pandas as pd
import pytest

from guidednet.data.datasets import organ_set
from guidednet.errors import NonFiniteLossError
from guidednet.training import checks
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
            [
                "collapsed after its best step: validation Dice 20.0 % at step 20, "
                "0.0 % at the last step"
            ],
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


def test_a_fall_of_a_few_points_is_no_collapse():
    assert warnings(curves([0.1, 0.62, 0.58]), FULL, organ_set("flare22")) == []
    (said,) = warnings(curves([0.1, 0.62, 0.5]), FULL, organ_set("flare22"))
    assert "62.0 % at step 20, 50.0 % at the last step" in said


def test_a_teacher_worse_than_its_pupil_is_named():
    fine = curves([0.1, 0.2, 0.3])
    fine["cgmm/network_a/dice_posterior"] = [0.1, 0.2, 0.79]
    fine["cgmm/network_a/dice_network"] = [0.5, 0.6, 0.80]
    assert warnings(fine, FULL, organ_set("flare22")) == []
    worse = fine.assign(**{"cgmm/network_a/dice_posterior": 0.55})
    assert warnings(worse, FULL, organ_set("flare22")) == [
        "the class Gaussians of network_a are a worse teacher than network_a itself: "
        "Dice 55.0 % against 80.0 % on labelled crops"
    ]


def test_foreground_beyond_the_labelled_share_is_named():
    found = curves([0.1, 0.2, 0.3]).assign(**{"foreground/labels": [0.06, 0.10, 0.08]})
    fine = found.assign(**{"foreground/network_b/unlabelled": [0.9, 0.5, 0.10]})
    assert warnings(fine, FULL, organ_set("flare22")) == []
    too_much = found.assign(**{"foreground/network_b/unlabelled": [0.1, 0.1, 0.5]})
    assert warnings(too_much, FULL, organ_set("flare22")) == [
        "network_b calls 50.0 % of the unlabelled voxels organ, "
        "where 8.0 % of the labelled ones are"
    ]


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

    kept = checks.gradient_norm
    monkeypatch.setattr(checks, "gradient_norm", spy)
    train(tiny_config("cps", steps=3), BlobStore(), SPLIT, tmp_path)
    logged = pd.read_csv(tmp_path / "curves.csv")["gradient_norm"]
    assert logged.tolist() == pytest.approx(seen, rel=1e-5) and len(seen) == 3


def test_a_gradient_that_is_no_number_stops_and_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "gradient_norm", lambda optimisers: float("nan"))
    with pytest.raises(NonFiniteLossError, match="the gradient's norm is nan at step 0"):
        train(tiny_config("supervised"), BlobStore(), SPLIT, tmp_path)
    assert not list(tmp_path.iterdir())
