"""UA-MT: uncertainty, its threshold, and what it masks."""

import math

import pytest
import torch

from guidednet.methods.ua_mt import UAMTConfig, entropy, masked_consistency
from guidednet.optimiser import OptimiserConfig, update
from helpers.batches import a_batch, a_method


@pytest.mark.parametrize(("base", "largest"), [(2, math.log(2)), (None, math.log(14))])
def test_uncertainty_threshold_is_a_share_of_the_entropy_of_a_fair_coin_or_of_ln_k(base, largest):
    method = a_method("ua_mt", UAMTConfig(entropy_base=base))
    assert method.threshold(0) == pytest.approx((0.75 + 0.25 * math.exp(-5)) * largest)
    assert method.threshold(5) == pytest.approx(largest)  # at the last of five steps


def test_entropy_runs_from_0_to_ln_k():
    uniform, certain = torch.full((1, 14, 2, 2, 2), 1 / 14), torch.zeros(1, 14, 2, 2, 2)
    certain[:, 3] = 1
    torch.testing.assert_close(
        entropy(uniform), torch.full((1, 2, 2, 2), math.log(14)), atol=1e-4, rtol=0
    )
    assert entropy(certain).abs().max() < 1e-5


def test_masked_consistency_is_the_mean_where_all_is_sure_and_0_where_nothing_is():
    distance = torch.rand(2, 5, 3, 3, 3)
    torch.testing.assert_close(
        masked_consistency(distance, torch.ones(2, 3, 3, 3, dtype=torch.bool)), distance.mean()
    )
    assert masked_consistency(distance, torch.zeros(2, 3, 3, 3, dtype=torch.bool)) == 0


def test_uncertainty_averages_probabilities_of_eight_passes():
    method, image = a_method("ua_mt"), torch.rand(1, 1, 8, 8, 8)
    torch.manual_seed(5)
    found = method.uncertainty(image)
    torch.manual_seed(5)
    stacked = torch.stack([method.teacher_logits(image).softmax(1) for _ in range(8)]).mean(0)
    torch.testing.assert_close(found, entropy(stacked))


def test_threshold_of_ln_2_masks_voxels_of_a_trained_teacher_and_that_of_ln_k_masks_none():
    method = a_method("ua_mt")
    method.momentum = 0.8  # the teacher follows within a few steps
    optimisers = method.optimisers(OptimiserConfig("adam", 2e-2, weight_decay=0.0))
    for step in range(30):
        batch = a_batch(step)
        update(optimisers, sum(method(batch, step).values()))
        method.after_step(step)
    assert method.log(batch)["uncertainty/masked"] > 0.01
    assert (method.uncertainty(batch.image) < 0.75 * math.log(14)).all()
