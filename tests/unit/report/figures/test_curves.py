"""The curves of a run come apart into loss terms, class weights and validation."""

import numpy as np
import pytest

from guidednet.data.datasets import organ_set
from guidednet.report.figures.curves import class_weights, draw_run
from guidednet.report.lessons.walkthrough import class_names
from guidednet.runs.store import RunStore
from helpers.tiny_runs import RealWorkspace, tiny_config


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with finished runs of GuidedNet and CPS."""
    store = RunStore(RealWorkspace(tmp_path_factory.mktemp("results")))
    for method in ("guidednet", "cps"):
        store.get(tiny_config(method))
    return store


def test_curves_come_apart_into_terms_and_weights(store):
    run = store.get(tiny_config("guidednet"))
    terms, weights = run.loss_terms(), class_weights(run)
    assert {"supervised_a", "cps", "cgmm_rectify"} <= set(terms) and list(terms.index) == [
        1,
        2,
        3,
        4,
        5,
    ]
    assert (
        list(weights) == class_names(organ_set("flare22"))
        and weights.to_numpy().max() <= organ_set("flare22").num_classes + 1e-5
    )
    assert not {"validation_dice", "ktcps_weight_1"} & set(terms)


@pytest.mark.parametrize(("method", "classes"), [("guidednet", 14), ("cps", 0)])
def test_a_runs_picture_has_its_ramp_its_weights_and_its_best_step(method, classes, store):
    run = store.get(tiny_config(method))
    terms, weights, validation, ramp = draw_run(run).axes
    assert len(weights.lines) == classes and [text.get_text() for text in weights.texts] == (
        [] if classes else ["no class weights"]
    )
    assert ramp.lines[0].get_ydata()[0] == pytest.approx(np.exp(-5))
    dice = 100 * run.curves()["validation_dice"].dropna()
    assert list(validation.lines[0].get_ydata()) == list(dice) and "%" in validation.get_ylabel()
    assert validation.lines[1].get_xdata()[0] == run.record["best_step"]
