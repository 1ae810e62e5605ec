"""Teacher and pupil are measured on the same voxels, against their truth."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from guidednet.cgmm.config import CGMMConfig
from guidednet.data.sampling import Batch
from guidednet.losses import one_hot
from guidednet.report.figures import teacher
from helpers.tiny_runs import tiny_config

CLASSES = 14


def cube_of_two_organs():
    label = torch.zeros(1, 4, 4, 4, dtype=torch.long)
    label[:, :2], label[:, 2] = 1, 5
    return label


def method_that_says(prediction, features):
    """A method whose network A has these features and predicts these labels (B,D,H,W)."""
    logits = 9.0 * one_hot(prediction, CLASSES).float()
    output = SimpleNamespace(logits=logits, features=features)
    return SimpleNamespace(
        network_a=lambda image: output,
        modelled=lambda output: output.features,
        options=SimpleNamespace(cgmm=CGMMConfig()),
    )


@pytest.mark.parametrize("pupil", [0.0, 100.0])
def test_the_posterior_follows_features_and_the_network_its_logits(pupil):
    label = cube_of_two_organs()
    both = torch.cat([label, label.flip(1)])
    features = one_hot(both, CLASSES)[:, [0, 1, 5]].float()
    prediction = both if pupil else torch.zeros_like(both)
    batch = Batch(torch.zeros(2, 1, 4, 4, 4), label)
    found = teacher.unlabelled_dice(method_that_says(prediction, features), batch, both[1:])
    assert found == {"posterior": 100.0, "network": pupil}


def test_the_truth_is_cropped_where_its_image_is(monkeypatch):
    truth = {f"u{n}": np.random.default_rng(n).integers(0, 14, (20, 20, 30)) for n in range(8)}
    images = {name: label.astype(np.float32) for name, label in truth.items()}
    store = SimpleNamespace(
        image=lambda case: images.get(case, images["u0"]), label=lambda case: truth["u0"]
    )
    monkeypatch.setattr(teacher, "hidden_label", lambda workspace, dataset, case: truth[case])
    run = SimpleNamespace(config=tiny_config("guidednet"))
    runs = SimpleNamespace(
        split=lambda config: SimpleNamespace(labelled=["l0"], unlabelled=list(truth)),
        workspace=SimpleNamespace(cases=lambda dataset: store),
    )
    batches = teacher.batches_with_truth(run, runs)
    assert len(batches) == teacher.BATCHES
    for batch, label in batches:
        assert len(batch.label) == 2 and torch.equal(batch.image[2:, 0].long(), label)


@pytest.fixture
def course():
    curves = pd.DataFrame(
        {
            "step": [4, 8],
            "cgmm/network_a/dice_posterior": [0.5, 0.6],
            "cgmm/network_a/dice_network": [0.8, 0.9],
        }
    )
    return teacher.teacher_course(SimpleNamespace(curves=lambda: curves), None, None)


def test_labelled_rows_come_from_the_curves_in_percent(course):
    assert course.to_dict("list") == {
        "voxels": ["labelled"] * 2,
        "step": [4, 8],
        "posterior": [50, 60],
        "network": [80, 90],
    }
    assert "55 % for the posterior and 85 % for the network" in teacher.who_leads(course)


def test_every_kind_of_voxels_has_a_panel(course):
    both = pd.concat([course, course.assign(voxels="unlabelled")])
    figure = teacher.draw_teacher(both)
    assert [axes.get_title() for axes in figure.axes] == ["labelled voxels", "unlabelled voxels"]
    assert [list(line.get_ydata()) for line in figure.axes[1].lines] == [[50, 60], [80, 90]]
