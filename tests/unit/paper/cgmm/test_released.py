"""The official reading of 3D-CGMM against the released formulas, image by image in float64."""

import dataclasses
import itertools

import pytest
import torch

from guidednet.cgmm import cgmm_losses, released
from guidednet.cgmm.config import CGMMConfig
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
        *leaves, labels, dataclasses.replace(CGMMConfig.official(), rectify_fp16=False)
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


def test_summed_centroids_matter_only_for_classes_seen_in_several_images():
    centroids = torch.randn(2, 4, C, dtype=torch.float64)
    once = torch.tensor([[True, True, False, False], [False, False, True, True]])
    twice = torch.ones(2, 4, dtype=torch.bool)
    losses = {
        (name, how): released.max_loss(centroids * present.unsqueeze(2), present, how)
        for name, present in (("once", once), ("twice", twice))
        for how in ("sum", "mean")
    }
    assert losses["once", "sum"] == losses["once", "mean"]
    assert losses["twice", "sum"] < losses["twice", "mean"]


def rectify_gradient(half, present_classes, voxels, scale):
    """Largest gradient that `scale` times the official rectification sends to the probabilities of
    `voxels` voxels.
    """
    probabilities = torch.full(
        (1, present_classes, 1, 1, voxels), 1 / (present_classes + 1), requires_grad=True
    )
    present = torch.ones(1, present_classes, dtype=torch.bool)
    loss = released.rectify_loss(torch.full_like(probabilities, 0.75), probabilities, present, half)
    (scale * loss).backward()
    return probabilities.grad.abs().max().item()


def test_half_precision_rectification_has_no_gradient_at_the_published_batch_size():
    """4 x 64 x 128 x 128 voxels, lambda_g 0.3: 1/(B_u V) times the rest is below half of float16's
    smallest number.
    """
    published = 4 * 64 * 128 * 128
    assert rectify_gradient(True, 2, published, 0.3) == 0
    assert rectify_gradient(False, 2, published, 0.3) > 0
    assert rectify_gradient(True, 2, 1000, 0.3) > 0


def test_official_reading_pairs_rows(batch):
    features, logits, labels = batch
    with pytest.raises(ValueError, match="pairs"):
        cgmm_losses(
            features[:3], logits[:3], features[:3], logits[:3], labels, CGMMConfig.official()
        )
