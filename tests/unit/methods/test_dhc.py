"""DHC: weights by distribution and by difficulty."""

import pytest
import torch

from guidednet.methods.dhc import DHCConfig, DifficultyWeights, DistributionWeights
from helpers.batches import a_batch, a_method


def test_distribution_weights_fall_with_frequency():
    weights = DistributionWeights(
        torch.tensor([1000, 100, 10, 500]), torch.ones(4) > 0, DHCConfig()
    ).weights
    assert weights[0] == 0 and weights.max() == 4 and weights.argmax() == 2
    assert (weights[torch.tensor([0, 3, 1, 2])].diff() > 0).all()
    assert (
        DistributionWeights(torch.tensor([7, 7, 7]), torch.ones(3) > 0, DHCConfig()).weights == 3
    ).all()


def test_distribution_weights_move_slowly_with_the_pseudo_labels():
    weights = DistributionWeights(torch.tensor([1000, 10]), torch.ones(2) > 0, DHCConfig())
    logits = torch.zeros(1, 2, 1, 1, 10)
    logits[:, 0, ..., :2], logits[:, 1, ..., 2:] = 1, 1
    used = weights.update(logits)
    torch.testing.assert_close(
        used, 0.99 * torch.tensor([0.0, 2.0]) + 0.01 * torch.tensor([2.0, 0.0])
    )


def test_difficulty_weights_follow_1_minus_dice_once_the_dice_stands_still():
    difficulty = DifficultyWeights(torch.ones(3) > 0, DHCConfig(accumulate=1))
    label = torch.tensor([0, 0, 0, 0, 1, 1, 2, 2]).view(1, 1, 1, 8)
    prediction = torch.tensor([0, 0, 0, 1, 1, 1, 0, 2]).view(1, 1, 1, 8)
    logits = torch.nn.functional.one_hot(prediction, 3).movedim(-1, 1).float()
    for _ in range(3):
        weights = difficulty.update(logits, label)
    gap = 1 - torch.tensor([6 / 8, 4 / 5, 2 / 3])
    torch.testing.assert_close(weights, 3 * gap / gap.max())


def test_difficulty_of_absent_classes_stays():
    difficulty = DifficultyWeights(torch.ones(3) > 0, DHCConfig())
    label = torch.zeros(1, 1, 1, 8, dtype=torch.long)
    difficulty.update(torch.rand(1, 3, 1, 1, 8), label)
    assert difficulty.gap[1] == difficulty.gap[2] == 1 and difficulty.last_dice[1] == pytest.approx(
        1e-8
    )


def test_weights_of_a_follow_labelled_rows_and_those_of_b_unlabelled_ones():
    batch = a_batch()
    changed = type(batch)(
        torch.cat([batch.image[:2], torch.rand_like(batch.image[2:])]), batch.label
    )
    first, second = a_method("dhc").eval(), a_method("dhc").eval()
    first(batch, 0), second(changed, 0)
    assert torch.equal(first.difficulty.weights, second.difficulty.weights)
    assert not torch.equal(first.distribution.weights, second.distribution.weights)
