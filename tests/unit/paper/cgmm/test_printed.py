"""3D-CGMM, both readings, against the equations written out class by class and image by image in
float64.
"""

import dataclasses
import itertools

import pytest
import torch

from guidednet.cgmm import cgmm_losses, released
from guidednet.cgmm.config import CGMMConfig
from guidednet.cgmm.derivatives import AbsoluteDistance
from guidednet.cgmm.printed import (
    ClassStatistics,
    class_statistics,
    consistency_loss,
    gt_loss,
    log_posterior,
    max_loss,
    network_losses,
    rectify_loss,
    self_loss,
)
from guidednet.errors import InputError
from helpers.batches import ABSENT, SIZE, C, K, make_batch


@pytest.fixture
def batch():
    return make_batch()


def rows_of(maps):
    """(B,N,D,H,W) as one row per voxel."""
    return maps.movedim(1, -1).reshape(-1, maps.shape[1])


def gradients(loss, leaves):
    """Gradients of one of several losses that share a graph, zeros where there is none."""
    return torch.autograd.grad(
        loss, leaves, retain_graph=True, allow_unused=True, materialize_grads=True
    )


def naive_statistics(features, labels, probabilities, sigma_min=1e-2):
    f, p, y = rows_of(features), rows_of(probabilities), labels.flatten()
    mean, std = {}, {}
    for k in y.unique().tolist():
        members = f[y == k]
        mean[k] = members.mean(0)
        squared_distance = ((members - mean[k]) ** 2).mean(1)
        weight = p[y == k, k]
        std[k] = ((weight * squared_distance).sum() / weight.sum() + sigma_min**2).sqrt().detach()
    return mean, std


def naive_posterior(features, mean, std, power=1):
    f = rows_of(features)
    densities = torch.zeros(len(f), K, dtype=f.dtype)
    for k in mean:
        squared_distance = ((f - mean[k]) ** 2).mean(1)
        densities[:, k] = torch.exp(-squared_distance * power / (2 * std[k] ** 2)) / std[k] ** power
    return densities / densities.sum(1, keepdim=True)


def naive_network(features, logits, labels):
    """Eqs. 8-10 and 13 of one network, and its unlabelled posterior, by broadcasting and indexing."""
    n, present = len(labels), labels.unique().tolist()
    p, p_unlabelled = rows_of(logits[:n].softmax(1)), rows_of(logits[n:].softmax(1))
    mean, std = naive_statistics(features[:n], labels, logits[:n].softmax(1))
    g, g_unlabelled = (
        naive_posterior(features[:n], mean, std),
        naive_posterior(features[n:], mean, std),
    )
    pairs = list(itertools.combinations(present, 2))
    two_sided = sum(
        g[:, k] * p[:, k].log() + (1 - g[:, k]) * (1 - p[:, k]).log() for k in present
    ) / len(present)
    kept = torch.isin(p_unlabelled.argmax(1), torch.tensor(present))
    rectify = -(g_unlabelled.detach() * p_unlabelled.log()).sum(1)[kept].mean()
    return {
        "gt": -g[torch.arange(len(g)), labels.flatten()].log().mean(),
        "self": -two_sided.mean(),
        "max": sum((-((mean[k] - mean[j]) ** 2).mean()).exp() for k, j in pairs) / len(pairs),
        "rectify": rectify,
    }, g_unlabelled


# --- statistics and posterior


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


def test_spread_carries_a_gradient_only_if_asked(batch):
    features, logits, labels = batch
    config = CGMMConfig(detach_std=False, sigma_min=0.1)

    def std(f, z):
        return class_statistics(f, labels[:1, :1], z.softmax(1), config).std

    assert torch.autograd.gradcheck(
        std, tuple(t[:1, :, :1].detach().requires_grad_() for t in (features, logits))
    )


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
    config = CGMMConfig(sigma_min=0.5, detach_std=False)

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


# --- losses, paper reading


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


def test_self_loss_may_detach_either_side(batch):
    features, logits, labels = batch

    def reached(target):
        losses = cgmm_losses(
            features, logits, features, logits, labels, CGMMConfig(self_target=target)
        )
        return [
            gradient.abs().sum() > 0 for gradient in gradients(losses["self"], (features, logits))
        ]

    assert reached("none") == [True, True]
    assert reached("detach_posterior") == [False, True]
    assert reached("detach_probabilities") == [True, False]


def test_gt_loss_balanced_by_class(batch):
    features, logits, labels = batch
    log_g = log_posterior(
        features[:2], class_statistics(features[:2], labels, logits[:2].softmax(1))
    )
    per_voxel = -rows_of(log_g)[torch.arange(labels.numel()), labels.flatten()]
    by_class = torch.stack([per_voxel[labels.flatten() == k].mean() for k in labels.unique()])
    present = torch.tensor([k != ABSENT for k in range(K)])
    torch.testing.assert_close(gt_loss(log_g, labels, present, "class"), by_class.mean())
    torch.testing.assert_close(gt_loss(log_g, labels, present, "voxel"), per_voxel.mean())


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


def test_rectification_teaches_probabilities_only(batch):
    features, logits, labels = batch
    rectify = cgmm_losses(features, logits, features, logits, labels)["rectify"]
    to_features, to_logits = gradients(rectify, (features, logits))
    assert (to_features == 0).all() and (to_logits[:2] == 0).all() and to_logits[2:].abs().sum() > 0


def test_rectification_leaves_out_voxels_of_classes_nobody_labelled(batch):
    _, logits, _ = batch
    log_g = torch.zeros_like(logits).log_softmax(1)
    present = torch.tensor([False] * K)
    loss = rectify_loss(logits, log_g, present)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss == 0 and (gradient == 0).all()
    everywhere = rectify_loss(logits, log_g, present, CGMMConfig(rectify_mask="none"))
    torch.testing.assert_close(everywhere, -(logits.log_softmax(1) / K).sum(1).mean())


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


# --- official reading


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


def test_absolute_distance_and_its_gradient():
    torch.manual_seed(0)
    features = torch.randn(2, C, 7, dtype=torch.float64, requires_grad=True)
    centroids = torch.randn(2, K, C, dtype=torch.float64, requires_grad=True)
    plain = (features[:, None] - centroids[..., None]).abs().mean(2)
    torch.testing.assert_close(
        AbsoluteDistance.apply(features, centroids), plain, rtol=0, atol=1e-12
    )
    assert torch.autograd.gradcheck(AbsoluteDistance.apply, (features, centroids))


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


def test_rectification_of_the_paper_reading_is_alive_at_the_published_batch_size():
    logits = torch.zeros(1, 2, 1, 1, 4 * 64 * 128 * 128, requires_grad=True)
    log_g = torch.tensor([0.9, 0.1]).log().view(1, 2, 1, 1, 1).expand_as(logits)
    rectify_loss(logits, log_g, torch.tensor([True, True])).backward()
    assert logits.grad.abs().min() > 0


def test_official_reading_pairs_rows(batch):
    features, logits, labels = batch
    with pytest.raises(ValueError, match="pairs"):
        cgmm_losses(
            features[:3], logits[:3], features[:3], logits[:3], labels, CGMMConfig.official()
        )
