"""What the step-by-step notebooks compute and draw: gradients, cards, profiles and curves of
methods and runs.
"""

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch

from guidednet.cgmm.config import CGMMConfig
from guidednet.cgmm.printed import ClassStatistics
from guidednet.data.datasets import organ_set
from guidednet.report.figures.benchmarks import training_times
from guidednet.report.figures.curves import class_weights, draw_run
from guidednet.report.figures.figure2 import class_centres, draw_feature_distance, feature_distances
from guidednet.report.lessons.method_card import (
    method_card,
    networks,
    relative_cost,
    trainable_parameters,
)
from guidednet.report.lessons.step_profile import step_profile
from guidednet.report.lessons.walkthrough import (
    class_colours,
    class_names,
    draw_feature_plane,
    draw_label_maps,
    draw_maps,
    fullest_slice,
    gradient_reach,
    half_precision_gradient,
    principal_plane,
    ready_method,
)
from guidednet.runs.profiles import profile
from guidednet.runs.store import RunStore
from helpers.batches import a_batch, a_method, make_batch
from helpers.cases import SPLIT, BlobStore
from helpers.tiny_runs import TinyWorkspace, tiny_config


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


class RealWorkspace(TinyWorkspace):
    """TinyWorkspace as if its cases were real: no phantom knows the labels that training does not
    see.
    """

    def data(self, dataset):
        return dataclasses.replace(super().data(dataset), phantom=None)


# 3D-CGMM, step by step
# --------------------------------------------------------------------------------------------

LABELLED, UNLABELLED = (
    ("labelled features", "labelled probabilities"),
    ("unlabelled features", "unlabelled probabilities"),
)
REACH = {
    "gt": {LABELLED[0]},
    "self": set(LABELLED),
    "max": {LABELLED[0]},
    "rectify": {UNLABELLED[1]},
    "consistency": {LABELLED[0], UNLABELLED[0]},
}


def test_each_term_reaches_the_inputs_that_its_equation_names():
    (features, logits, labels), (features_b, logits_b, _) = make_batch(), make_batch(seed=1)
    found = gradient_reach((features, logits, features_b, logits_b), labels, CGMMConfig())
    assert {term: set(norms.index[norms > 0]) for term, norms in found.iterrows()} == REACH


def test_half_precision_loses_the_gradient_of_the_published_batch_alone():
    assert (
        half_precision_gradient(images=4, voxels=64 * 128 * 128, present_classes=2, weight=0.3) == 0
    )
    assert half_precision_gradient(
        images=1, voxels=1000, present_classes=2, weight=0.3
    ) == pytest.approx(0.3 / 1000 / 4, rel=1e-2)


def statistics_on_a_line():
    """Three present classes whose centroids lie along (1, 1, 0), and an absent one."""
    mean = torch.tensor([[0.0, 0, 5], [1, 1, 5], [9, 9, 9], [3, 3, 5]])
    return ClassStatistics(mean, torch.tensor([0.5, 1.0, 7.0, 2.0]), torch.tensor([4, 4, 0, 4]))


def test_the_plane_of_most_spread_holds_the_line_of_the_centroids():
    centre, directions = principal_plane(torch.zeros(1, 3, 1, 1, 1), statistics_on_a_line())
    np.testing.assert_allclose(centre, [4 / 3, 4 / 3, 5], atol=1e-6)
    np.testing.assert_allclose(np.abs(directions[0]), [0.5**0.5, 0.5**0.5, 0], atol=1e-6)
    np.testing.assert_allclose(directions @ directions.T, np.eye(2), atol=1e-6)


def test_the_plane_shows_a_circle_of_one_spread_for_each_class_that_is_there():
    figure, axes = plt.subplots()
    labels = torch.tensor([0, 1, 3, 3]).view(1, 1, 2, 2)
    draw_feature_plane(
        axes, torch.rand(1, 3, 1, 2, 2), labels, statistics_on_a_line(), organ_set("flare22")
    )
    assert [circle.radius for circle in axes.patches] == pytest.approx(
        [std * 3**0.5 for std in (0.5, 1.0, 2.0)]
    )
    assert len(axes.collections) == 6 and [
        len(points.get_offsets()) for points in axes.collections[::2]
    ] == [1, 1, 2]


def test_maps_and_labels_have_a_panel_each_on_the_slice_that_shows_most():
    label = torch.from_numpy(BlobStore().label("l0"))
    index = fullest_slice(label)
    assert len(label[index].unique()) == max(len(plane.unique()) for plane in label)
    image = torch.from_numpy(BlobStore().image("l0")).float()
    maps = {"constant": torch.zeros_like(image), "image again": image}
    figure = draw_maps(maps, image, (5, 3, 3), index)
    assert [axes.get_title() for axes in figure.axes[:3]] == ["image", "constant", "image again"]
    assert draw_maps(maps, image, (5, 3, 3), index, limits=(0.0, 2.0)).axes[2].images[
        0
    ].get_clim() == (0, 2)
    assert (
        len(
            draw_label_maps(
                {"A": label, "B": label}, image, (5, 3, 3), index, organ_set("flare22")
            ).axes
        )
        == 2
    )


