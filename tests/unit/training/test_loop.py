"""The loop: resume equals no interruption, hidden labels never matter, a non-finite loss stops it."""

import dataclasses

import pandas as pd
import pytest
import torch

from guidednet.errors import NonFiniteLossError
from guidednet.methods import METHODS
from guidednet.methods.cps import CPSConfig
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.optimiser import update
from guidednet.training import checkpoint
from guidednet.training.loop import kept_weights, train
from helpers.cases import SPLIT, BlobStore
from helpers.tiny_runs import KilledError, killed_after, result_bytes, tiny_config


@pytest.mark.parametrize("method", METHODS)
def test_resume_equals_no_interruption(tmp_path, method):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train(tiny_config(method), BlobStore(), SPLIT, whole)
    for steps in (1, 3):  # before the first checkpoint; between two
        with pytest.raises(KilledError):
            train(tiny_config(method), BlobStore(), SPLIT, parts, progress=killed_after(steps))
    train(tiny_config(method), BlobStore(), SPLIT, parts)
    assert result_bytes(parts) == result_bytes(whole)


@pytest.mark.parametrize("method", METHODS)
def test_hidden_labels_never_matter(tmp_path, method):
    for hidden_labels in (1, 2):
        train(tiny_config(method), BlobStore(hidden_labels), SPLIT, tmp_path / str(hidden_labels))
    assert result_bytes(tmp_path / "1") == result_bytes(tmp_path / "2")


def test_labels_of_labelled_cases_do_matter(tmp_path):
    class Relabelled(BlobStore):
        def label(self, case):
            return BlobStore.label(self, case)[::-1].copy()

    train(tiny_config("supervised"), BlobStore(), SPLIT, tmp_path / "1")
    train(tiny_config("supervised"), Relabelled(), SPLIT, tmp_path / "2")
    assert result_bytes(tmp_path / "1") != result_bytes(tmp_path / "2")


def test_guidednet_without_its_parts_is_cps_bit_for_bit(tmp_path):
    train(tiny_config("cps", CPSConfig()), BlobStore(), SPLIT, tmp_path / "cps")
    train(
        tiny_config("guidednet", GuidedNetConfig(use_cgmm=False, use_ktcps=False)),
        BlobStore(),
        SPLIT,
        tmp_path / "off",
    )
    cps, off = (torch.load(tmp_path / name / "weights_last.pt") for name in ("cps", "off"))
    assert all(torch.equal(off[name], value) for name, value in cps.items())


def test_training_starts_from_the_warm_start(tmp_path):
    donor = train(tiny_config("supervised"), BlobStore(), SPLIT, tmp_path / "donor")
    weights = {name.removeprefix("network."): value for name, value in donor.best_weights.items()}
    still = tiny_config("cps", steps=1, checkpoint_every=1)
    frozen = type(still)(**vars(still) | {"optimiser": type(still.optimiser)(learning_rate=0.0)})
    train(
        frozen,
        BlobStore(),
        SPLIT,
        tmp_path / "child",
        warm_start={"kaiming": weights, "xavier": weights},
    )
    child = torch.load(tmp_path / "child" / "weights_last.pt")
    assert all(
        torch.equal(child[f"network_{net}.{name}"], value)
        for net in "ab"
        for name, value in weights.items()
    )


def test_best_weights_are_those_of_the_best_validation(tmp_path):
    state = train(
        tiny_config("supervised", steps=6, validate_every=1), BlobStore(), SPLIT, tmp_path
    )
    curves = pd.read_csv(tmp_path / "curves.csv").set_index("step")
    assert curves["validation_dice"].idxmax() == state.best_step
    assert curves["validation_dice"].max() == pytest.approx(state.best_dice)


def test_learning_rate_falls_polynomially_but_for_the_discriminator(tmp_path, monkeypatch):
    seen = []

    def spy(optimisers, loss, scaler):
        seen.append([optimiser.param_groups[0]["lr"] for optimiser in optimisers])
        update(optimisers, loss, scaler)

    monkeypatch.setattr("guidednet.training.loop.update", spy)
    train(tiny_config("dan"), BlobStore(), SPLIT, tmp_path)
    of_network, of_discriminator = zip(*seen, strict=True)
    assert of_network == pytest.approx([0.05 * (1 - step / 5) ** 0.9 for step in range(5)])
    assert set(of_discriminator) == {1e-4}


def test_non_finite_loss_stops_and_names_step_and_term(tmp_path):
    class Broken(BlobStore):
        def image(self, case):
            return BlobStore.image(self, case) * float("nan")

    with pytest.raises(NonFiniteLossError, match="'supervised' is nan at step 0"):
        train(tiny_config("supervised"), Broken(), SPLIT, tmp_path)
    assert not list(tmp_path.iterdir())


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
