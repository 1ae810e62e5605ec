"""What holds for class statistics and posteriors of any batch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from guidednet.cgmm.gaussians import class_statistics, log_posterior
from helpers.strategies import SEEDS


@st.composite
def feature_batches(draw):
    """Features (B,C,D,H,W), labels (B,D,H,W) and probabilities (B,K,D,H,W), float64; any class may
    be absent.
    """
    rows, channels, classes = draw(
        st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(2, 5))
    )
    size, generator = (
        draw(st.tuples(*[st.integers(1, 3)] * 3)),
        torch.Generator().manual_seed(draw(SEEDS)),
    )
    seen = torch.tensor(sorted(draw(st.sets(st.integers(0, classes - 1), min_size=1))))
    labels = seen[torch.randint(len(seen), (rows, *size), generator=generator)]
    features = 2 * torch.randn(rows, channels, *size, generator=generator, dtype=torch.float64)
    return (
        features,
        labels,
        torch.randn(rows, classes, *size, generator=generator, dtype=torch.float64).softmax(1),
    )


def gaussians_by_voxel(features, labels, probabilities, sigma_min=1e-2):
    """Eqs. 3 and 4, voxel by voxel: mean, spread and number of voxels by class."""
    voxels = []
    for row, *place in np.ndindex(*labels.shape):
        label = int(labels[row, *place])
        voxels.append((label, features[row, :, *place], float(probabilities[row, label, *place])))
    found = {}
    for k in {label for label, _, _ in voxels}:
        members = [(feature, weight) for label, feature, weight in voxels if label == k]
        mean = sum(feature for feature, _ in members) / len(members)
        spread = sum(
            weight * float((feature - mean).square().mean()) for feature, weight in members
        ) / sum(p for _, p in members)
        found[k] = mean, (spread + sigma_min**2) ** 0.5, len(members)
    return found


@given(feature_batches())
def test_statistics_and_posterior_are_those_of_a_loop_over_voxels(batch):
    features, labels, probabilities = batch
    expected, found = gaussians_by_voxel(*batch), class_statistics(*batch)
    posterior = log_posterior(features, found).exp()
    assert set(found.present.nonzero().flatten().tolist()) == set(expected)
    for k, (mean, std, count) in expected.items():
        torch.testing.assert_close(found.mean[k], mean)
        assert (found.std[k].item(), found.count[k].item()) == (pytest.approx(std), count)
    for place in np.ndindex(*labels.shape):
        feature = features[place[0], :, *place[1:]]
        densities = torch.zeros(probabilities.shape[1], dtype=torch.float64)
        for k, (mean, std, _) in expected.items():
            densities[k] = -(feature - mean).square().mean() / (2 * std**2) - np.log(std)
        weights = torch.where(found.present, (densities - densities[found.present].max()).exp(), 0)
        torch.testing.assert_close(
            posterior[place[0], :, *place[1:]], weights / weights.sum(), rtol=1e-6, atol=1e-9
        )


@given(feature_batches())
def test_posterior_sums_to_one_over_the_classes_that_are_there(batch):
    statistics = class_statistics(*batch)
    posterior = log_posterior(batch[0], statistics).exp()
    torch.testing.assert_close(posterior.sum(1), torch.ones_like(posterior[:, 0]))
    assert (posterior[:, ~statistics.present] == 0).all()


@given(feature_batches(), SEEDS)
def test_statistics_do_not_depend_on_the_order_of_voxels(batch, seed):
    order = torch.randperm(batch[1][0].numel(), generator=torch.Generator().manual_seed(seed))
    shuffled = [values.flatten(-3)[..., order].unflatten(-1, values.shape[-3:]) for values in batch]
    before, after = class_statistics(*batch), class_statistics(*shuffled)
    for name in ("mean", "std", "count"):
        torch.testing.assert_close(getattr(before, name), getattr(after, name))


@given(feature_batches(), SEEDS)
def test_classes_may_change_their_numbers(batch, seed):
    features, labels, probabilities = batch
    order = torch.randperm(probabilities.shape[1], generator=torch.Generator().manual_seed(seed))
    before, after = (
        class_statistics(*batch),
        class_statistics(features, order.argsort()[labels], probabilities[:, order]),
    )
    for name in ("mean", "std", "count"):
        torch.testing.assert_close(getattr(after, name), getattr(before, name)[order])
    torch.testing.assert_close(
        log_posterior(features, after).exp(), log_posterior(features, before).exp()[:, order]
    )


@given(feature_batches())
def test_a_class_that_nobody_labels_changes_nothing(batch):
    features, labels, probabilities = batch
    before = class_statistics(*batch)
    after = class_statistics(
        features, labels, torch.cat([probabilities, torch.rand_like(probabilities[:, :1])], 1)
    )
    for name in ("mean", "std", "count"):
        torch.testing.assert_close(getattr(after, name)[:-1], getattr(before, name))
    posterior = log_posterior(features, after)
    torch.testing.assert_close(posterior[:, :-1], log_posterior(features, before))
    assert posterior[:, -1].isneginf().all()
