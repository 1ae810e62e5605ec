"""The paper's reading of 3D-CGMM against its equations, class by class in float64."""

import dataclasses

import pytest
import torch

from guidednet.cgmm import cgmm_losses
from guidednet.cgmm.config import CGMMConfig
from guidednet.cgmm.gaussians import ClassStatistics, class_statistics, log_posterior
from guidednet.cgmm.printed import max_loss, network_losses, rectify_loss, self_loss
from helpers.batches import ABSENT, SIZE, C, K, make_batch
from helpers.cgmm_by_hand import (
    naive_posterior,
    naive_statistics,
    rows_of,
)


@pytest.fixture
def batch():
    return make_batch()


def test_statistics_are_those_of_each_class(batch):
    features, logits, labels = batch
    statistics = class_statistics(features[:2], labels, logits[:2].softmax(1))
    mean, std = naive_statistics(features[:2], labels, logits[:2].softmax(1))
    for k in mean:
        torch.testing.assert_close(statistics.mean[k], mean[k], rtol=0, atol=1e-12)
        torch.testing.assert_close(statistics.std[k], std[k], rtol=0, atol=1e-12)
        assert statistics.count[k] == (labels == k).sum()
    assert (
        statistics.count[ABSENT] == 0
        and (statistics.mean[ABSENT] == 0).all()
        and statistics.std.isfinite().all()
    )
    assert statistics.mean.requires_grad and not statistics.std.requires_grad


def test_statistics_do_not_depend_on_the_order_of_voxels(batch):
    features, logits, labels = batch
    order = torch.randperm(SIZE[0] * SIZE[1] * SIZE[2])

    def shuffled(maps):
        return maps.flatten(-3)[..., order].unflatten(-1, SIZE)

    before = class_statistics(features[:2], labels, logits[:2].softmax(1))
    after = class_statistics(
        shuffled(features[:2]), shuffled(labels), shuffled(logits[:2].softmax(1))
    )
    torch.testing.assert_close(before.mean, after.mean, rtol=0, atol=1e-12)
    torch.testing.assert_close(before.std, after.std, rtol=0, atol=1e-12)


def test_spread_is_unweighted_where_nothing_is_predicted(batch):
    features, logits, labels = batch
    hopeless = class_statistics(features[:2], labels, torch.zeros_like(logits[:2]))
    plain = class_statistics(features[:2], labels, torch.ones_like(logits[:2]))
    torch.testing.assert_close(hopeless.std, plain.std)


def test_spread_carries_no_gradient(batch):
    features, logits, labels = batch
    assert not class_statistics(features[:2], labels, logits[:2].softmax(1)).std.requires_grad


@pytest.mark.parametrize("density", ["tempered", "diagonal"])
def test_no_spread_is_below_the_floor(batch, density):
    features, logits, labels = batch
    features = features.detach().clone()
    features[:2].movedim(1, -1)[labels == 2] = 1.0  # a class without any spread
    maps = features[:2], labels, logits[:2].softmax(1)
    plain = class_statistics(*maps, CGMMConfig(density=density))
    floored = class_statistics(*maps, CGMMConfig(density=density, sigma_floor=0.1))
    least = 0.1 * plain.std[plain.present].square().mean()
    torch.testing.assert_close(floored.std.square(), plain.std.square().clamp_min(least))
    assert (floored.std[2] > plain.std[2]).all()


def test_rare_classes_count_as_absent(batch):
    features, logits, labels = batch
    labels[labels == 2] = 0
    labels[0, 0, 0, 0] = 2
    statistics = class_statistics(
        features[:2], labels, logits[:2].softmax(1), CGMMConfig(min_count=2)
    )
    assert statistics.count[2] == 0 and (statistics.mean[2] == 0).all() and statistics.count[0] > 1
    losses = cgmm_losses(features, logits, features, logits, labels, CGMMConfig(min_count=2))
    assert all(value.isfinite() for value in losses.values())


@pytest.mark.parametrize(("density", "power"), [("tempered", 1), ("isotropic", C)])
def test_posterior_is_bayes_rule_on_the_present_classes(batch, density, power):
    features, logits, labels = batch
    statistics = class_statistics(features[:2], labels, logits[:2].softmax(1))
    log_g = log_posterior(features, statistics, CGMMConfig(density=density))
    expected = naive_posterior(
        features, *naive_statistics(features[:2], labels, logits[:2].softmax(1)), power
    )
    torch.testing.assert_close(rows_of(log_g.exp()), expected, rtol=0, atol=1e-10)
    assert log_g[:, ABSENT].isneginf().all() and (log_g.exp() <= 1).all()


