"""The official reading of 3D-CGMM against the released formulas, image by image in float64."""

import dataclasses
import itertools

import pytest
import torch

from guidednet.cgmm import cgmm_losses
from guidednet.cgmm.config import CGMMConfig
from guidednet.errors import InputError
from helpers.batches import C, K, make_batch
from helpers.cgmm_by_hand import gradients


@pytest.fixture
def batch():
    return make_batch()


def naive_official(features, logits, labels):
    """Section by section what the released code computes, one image and one class at a time, in
    full precision.
    """
    n, p = len(labels), logits.softmax(1)
    terms = {"gt": [], "self": [], "rectify": []}
    maps, sums = [], torch.zeros(K, C, dtype=features.dtype)

    def bce(t, q):
        return -(t * (q + 1e-6).log() + (1 - t) * (1 - q + 1e-6).log()) / 2

    for b in range(n):
        present = labels[b].unique().tolist()
        centroid = [
            features[b][:, labels[b] == k].mean(1)
            if k in present
            else torch.zeros(C, dtype=features.dtype)
            for k in range(K)
        ]
        sums = sums + torch.stack(centroid)
        g, g_unlabelled = (
            torch.stack([(-((f - c.view(C, 1, 1, 1)).abs().mean(0) ** 2)).exp() for c in centroid])
            for f in (features[b], features[n + b])
        )
        g = torch.stack([g[k] if k in present else 0 * g[k] for k in range(K)])
        maps.append(g.softmax(0))
        terms["gt"].append(
            sum(bce((labels[b] == k).double(), g[k]) for k in present) / len(present)
        )
        terms["self"].append(sum(bce(g[k], p[b, k]) for k in present) / len(present))
        terms["rectify"].append(
            sum(bce(g_unlabelled[k], p[n + b, k]) for k in present) / len(present)
        )
    pairs = list(itertools.combinations(labels.unique().tolist(), 2))
    losses = {name: torch.stack(values).mean() for name, values in terms.items()}
    losses["max"] = sum((-((sums[k] - sums[j]).abs().mean() ** 2)).exp() for k, j in pairs) / len(
        pairs
    )
    return losses, torch.stack(maps)


def test_official_losses_and_gradients_equal_the_released_formulas(batch):
    features, logits, labels = batch
    labels[0][labels[0] == 2] = 1  # a class in one image alone
    torch.manual_seed(5)
    features_b, logits_b = (torch.rand_like(t).requires_grad_() for t in batch[:2])
    leaves = (features, logits, features_b, logits_b)
    losses = cgmm_losses(
        *leaves, labels, dataclasses.replace(CGMMConfig.official(), rectify="live")
    )
    (naive_a, maps_a), (naive_b, maps_b) = (
        naive_official(features, logits, labels),
        naive_official(features_b, logits_b, labels),
    )
    expected = {name: naive_a[name] + naive_b[name] for name in naive_a} | {
        "consistency": 2 * ((maps_a - maps_b) ** 2).mean()
    }
    assert losses.keys() == expected.keys()
    for name in expected:
        torch.testing.assert_close(losses[name], expected[name], rtol=0, atol=1e-10)
        torch.testing.assert_close(
            gradients(losses[name], leaves), gradients(expected[name], leaves), rtol=0, atol=1e-10
        )


@pytest.mark.parametrize("crop", [(2, 2, 2), (4, 8, 8)])
def test_released_rectification_has_no_gradient_at_any_size(crop):
    features, logits = torch.rand(4, C, *crop).requires_grad_(), torch.rand(4, K, *crop)
    logits.requires_grad_()
    labels = torch.randint(K, (2, *crop))
    rectify = cgmm_losses(features, logits, features, logits, labels, CGMMConfig.official())
    assert rectify["rectify"] > 0 and not rectify["rectify"].requires_grad
    live = dataclasses.replace(CGMMConfig.official(), rectify="live")
    loss = cgmm_losses(features, logits, features, logits, labels, live)["rectify"]
    assert loss == rectify["rectify"]
    assert all(gradient.abs().sum() > 0 for gradient in gradients(loss, (features, logits)))


def test_released_maps_cannot_gate_rectification():
    with pytest.raises(InputError, match="no posteriors to be sure of"):
        CGMMConfig(reading="official", rectify="sure")


def test_official_reading_pairs_rows(batch):
    features, logits, labels = batch
    with pytest.raises(ValueError, match="pairs"):
        cgmm_losses(
            features[:3], logits[:3], features[:3], logits[:3], labels, CGMMConfig.official()
        )
