"""The losses of 3D-CGMM in both readings: values, gradients and switches."""

import dataclasses

import pytest
import torch

from guidednet.cgmm import cgmm_losses
from guidednet.cgmm.config import CGMMConfig
from guidednet.cgmm.gaussians import class_statistics, log_posterior
from guidednet.cgmm.printed import consistency_loss
from guidednet.errors import InputError
from helpers.batches import C, K, make_batch
from helpers.cgmm_by_hand import gradients, naive_network


@pytest.fixture
def batch():
    return make_batch()


def test_every_loss_and_gradient_equals_the_equations(batch):
    features, logits, labels = batch
    torch.manual_seed(5)
    features_b, logits_b = (torch.rand_like(t).requires_grad_() for t in batch[:2])
    leaves = (features, logits, features_b, logits_b)
    losses = cgmm_losses(*leaves, labels)
    naive_a, unlabelled_a = naive_network(features, logits, labels)
    naive_b, unlabelled_b = naive_network(features_b, logits_b, labels)
    expected = {name: naive_a[name] + naive_b[name] for name in naive_a}
    expected["consistency"] = ((unlabelled_a - unlabelled_b) ** 2).mean()
    assert losses.keys() == expected.keys()
    for name in expected:
        torch.testing.assert_close(losses[name], expected[name], rtol=0, atol=1e-10)
        torch.testing.assert_close(
            gradients(losses[name], leaves), gradients(expected[name], leaves), rtol=0, atol=1e-10
        )


def test_self_loss_teaches_both_sides(batch):
    features, logits, labels = batch
    loss = cgmm_losses(features, logits, features, logits, labels)["self"]
    assert all(gradient.abs().sum() > 0 for gradient in gradients(loss, (features, logits)))


def test_rectification_teaches_probabilities_only(batch):
    features, logits, labels = batch
    rectify = cgmm_losses(features, logits, features, logits, labels)["rectify"]
    to_features, to_logits = gradients(rectify, (features, logits))
    assert (to_features == 0).all() and (to_logits[:2] == 0).all() and to_logits[2:].abs().sum() > 0


def test_consistency_is_symmetric_zero_for_equals_and_about_the_unlabelled_rows(batch):
    features, logits, labels = batch
    statistics = class_statistics(features[:2], labels, logits[:2].softmax(1))
    a, b = log_posterior(features[2:], statistics), log_posterior(features[2:] + 0.3, statistics)
    assert consistency_loss(a, b) == consistency_loss(b, a) > 0 and consistency_loss(a, a) == 0
    swapped = features.detach().clone()
    swapped[2:] += 1
    for rows, moves in (("unlabelled", True), ("labelled", False)):
        config = CGMMConfig(consistency_on=rows)
        before, after = (
            cgmm_losses(f, logits, features.flip(1), logits, labels, config)["consistency"]
            for f in (features, swapped)
        )
        assert (before.item() != pytest.approx(after.item(), rel=1e-9)) == moves


@pytest.mark.parametrize("config", [CGMMConfig(), CGMMConfig.official()])
def test_switches_of_table_4(batch, config):
    features, logits, labels = batch
    everything = cgmm_losses(features, logits, features, logits, labels, config)
    for switch, name in (
        ("use_self", "self"),
        ("use_max", "max"),
        ("use_consistency", "consistency"),
    ):
        fewer = cgmm_losses(
            features,
            logits,
            features,
            logits,
            labels,
            dataclasses.replace(config, **{switch: False}),
        )
        assert fewer == {key: value for key, value in everything.items() if key != name}
    assert {"gt", "rectify"} < everything.keys()


@pytest.mark.parametrize("config", [CGMMConfig(), CGMMConfig.official()])
@pytest.mark.parametrize("size", [(2, 4, 4), (4, 8, 8)])
def test_coarse_features_and_a_batch_of_background_alone_stay_finite(config, size):
    torch.manual_seed(0)
    features = torch.randn(2, C, *size).relu().requires_grad_()
    logits = torch.randn(2, K, 4, 8, 8, requires_grad=True)
    for labels in (torch.zeros(1, 4, 8, 8, dtype=torch.long), torch.randint(0, 3, (1, 4, 8, 8))):
        losses = cgmm_losses(features, logits, features * 1.5, logits, labels, config)
        assert all(value.isfinite() for value in losses.values())
        assert all(
            gradient.isfinite().all()
            for gradient in gradients(sum(losses.values()), (features, logits))
        )
        assert losses["gt"] > 0 or (labels == 0).all()


def test_batch_without_unlabelled_rows(batch):
    features, logits, labels = batch
    losses = cgmm_losses(features[:2], logits[:2], features[:2] + 1, logits[:2], labels)
    assert losses["rectify"] == 0 and losses["consistency"] == 0 and losses["gt"] > 0


def test_half_precision_is_cast_up(batch):
    features, logits, labels = make_batch(dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        losses = cgmm_losses(
            features.half(), logits.half(), features.half() / 2, logits.half(), labels
        )
    expected = cgmm_losses(
        features.half().float(),
        logits.half().float(),
        features.half().float() / 2,
        logits.half().float(),
        labels,
    )
    for name in losses:
        assert losses[name].dtype == torch.float32
        torch.testing.assert_close(losses[name], expected[name], rtol=1e-2, atol=1e-5)


def test_nothing_waits_for_the_device(batch, monkeypatch):
    def refuse(*_):
        raise AssertionError("a value was read back from the device")

    for name in ("item", "tolist", "__bool__", "__int__", "__float__", "nonzero"):
        monkeypatch.setattr(torch.Tensor, name, refuse)
    features, logits, labels = batch
    for config in (CGMMConfig(), CGMMConfig.official()):
        cgmm_losses(features, logits, features, logits, labels, config)


def test_unknown_option_is_refused():
    with pytest.raises(InputError, match="unknown reading 'offical': use one of paper, official"):
        CGMMConfig(reading="offical")


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