def test_diagonal_density_has_a_spread_for_each_channel(batch):
    features, logits, labels = batch
    config = CGMMConfig(density="diagonal")
    p = logits[:2].softmax(1)
    statistics = class_statistics(features[:2], labels, p, config)
    log_g = log_posterior(features, statistics, config)
    normal = []
    for k in labels.unique().tolist():
        own, weight = features[:2].movedim(1, -1)[labels == k], p[:, k][labels == k]
        mean = own.mean(0)
        square = (own - mean) ** 2
        std = ((weight[:, None] * square).sum(0) / weight.sum() + 1e-4).sqrt().detach()
        values = torch.distributions.Normal(mean, std).log_prob(features.movedim(1, -1))
        normal.append(values.sum(-1))
    expected = torch.stack(normal, 1).softmax(1)
    present = statistics.present
    torch.testing.assert_close(log_g.exp()[:, present], expected, rtol=0, atol=1e-9)
    assert log_g[:, ~present].isneginf().all()


def test_prior_by_counts_weighs_each_class_by_its_labelled_voxels(batch):
    features, logits, labels = batch
    statistics = class_statistics(features[:2], labels, logits[:2].softmax(1))
    uniform = log_posterior(features, statistics).exp()
    counted = log_posterior(features, statistics, CGMMConfig(prior="counts")).exp()
    weighted = uniform * statistics.count.view(1, -1, 1, 1, 1)
    torch.testing.assert_close(counted, weighted / weighted.sum(1, keepdim=True))


def test_printed_equation_7_is_constant(batch):
    features, logits, labels = batch
    posterior = log_posterior(
        features, class_statistics(features[:2], labels, logits[:2].softmax(1))
    ).exp()
    torch.testing.assert_close(
        posterior.sum(1), torch.ones_like(posterior[:, 0]), rtol=0, atol=1e-12
    )


def test_posterior_finds_the_centroid_and_follows_a_permutation_of_classes():
    mean = 5 * torch.eye(4)
    statistics = ClassStatistics(mean, torch.full((4,), 0.01), torch.tensor([9, 9, 9, 9]))
    features = mean.T.view(1, 4, 2, 2, 1)
    assert log_posterior(features, statistics).argmax(1).flatten().tolist() == [0, 1, 2, 3]
    order = torch.tensor([2, 0, 3, 1])
    permuted = ClassStatistics(mean[order], statistics.std, statistics.count)
    assert torch.equal(
        log_posterior(features, permuted), log_posterior(features, statistics)[:, order]
    )


def test_posterior_and_its_gradients_are_exact(batch):
    features, logits, labels = batch
    config = CGMMConfig(use_std=False)

    def present_posterior(f):
        statistics = class_statistics(
            f[:1], labels[:1, :1], logits[:1, :, :1].detach().softmax(1), config
        )
        return log_posterior(f, statistics, config)[:, labels[:1, :1].unique()]

    assert torch.autograd.gradcheck(
        present_posterior, features[:2, :, :1].detach().requires_grad_()
    )


def test_float32_survives_the_expansion_of_the_distance():
    """Features far from the origin and close to their centroids: the terms of the expansion nearly
    cancel.
    """
    torch.manual_seed(0)
    labels = torch.randint(0, K, (1, 8, 8, 8))
    features = 3 + torch.randn(K, 16)[labels].movedim(-1, 1) + 0.05 * torch.randn(1, 16, 8, 8, 8)
    probabilities = torch.full((1, K, 8, 8, 8), 1 / K)
    single = log_posterior(features, class_statistics(features, labels, probabilities))
    double = log_posterior(
        features.double(), class_statistics(features.double(), labels, probabilities.double())
    )
    torch.testing.assert_close(single.exp().double(), double.exp(), rtol=0, atol=1e-3)


def test_self_loss_gradients_and_clamp(batch):
    features, logits, labels = batch
    log_g = torch.randn(1, K, *SIZE, dtype=torch.float64).log_softmax(1).requires_grad_()
    p = torch.rand(1, K, *SIZE, dtype=torch.float64).clamp(0.05, 0.95).requires_grad_()
    present = torch.tensor([True, True, False, True, True])
    assert torch.autograd.gradcheck(lambda g, q: self_loss(g, q, present), (log_g, p))
    sure = torch.zeros_like(p).detach().requires_grad_()
    loss = self_loss(log_g, sure, present)
    loss.backward()
    assert loss.isfinite() and (sure.grad == 0).all()


