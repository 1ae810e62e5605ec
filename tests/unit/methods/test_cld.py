"""CLD: class weights, the bank of confidences, and sampling by it."""

import math

import pytest
import torch

from guidednet.losses import cps_loss
from guidednet.methods.cld import CLDConfig, ConfidenceBank
from helpers.batches import a_batch, a_method


def test_class_weights_are_the_cube_root_of_the_frequency_ratio():
    weights = a_method("cld").class_weights
    counts = a_method("cld").setup.labelled_voxels
    expected = (counts.max() / counts.clamp_min(1)).float() ** (1 / 3)
    torch.testing.assert_close(weights, torch.where(counts > 0, expected, 0))


def bank_after(labels, confidence):
    bank = ConfidenceBank(4, momentum=0.9)
    probabilities = torch.full((1, 4, 1, 1, 8), confidence)
    bank.update(probabilities, torch.tensor(labels).view(1, 1, 1, 8), close=True)
    return bank


def test_bank_holds_mean_probabilities_and_leaves_absent_classes_alone():
    bank = bank_after([0, 0, 0, 0, 1, 1, 2, 2], 0.25)
    torch.testing.assert_close(bank.confidence, torch.tensor([0.25, 0.25, 0.25, 0.0]))
    bank.update(
        torch.full((1, 4, 1, 1, 8), 0.75), torch.zeros(1, 1, 1, 8, dtype=torch.long), close=True
    )
    torch.testing.assert_close(
        bank.confidence, torch.tensor([0.9 * 0.25 + 0.1 * 0.75, 0.25, 0.25, 0.0])
    )


def test_bank_waits_for_the_end_of_the_window():
    bank = ConfidenceBank(2, 0.9)
    label = torch.zeros(1, 1, 1, 4, dtype=torch.long)
    bank.update(torch.full((1, 2, 1, 1, 4), 0.2), label, close=False)
    assert not bank.confidence.any()
    bank.update(torch.full((1, 2, 1, 1, 4), 0.6), label, close=True)
    assert bank.confidence[0] == pytest.approx(0.4)


def test_sampling_rate_is_1_for_the_least_sure_class():
    bank = ConfidenceBank(3, 0.9)
    bank.confidence.copy_(torch.tensor([0.96, 0.36, 0.84]))
    torch.testing.assert_close(bank.sampling_rate(), torch.tensor([0.25, 1.0, 0.5]))


def test_voxels_are_kept_at_the_sampling_rate():
    method = a_method("cld")
    method.class_weights.fill_(1)
    method.bank_a.confidence.fill_(0.75)
    method.bank_a.confidence[0] = 0.0  # so that the rate of every other class is 1/2
    student = torch.zeros(1, 14, 32, 32, 32)
    student[:, 5] = 1
    per_voxel = torch.nn.functional.cross_entropy(student, student.argmax(1))
    share = method.sampled_loss(student, student, method.bank_a) / per_voxel
    assert share.item() == pytest.approx(0.5, abs=3 * 0.5 / math.sqrt(32**3))


def test_cld_with_full_rates_and_equal_weights_is_cps():
    method = a_method("cld", CLDConfig(weight=1.0)).eval()
    method.class_weights.fill_(1)
    batch = a_batch()
    a, b = method.network_a(batch.image).logits, method.network_b(batch.image).logits
    # the banks are empty: every rate is 1
    torch.testing.assert_close(method(batch, 5)["cps"], cps_loss(a, b))
