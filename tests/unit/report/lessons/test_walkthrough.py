"""What the step-by-step notebooks compute and draw of 3D-CGMM and of a method at its start."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from guidednet.cgmm.config import CGMMConfig
from guidednet.cgmm.gaussians import ClassStatistics
from guidednet.data.datasets import organ_set
from guidednet.report.figures.benchmarks import training_times
from guidednet.report.lessons.walkthrough import (
    class_colours,
    class_names,
    crop_scene,
    draw_feature_plane,
    draw_maps,
    draw_mixture,
    fullest_slice,
    gradient_reach,
    half_precision_gradient,
    principal_plane,
    ready_method,
)
from guidednet.runs.profiles import profile
from guidednet.runs.store import RunStore
from helpers.batches import make_batch
from helpers.cases import BlobStore
from helpers.tiny_runs import RealWorkspace, TinyWorkspace, tiny_config

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
    assert [axes.get_title() for axes in figure.axes[:3]] == [
        *("image", "constant: 0 everywhere", "image again")
    ]
    assert draw_maps(maps, image, (5, 3, 3), index, limits=(0.0, 2.0)).axes[2].images[
        0
    ].get_clim() == (0, 2)


def test_a_map_of_a_single_value_says_so_and_is_not_dark():
    image = torch.from_numpy(BlobStore().image("l0")).float()
    figure = draw_maps({"counted": torch.ones_like(image)}, image, (5, 3, 3), 2)
    (picture,) = figure.axes[1].images
    assert picture.get_clim() == (0, 1) and (picture.get_array() == 1).all()
    assert figure.axes[1].get_title() == "counted: 1 everywhere"


def test_a_mixture_is_grey_and_names_the_crops_it_comes_from():
    image = torch.from_numpy(BlobStore().image("l0")).float()
    sources = torch.zeros(image.shape, dtype=torch.long)
    sources[:, : image.shape[1] // 2] = 2
    figure = draw_mixture(image, sources, (5, 3, 3), 2, ["first", "second", "third"])
    plain, coloured = figure.axes
    assert plain.images[0].get_cmap().name == coloured.images[0].get_cmap().name == "gray"
    assert set(np.unique(coloured.images[1].get_array())) == {0, 2}
    assert [text.get_text() for text in coloured.get_legend().get_texts()] == ["first", "third"]


def test_a_crop_is_a_scene_whose_maps_are_compared_with_the_first():
    image = torch.from_numpy(BlobStore().image("l0")).float()
    label = torch.from_numpy(BlobStore().label("l0"))
    scene = crop_scene(
        "crop",
        image,
        (4, 3, 3),
        organ_set("flare22"),
        {"reference": label.long(), "A": label.long()},
        {"weight": 3 * image},
    )
    assert scene.reference == "reference" and scene.spacing == (4, 3, 3)
    assert (scene.labels["A"] == label.numpy()).all() and scene.dice("A")["liver"] == 1
    assert scene.overlays["weight"].limits == (0, pytest.approx(3 * image.max().item()))
    alone = crop_scene("crop", image, (9, 3, 3), organ_set("flare22"), {"A": label})
    assert alone.reference is None and alone.overlays == {}
    assert alone.spacing == (4.5, 3, 3), "large voxels are divided"


def test_classes_are_named_and_coloured_with_the_background_first():
    assert (
        class_names(organ_set("flare22"))[:2] == ["background", "liver"]
        and len(class_colours(organ_set("flare22"))) == organ_set("flare22").num_classes
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with finished runs of GuidedNet and CPS."""
    store = RunStore(RealWorkspace(tmp_path_factory.mktemp("results")))
    for method in ("guidednet", "cps"):
        store.get(tiny_config(method))
    return store


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