def statistics_at(*means):
    return ClassStatistics(
        torch.tensor(means), torch.ones(len(means)), torch.ones(len(means), dtype=torch.long)
    )


def test_max_loss_falls_as_centroids_part():
    losses = [max_loss(statistics_at([0.0, 0.0], [0.0, x])) for x in (0.0, 0.5, 1.0, 4.0)]
    assert losses[0] == 1 and losses == sorted(losses, reverse=True) and len(set(losses)) == 4
    assert losses[2].item() == pytest.approx(torch.tensor(-0.5).exp().item())
    lonely = dataclasses.replace(statistics_at([0.0, 0.0], [0.0, 1.0]), count=torch.tensor([5, 0]))
    assert max_loss(lonely) == 0


def test_rectification_leaves_out_voxels_of_classes_nobody_labelled(batch):
    _, logits, _ = batch
    log_g = torch.zeros_like(logits).log_softmax(1)
    present = torch.tensor([False] * K)
    loss = rectify_loss(logits, log_g, present)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss == 0 and (gradient == 0).all()


@pytest.mark.parametrize("rectify", ["sure", "agreeing"])
def test_gate_of_rectification_leaves_voxels_out(rectify):
    """Of three voxels, one has a sure teacher, and one a teacher that names the network's class."""
    posterior = torch.tensor([[0.95, 0.05], [0.4, 0.6], [0.6, 0.4]]).T.view(1, 2, 1, 1, 3)
    logits = torch.tensor([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]).T.view(1, 2, 1, 1, 3)
    logits.requires_grad_()
    present = torch.ones(2, dtype=torch.bool)
    loss = rectify_loss(logits, posterior.log(), present, CGMMConfig(rectify=rectify))
    (gradient,) = torch.autograd.grad(loss, logits)
    reached = gradient.abs().sum(1).flatten() > 0
    assert (
        reached.tolist()
        == {"sure": [True, False, False], "agreeing": [False, True, False]}[rectify]
    )


def test_rectification_by_value_has_the_value_and_no_gradient(batch):
    features, logits, labels = batch
    live, value = (
        cgmm_losses(features, logits, features, logits, labels, CGMMConfig(rectify=rectify))
        for rectify in ("live", "value")
    )
    torch.testing.assert_close(live["rectify"], value["rectify"])
    assert live["rectify"].requires_grad and not value["rectify"].requires_grad


def test_class_that_is_absent_changes_no_loss(batch):
    """Taking out the slot of a class that nobody labels or predicts leaves every loss as it is."""
    features, logits, labels = batch
    order = [0, 1, 2, 4]
    smaller = labels.clone()
    smaller[labels == 4] = 3
    unpredicted = logits.detach().clone()
    unpredicted[:, ABSENT] -= 20
    kept = network_losses(features, unpredicted, labels)[0]
    dropped = network_losses(features, unpredicted[:, order], smaller)[0]
    for name in kept:
        assert kept[name].item() == pytest.approx(dropped[name].item(), abs=1e-6)


def test_coarse_posterior_is_the_upsampled_one():
    torch.manual_seed(0)
    features, labels = torch.rand(2, C, 2, 2, 2), torch.randint(0, 2, (1, 2, 2, 2))
    big = labels.repeat_interleave(2, 1).repeat_interleave(2, 2).repeat_interleave(2, 3)
    logits = torch.randn(2, K, 2, 2, 2)
    big_logits = torch.nn.functional.interpolate(logits, scale_factor=2, mode="nearest")
    _, log_g = network_losses(features, big_logits, big)
    statistics = class_statistics(
        features[:1], labels, torch.nn.functional.avg_pool3d(big_logits[:1].softmax(1), 2)
    )
    expected = torch.nn.functional.interpolate(
        log_posterior(features[1:], statistics).exp(), scale_factor=2, mode="trilinear"
    )
    torch.testing.assert_close(log_g.exp(), expected)
    assert log_g[:, 3].isneginf().all()


def test_rectification_of_the_paper_reading_is_alive_at_the_published_batch_size():
    logits = torch.zeros(1, 2, 1, 1, 4 * 64 * 128 * 128, requires_grad=True)
    log_g = torch.tensor([0.9, 0.1]).log().view(1, 2, 1, 1, 1).expand_as(logits)
    rectify_loss(logits, log_g, torch.tensor([True, True])).backward()
    assert logits.grad.abs().min() > 0
