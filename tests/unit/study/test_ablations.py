"""Rows of the ablations: shared runs are the same runs, each switch changes what it names, kept
looks change nothing.
"""

import dataclasses

import pandas as pd
import pytest
import torch

from guidednet.cgmm import cgmm_losses
from guidednet.cgmm.config import CGMMConfig
from guidednet.cgmm.printed import class_statistics, log_posterior
from guidednet.runs.profiles import profile
from guidednet.runs.store import RunStore
from guidednet.study.ablations import figure6, figure6_layers, readings, selection, table4
from guidednet.study.artefacts import ARTEFACTS, artefacts
from guidednet.study.rows import Row, table1, table3
from guidednet.study.test_selection import selection_table
from guidednet.training import checkpoint
from guidednet.training.loop import kept_weights, train
from helpers.cases import SPLIT, BlobStore
from helpers.tiny_runs import TinyWorkspace, tiny_config


def runs_of(rows):
    return {config for row in rows for config in row.configs}


@pytest.mark.parametrize("name", ["smoke", "quick", "paper"])
def test_guidednet_is_one_run_in_every_table(name):
    rows = profile(name)
    full = table3(rows, 1)[-1].configs[0]
    assert full in runs_of(table1(rows, 1))
    assert table4(rows, 1)[-1].configs[0] == full == readings(rows, 1)[0].configs[0]
    assert [row.configs[0] == full for row in figure6(rows, 1)[:4]] == [False, False, True, False]
    assert (
        figure6_layers(rows, 1)[-1].configs[0] == full
        and len(figure6_layers(rows, 1)) == rows.network.depth - 1
    )


def test_paper_profile_has_the_four_layers_of_figure_6():
    layers = [row.configs[0].options.feature_layer for row in figure6_layers(profile("paper"), 1)]
    assert layers == [1, 2, 3, None]


def test_only_what_is_named_is_made():
    assert list(artefacts("table4,figure6")) == ["table4", "figure6"] and set(
        artefacts(None)
    ) == set(ARTEFACTS)
    assert list(artefacts("figure5")) == ["figure4"]


def test_supervised_start_is_shared_by_rows_that_differ_in_ramp_or_kept_looks(tmp_path):
    store = RunStore(TinyWorkspace(tmp_path))
    plain = tiny_config("guidednet", warm_start_steps=2)
    longer = tiny_config(
        "guidednet", warm_start_steps=2, ramp_steps=9, ramp_staircase=2, keep_every=1
    )
    assert store.identity.warm_start(plain) == store.identity.warm_start(longer)


@pytest.fixture
def outputs():
    torch.manual_seed(0)
    features, logits = (
        torch.randn(2, 4, 3, 6, 6, 6, dtype=torch.float64),
        torch.randn(2, 4, 5, 6, 6, 6, dtype=torch.float64),
    )
    return features, logits, torch.randint(0, 5, (2, 6, 6, 6))


def losses(outputs, **switches):
    features, logits, labels = outputs
    return cgmm_losses(
        features[0], logits[0], features[1], logits[1], labels, CGMMConfig(**switches)
    )


def test_without_spread_the_posterior_is_a_softmax_of_distances(outputs):
    features, logits, labels = outputs
    config = CGMMConfig(use_std=False)
    statistics = class_statistics(features[0][:2], labels, logits[0][:2].softmax(1), config)
    means = torch.stack([features[0][:2].movedim(1, -1)[labels == k].mean(0) for k in range(5)])
    distance = (features[0][2:].unsqueeze(1) - means.view(1, 5, 3, 1, 1, 1)).square().mean(2)
    torch.testing.assert_close(
        log_posterior(features[0][2:], statistics, config), (-distance / 2).log_softmax(1)
    )


def test_centroids_per_image_are_the_mean_over_pairs(outputs):
    features, logits, labels = outputs
    found = losses(outputs, centroids="image")
    pairs = []
    for row in range(2):
        rows = [row, row + 2]
        pairs.append(
            cgmm_losses(
                features[0][rows],
                logits[0][rows],
                features[1][rows],
                logits[1][rows],
                labels[[row]],
                CGMMConfig(),
            )
        )
    for name, value in found.items():
        torch.testing.assert_close(value, (pairs[0][name] + pairs[1][name]) / 2)
    assert not torch.isclose(found["gt"], losses(outputs)["gt"])
    with pytest.raises(ValueError, match="as many unlabelled rows"):
        cgmm_losses(
            *(tensor[:3] for tensor in (features[0], logits[0], features[1], logits[1])),
            labels,
            CGMMConfig(centroids="image"),
        )


@pytest.mark.parametrize("detached", [True, False])
def test_rectification_moves_features_only_where_its_target_is_not_detached(outputs, detached):
    features, logits, labels = outputs
    features = features.clone().requires_grad_()
    losses((features, logits, labels), detach_rectify_target=detached)[
        "rectify"
    ].backward() if not detached else None
    if detached:
        value = losses((features, logits.clone().requires_grad_(), labels))["rectify"]
        (gradient,) = torch.autograd.grad(
            value, features, allow_unused=True, materialize_grads=True
        )
        assert not gradient.any()
    else:
        assert features.grad.any()


def test_each_reading_is_another_configuration():
    rows = readings(profile("quick"), 1)
    assert len(runs_of(rows)) == len(rows) == 9


def test_kept_looks_change_nothing_else(tmp_path):
    config = tiny_config("cps")
    kept = dataclasses.replace(config, training=dataclasses.replace(config.training, keep_every=2))
    for name, one in (("plain", config), ("kept", kept)):
        train(one, BlobStore(), SPLIT, tmp_path / name)
    assert (tmp_path / "plain" / "weights_last.pt").read_bytes() == (
        tmp_path / "kept" / "weights_last.pt"
    ).read_bytes()
    assert sorted(path.name for path in (tmp_path / "kept" / "kept").iterdir()) == [
        "000002.pt",
        "000004.pt",
    ]
    assert set(checkpoint.load(kept_weights(tmp_path / "kept", 4))) == set(
        checkpoint.load(tmp_path / "kept" / "weights.pt")
    )


def test_selection_on_test_cases_never_loses(tmp_path):
    store = RunStore(TinyWorkspace(tmp_path))
    rows = [
        Row("CPS", (tiny_config("cps", keep_every=1),)),
        Row("Sup only", (tiny_config("supervised", keep_every=1),)),
    ]
    table = selection_table(rows, store)
    assert set(table["n_validation_cases"]) == {len(SPLIT.validation)} and set(
        table["n_test_cases"]
    ) == {len(SPLIT.test)}
    assert list(table["looks"]) == [5, 5] and (table["gain"] >= 0).all()
    assert (table["best_on_test"] >= table[["last", "best_on_validation"]].max(axis=1)).all()
    pd.testing.assert_series_equal(
        table["gain"],
        (table["best_on_test"] - table["best_on_validation"]).rename("gain"),
        atol=0.011,
    )
    assert {
        config.training.keep_every
        for row in selection(profile("quick"), 1)
        for config in row.configs
    } == {3}
