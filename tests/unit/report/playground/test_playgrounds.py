"""The widgets' data and pictures; what they compute is tested in a browser."""

import base64
import math

import numpy as np
import pytest
import torch

from guidednet.ktcps import difficulty_weights
from guidednet.report.playground import crops_of_run, section_html
from guidednet.report.playground.detectable_gap import neighbouring_gaps
from guidednet.report.playground.ktcps import readings
from guidednet.report.playground.widget import MODULES
from guidednet.runs.store import RunStore
from helpers.playgrounds import ABSENT, ONLY_SECOND, crops, playgrounds
from helpers.tiny_runs import TinyWorkspace, tiny_config


@pytest.fixture(scope="module")
def widgets():
    return {widget.kind: widget for widget in playgrounds()}


@pytest.mark.parametrize("kind", MODULES)
def test_a_widget_needs_nothing_else_and_has_a_picture(widgets, kind):
    widget = widgets[kind]
    page, frame = widget.html(), widget._repr_mimebundle_()["text/html"]
    assert "http" not in page.replace("http://www.w3.org", "")
    assert "import " not in page and "export " not in page
    assert widget.picture.startswith(b"\x89PNG")
    picture = base64.b64encode(widget.picture).decode()
    assert frame.index(picture) < frame.index("<iframe"), "the picture comes before the frame"
    assert len(page) < 300_000


def test_the_slice_is_turned_as_radiologists_see_it(widgets):
    found, data = crops(), widgets["cgmm"].data
    label = np.frombuffer(base64.b64decode(data["label"]), np.uint8).reshape(12, 16)
    assert (label == found.label[0, found.place].numpy()[::-1, ::-1]).all()
    features = np.frombuffer(base64.b64decode(data["features"]), np.float32)
    first = found.features[0, 0, found.place].numpy()[::-1, ::-1]
    assert (features.reshape(6, 12, 16)[0] == first).all()
    assert data["present"]["printed"][ONLY_SECOND] and not data["present"]["released"][ONLY_SECOND]
    assert not data["present"]["printed"][ABSENT]


def test_readings_of_an_absent_class():
    found = readings(torch.tensor([1000.0, 50.0, 0.0], dtype=torch.float64))
    assert math.isnan(found["as printed"][0]) and found["as printed"][1] == 0
    assert found["released code"][2] == 3 and found["released code"][1] < 0.4, "it squeezes"
    alone = difficulty_weights(torch.tensor([1000.0, 50.0]))
    assert found["here"][1] == pytest.approx(1.5 * alone[1]) and math.isnan(found["here"][2])


def test_the_gaps_are_those_of_table_1():
    steps = neighbouring_gaps()
    assert len(steps) == 20 and len({step["lane"] for step in steps}) == 2
    largest = max(steps, key=lambda step: step["gap"])
    assert (largest["name"], largest["gap"]) == ("DAN over Sup only", 6.69)


def test_a_finished_run_is_played_with(tmp_path):
    runs = RunStore(TinyWorkspace(tmp_path))
    found = crops_of_run(runs.get(tiny_config("guidednet")), runs)
    assert found.features.shape == (2, 2, 8, 8, 16) and found.probabilities.shape[1] == 14
    assert torch.allclose(found.probabilities.sum(1), torch.ones(()), atol=1e-5)


def test_the_section_leaves_out_what_has_no_run(tmp_path):
    page = section_html(RunStore(TinyWorkspace(tmp_path)), seeds=1)
    assert page.count('class="guidednet-playground"') == 2 and "mountCgmm" not in page