def test_classes_are_named_and_coloured_with_the_background_first():
    assert (
        class_names(organ_set("flare22"))[:2] == ["background", "liver"]
        and len(class_colours(organ_set("flare22"))) == organ_set("flare22").num_classes
    )


# Methods on one batch
# ---------------------------------------------------------------------------------------------


def test_a_card_lists_networks_terms_and_cost():
    methods = {name: a_method(name) for name in ("supervised", "mean_teacher")}
    card = method_card("mean_teacher", methods, a_batch(), step=4)
    assert (
        card.loc["network", "name"].tolist() == ["student", "teacher"]
        and "not trained" in card.loc["network", "value"].iloc[1]
    )
    assert card.loc["loss term", "name"].tolist() == ["supervised", "consistency"]
    costs = card.loc["cost"].set_index("name")["value"]
    assert (
        costs["trainable parameters"]
        == f"{sum(value.numel() for value in methods['mean_teacher'].student.parameters()):,}"
    )
    assert float(costs["time of a step (Sup only = 1)"]) > 0


def test_measuring_the_cost_leaves_the_networks_as_they_are():
    methods = {name: a_method(name) for name in ("supervised", "guidednet")}
    before = [parameter.clone() for parameter in methods["guidednet"].parameters()]
    costs = relative_cost(methods, a_batch(), step=2, repeats=1)
    assert costs["supervised"] == 1 and costs["guidednet"] > 0
    assert all(
        torch.equal(*pair) for pair in zip(before, methods["guidednet"].parameters(), strict=True)
    )
    assert set(networks(methods["guidednet"])) == {"network_a", "network_b"}
    assert trainable_parameters(methods["guidednet"]) == 2 * trainable_parameters(
        methods["supervised"]
    )


def test_most_of_a_step_is_convolution(tmp_path):
    seconds = step_profile(RunStore(TinyWorkspace(tmp_path)), tiny_config("cps"), steps=1)
    assert {"convolution, forward", "convolution, backward"} <= set(seconds.index) and (
        seconds >= 0
    ).all()
    assert seconds.is_monotonic_decreasing


# Runs
# -------------------------------------------------------------------------------------------------------------


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
    assert validation.lines[1].get_xdata()[0] == run.record["best_step"]


def test_feature_centres_are_means_over_the_voxels_of_each_class():
    config = tiny_config("cps")
    config = dataclasses.replace(
        config, window=dataclasses.replace(config.window, size=(12, 12, 12), stride=(12, 12, 12))
    )
    network, cases = a_method("cps").eval().network_a, BlobStore()
    network.forward = lambda image: type(
        "Output", (), {"features": torch.cat([image, 2 * image], 1)}
    )
    centres = class_centres(
        network, cases, {case: cases.label(case) for case in SPLIT.labelled}, config
    )
    label = np.concatenate([cases.label(case).ravel() for case in SPLIT.labelled])
    image = np.concatenate([cases.image(case).ravel() for case in SPLIT.labelled]).astype(float)
    expected = np.array(
        [image[label == k].mean() if (label == k).any() else np.nan for k in range(14)]
    )
    np.testing.assert_allclose(centres, np.stack([expected, 2 * expected], 1), rtol=1e-5)


def test_feature_distances_of_real_cases_need_no_hidden_label(store):
    scores = pd.DataFrame(
        {"dice": 50.0, "sd_dice": 1.0, "n_seeds": 1, "n_test_cases": 1},
        index=organ_set("flare22").columns,
    )
    table = feature_distances(tiny_config("cps"), store, scores, most_cases=2)
    assert (
        list(table["organ"]) == organ_set("flare22").columns
        and (table["dice"] == 50).all()
        and (table["distance"].dropna() >= 0).all()
    )
    figure, axes = plt.subplots()
    draw_feature_distance(axes, table, organ_set("flare22"))
    assert len(axes.patches) == 13


def test_a_method_is_ready_at_its_shared_start(tmp_path):
    store, smoke = RunStore(TinyWorkspace(tmp_path)), profile("smoke")
    fresh = ready_method("cps", smoke, (1, 9), store, "blank")
    started = ready_method("cps", smoke, (1, 9), store, "train")
    warm_start = store.identity.warm_start(smoke.run("flare22", "cps", (1, 9), 0))
    for scheme, network in started.warm_start_networks().items():
        trained = store.load_method(warm_start[scheme]).network.state_dict()
        assert all(
            torch.equal(network.state_dict()[name], value) for name, value in trained.items()
        )
        assert not torch.equal(
            network.classifier.weight, fresh.warm_start_networks()[scheme].classifier.weight
        )
    times = training_times(store.workspace)  # of the two networks' starts
    assert (
        times[["method", "runs", "steps"]].to_numpy().tolist() == [["supervised", 2, 8]]
        and (times["minutes"] > 0).all()
    )
