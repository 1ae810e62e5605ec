"""Shared losses against loops over voxels, their limits and their precision."""

import math

import pytest
import torch
from torch.nn import functional

from guidednet.losses import (
    batch_dice_loss,
    cps_loss,
    cross_entropy,
    ramp,
    resize_labels,
    supervised_loss,
    weighted_cross_entropy,
    weighted_dice_loss,
)

K, SHAPE = 5, (2, 4, 6, 5)


@pytest.fixture
def case():
    """Float64 logits of 5 classes, and labels in which class 4 is absent."""
    torch.manual_seed(0)
    return torch.randn(
        SHAPE[0], K, *SHAPE[1:], dtype=torch.float64, requires_grad=True
    ), torch.randint(0, K - 1, SHAPE)


def voxels(logits):
    """Logits as rows (V,K)."""
    return logits.movedim(1, -1).reshape(-1, logits.shape[1])


@pytest.mark.parametrize(
    ("ramp_steps", "staircase", "expected"),
    [
        (20_000, None, [0.0007, 0.0060, 0.0287, 0.0732, 0.1]),
        (30_000, 150, [0.0007, 0.0031, 0.0106, 0.0287, 0.0571]),
    ],
)
def test_ramp_at_five_steps_of_the_papers_training(ramp_steps, staircase, expected):
    weights = [0.1 * ramp(step, ramp_steps, staircase) for step in range(0, 20_001, 5_000)]
    assert weights == pytest.approx(expected, abs=6e-5)


def test_ramp_is_flat_within_a_stair_and_after_its_end():
    assert ramp(150, 30_000, 150) == ramp(299, 30_000, 150) < ramp(300, 30_000, 150)
    assert ramp(99, 10) == 1 and ramp(0, 10) == pytest.approx(math.exp(-5))


def test_cross_entropy_is_the_mean_over_voxels(case):
    logits, labels = case
    pairs = zip(voxels(logits).tolist(), labels.flatten().tolist(), strict=True)
    expected = [-row[label] + math.log(sum(math.exp(z) for z in row)) for row, label in pairs]
    assert cross_entropy(logits, labels).item() == pytest.approx(
        sum(expected) / len(expected), abs=1e-12
    )
    assert cross_entropy(logits, labels.to(torch.uint8)) == cross_entropy(logits, labels)


def naive_dice(probabilities, labels, smooth=1e-5):
    rows, flat = voxels(probabilities), labels.flatten()
    terms = []
    for k in range(rows.shape[1]):
        intersection = predicted = reference = 0.0
        for p, label in zip(rows[:, k].tolist(), flat.tolist(), strict=True):
            intersection, predicted, reference = (
                intersection + p * (label == k),
                predicted + p**2,
                reference + (label == k),
            )
        terms.append(1 - (2 * intersection + smooth) / (predicted + reference + smooth))
    return terms


def test_dice_sums_over_the_whole_batch_with_squared_denominators(case):
    logits, labels = case
    terms = naive_dice(logits.softmax(1), labels)
    assert batch_dice_loss(logits.softmax(1), labels).item() == pytest.approx(
        sum(terms) / K, abs=1e-12
    )
    assert batch_dice_loss(logits.softmax(1), labels, skip_absent=True).item() == pytest.approx(
        sum(terms[:4]) / 4, abs=1e-12
    )


def test_dice_limits(case):
    _, labels = case
    perfect = functional.one_hot(labels, K).movedim(-1, 1).double()
    assert 0 <= batch_dice_loss(perfect, labels) < 1e-7
    assert 0 < batch_dice_loss(torch.full_like(perfect, 1 / K), labels) < 1


def test_absent_class_is_pushed_down(case):
    logits, labels = case
    probabilities = logits.softmax(1).detach().requires_grad_()
    batch_dice_loss(probabilities, labels).backward()
    assert (probabilities.grad[:, 4] > 0).all()


def test_supervised_loss_is_half_the_sum_and_differentiates(case):
    logits, labels = case
    expected = (cross_entropy(logits, labels) + batch_dice_loss(logits.softmax(1), labels)) / 2
    assert supervised_loss(logits, labels) == expected
    small = logits[:, :, :1, :2, :2].detach().requires_grad_()
    assert torch.autograd.gradcheck(lambda z: supervised_loss(z, labels[:, :1, :2, :2]), small)


def test_weighted_cross_entropy_divides_by_the_weights_or_by_the_voxels(case):
    logits, labels = case
    weights = torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0])
    per_voxel = -voxels(logits).log_softmax(1)[torch.arange(labels.numel()), labels.flatten()]
    weighted = (weights[labels.flatten()] * per_voxel).sum()
    assert weighted_cross_entropy(logits, labels, weights).item() == pytest.approx(
        (weighted / weights[labels].sum()).item(), abs=1e-12
    )
    assert weighted_cross_entropy(logits, labels, weights, False).item() == pytest.approx(
        (weighted / labels.numel()).item(), abs=1e-12
    )
    assert weighted_cross_entropy(logits, labels, torch.full((K,), 7.0)).item() == pytest.approx(
        cross_entropy(logits, labels).item()
    )


@pytest.mark.parametrize("normalise", [True, False])
def test_targets_without_weight_cost_nothing(case, normalise):
    logits, labels = case
    loss = weighted_cross_entropy(
        logits, torch.zeros_like(labels), torch.tensor([0.0, 1, 1, 1, 1]), normalise
    )
    loss.backward()
    assert loss == 0 and (logits.grad == 0).all()


def test_cps_is_symmetric_and_learns_only_as_a_student(case):
    logits, _ = case
    other = torch.randn_like(logits)
    assert cps_loss(logits, other) == cps_loss(other, logits)
    cps_loss(logits, other).backward()
    (expected,) = torch.autograd.grad(cross_entropy(logits, other.argmax(1)), logits)
    assert torch.equal(logits.grad, expected)
    as_teacher = cps_loss(logits, other) - cross_entropy(logits, other.argmax(1))
    assert as_teacher.item() == pytest.approx(cross_entropy(other, logits.argmax(1)).item())


@pytest.mark.parametrize(
    "loss", [supervised_loss, cross_entropy, lambda z, y: cps_loss(z, z.roll(1, 1))]
)
def test_half_precision_and_autocast_compute_in_float32(case, loss):
    logits, labels = case
    half = logits.detach().bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        inside = loss(half, labels)
    assert inside.dtype == torch.float32 and inside == loss(half.float(), labels)


def test_resized_labels_stay_labels():
    labels = torch.randint(0, K, (1, 4, 4, 4), dtype=torch.uint8)
    coarse = resize_labels(labels, torch.Size((2, 2, 2)))
    assert coarse.dtype == torch.uint8 and torch.equal(coarse, labels[:, 1::2, 1::2, 1::2])


def test_weighted_dice_against_a_loop():
    probabilities, label = torch.rand(2, 4, 3, 3, 3).softmax(1), torch.randint(4, (2, 3, 3, 3))
    weights = torch.tensor([9.0, 1.0, 2.0, 3.0])
    expected = 0.0
    for k in range(1, 4):
        hit = probabilities[:, k][label == k].sum()
        expected -= (
            weights[k] * (2 * hit + 1) / (probabilities[:, k].sum() + (label == k).sum() + 1) / 3
        )
    torch.testing.assert_close(weighted_dice_loss(probabilities, label, weights), expected)
