"""CReST: each class has the frequency of the opposite rank as its weight."""

import torch

from guidednet.methods.crest import CReSTConfig, OppositeRankWeights

COUNTS, PRESENT = torch.tensor([8000.0, 0, 64, 1000]), torch.tensor([True, False, True, True])


def test_weights_are_those_of_the_opposite_rank():
    weights = OppositeRankWeights(COUNTS, PRESENT, CReSTConfig()).weights()
    expected = torch.tensor([0.2, 0, 1, 0.5])  # cube roots of 64, 8000 and 1000 over 8000
    torch.testing.assert_close(weights, expected)


def test_they_follow_the_pseudo_labels_slowly_and_stay_without_any():
    balance = OppositeRankWeights(COUNTS, PRESENT, CReSTConfig())
    before = balance.frequency.clone()
    balance.update(torch.empty(0, 4, 2, 2, 2))
    assert torch.equal(balance.frequency, before)
    logits = torch.zeros(1, 4, 2, 2, 2)
    logits[:, 3] = 1
    balance.update(logits)
    torch.testing.assert_close(balance.frequency, 0.99 * before + 0.01 * torch.eye(4)[3])


def test_pseudo_labels_without_a_class_leave_weight_to_the_background():
    balance = OppositeRankWeights(COUNTS, PRESENT, CReSTConfig())
    logits = torch.zeros(1, 4, 2, 2, 2)
    logits[:, 0] = 1
    for _ in range(100):
        weights = balance.update(logits)
    assert weights[0] > 0.1
