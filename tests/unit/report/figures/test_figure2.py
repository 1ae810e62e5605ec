"""Figure 2: distances between the features of labelled and unlabelled cases, by class."""

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch

from guidednet.data.datasets import organ_set
from guidednet.report.figures.figure2 import class_centres, draw_feature_distance, feature_distances
from guidednet.report.figures.save import save_figure
from guidednet.report.sections.markup import plain_table
from guidednet.report.tables.table import organ_dice
from guidednet.runs.store import RunStore
from guidednet.study.rows import Row
from helpers.batches import a_method
from helpers.cases import SPLIT, BlobStore
from helpers.tiny_runs import RealWorkspace, tiny_config


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with finished runs of GuidedNet and CPS."""
    store = RunStore(RealWorkspace(tmp_path_factory.mktemp("results")))
    for method in ("guidednet", "cps"):
        store.get(tiny_config(method))
    return store


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


def test_the_numbers_behind_it_name_the_organ_first_and_count_in_whole_numbers(store, tmp_path):
    config = tiny_config("cps")
    scores = organ_dice(Row("CPS", (config,)), store)
    table = feature_distances(config, store, scores, most_cases=2)
    save_figure(plt.figure(), table, tmp_path, "figure2")
    shown = pd.read_csv(tmp_path / "figure2.csv", dtype=str)
    assert list(shown)[:2] == ["organ", "dice"]
    assert shown[["n_seeds", "n_test_cases"]].map(str.isdigit).all(axis=None)
    page = plain_table(pd.read_csv(tmp_path / "figure2.csv"))
    assert page.index("<th>organ</th>") == page.index("<th>") and "1.00" not in page
