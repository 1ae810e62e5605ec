"""KT-CPS: difficulty weights, their running means, and the weighted cross supervision."""

import pytest
import torch

from guidednet.errors import InputError
from guidednet.ktcps import (
    KTCPSConfig,
    KTCPSWeights,
    difficulty_weights,
    ktcps_loss,
    printed_weights,
    true_positive_counts,
)
from guidednet.losses import cps_loss

K = 4
COUNTS = torch.tensor([400_000, 2_000, 90, 7_000])


def logits_for(prediction):
    """Logits (B,K,...) whose argmax is `prediction`."""
    return torch.nn.functional.one_hot(prediction, K).movedim(-1, 1).float() * 3


@pytest.fixture
def batch():
    """Predictions and labels of two labelled rows; class 3 is in no label."""
    labels = torch.tensor([[0, 0, 0, 0, 0, 1, 1, 1, 2, 2]]).repeat(2, 1).view(2, 1, 2, 5)
    prediction = labels.clone()
    # one background voxel and one of class 2 are wrong
    prediction[0, 0, 0, 0], prediction[1, 0, 1, 4] = 3, 0
    return logits_for(prediction), labels


def test_true_positives_by_hand(batch):
    logits, labels = batch
    assert true_positive_counts(logits, labels, K).tolist() == [9, 6, 3, 0]
    assert true_positive_counts(logits, labels, K, wrong_as_background=True).tolist() == [
        11,
        6,
        3,
        0,
    ]
    assert not true_positive_counts(logits.requires_grad_(), labels, K).requires_grad


def test_weights_run_from_zero_to_k():
    weights = difficulty_weights(COUNTS)
    assert weights[0] == 0 and weights[2] == K == weights.max()
    assert weights[COUNTS.argsort()].tolist() == sorted(weights.tolist(), reverse=True)
    ratio = (400_001 / (COUNTS.double() + 1)).log()
    torch.testing.assert_close(weights.double(), K * ratio / ratio.max(), rtol=0, atol=1e-5)


def test_weights_depend_on_ratios_alone():
    torch.testing.assert_close(
        difficulty_weights(COUNTS * 50), difficulty_weights(COUNTS), rtol=0, atol=0.02
    )
    torch.testing.assert_close(
        difficulty_weights(COUNTS * 50, smoothing=0), difficulty_weights(COUNTS, smoothing=0)
    )


@pytest.mark.parametrize("counts", [[0, 0, 0, 0], [7, 7, 7, 7]])
def test_equal_counts_give_equal_weights(counts):
    assert difficulty_weights(torch.tensor(counts)).tolist() == [K] * K


def test_both_readings_of_the_print_agree():
    """Inverting R is the same as keeping R and reading "min" for "max" with the quotient the other
    way up.
    """
    log_ratio = (COUNTS / COUNTS.max()).log()
    torch.testing.assert_close(
        difficulty_weights(COUNTS, smoothing=0) / K, log_ratio / log_ratio.min()
    )


def test_equations_16_and_17_as_printed_are_degenerate():
    printed = printed_weights(COUNTS)
    assert printed[0].isnan() and (printed[1:] == 0).all()


def test_class_without_true_positive_takes_over_in_the_released_reading():
    counts = torch.tensor([4_000_000, 200_000, 3_000_000, 0])
    without = difficulty_weights(counts, torch.tensor([True, True, True, False]), smoothing=1e-8)
    official = difficulty_weights(counts, smoothing=1e-8)
    assert (
        official[3] == K and official[1] / K == pytest.approx(0.09, abs=0.005) and without[1] == K
    )


def test_maxima_run_over_present_classes():
    present = torch.tensor([False, True, True, True])
    weights = difficulty_weights(COUNTS, present)
    assert weights[3] == 0 and weights[2] == K and 0 < weights[1] < K


def test_momentum_and_two_states(batch):
    logits, labels = batch
    other = logits_for(torch.full_like(labels, 1))
    state = KTCPSWeights(COUNTS)
    before = state.weights_a.clone()
    assert torch.equal(before, difficulty_weights(COUNTS)) and torch.equal(before, state.weights_b)
    weights_a, weights_b = state.update(logits, other, labels)
    present = torch.tensor([True, True, True, False])
    for weights, network in ((weights_a, logits), (weights_b, other)):
        current = difficulty_weights(true_positive_counts(network, labels, K), present)
        torch.testing.assert_close(
            weights, torch.where(present, 0.99 * before + 0.01 * current, before)
        )
    assert not torch.equal(weights_a, weights_b)
    assert torch.equal(state.weights_a, weights_a) and not weights_a.requires_grad


def test_shared_state_is_updated_by_a_then_by_b(batch):
    logits, labels = batch
    other = logits_for(torch.full_like(labels, 1))
    state = KTCPSWeights(COUNTS, KTCPSConfig.official())
    expected = state.weights_a.clone()
    for _ in range(2):
        used = state.update(logits, other, labels)
        for weights, network in zip(used, (logits, other), strict=True):
            current = difficulty_weights(
                true_positive_counts(network, labels, K, wrong_as_background=True), smoothing=1e-8
            )
            expected = 0.99 * expected + 0.01 * current
            torch.testing.assert_close(weights, expected)


def test_only_labelled_rows_count(batch):
    logits, labels = batch
    results = []
    for unlabelled in (torch.zeros(2, K, 1, 2, 5), torch.randn(2, K, 1, 2, 5)):
        both = torch.cat([logits, unlabelled])
        results.append(KTCPSWeights(COUNTS).update(both, both, labels)[0])
    assert torch.equal(*results)


def test_crop_of_one_class_teaches_nothing():
    labels = torch.zeros(1, 1, 2, 5, dtype=torch.long)
    state = KTCPSWeights(COUNTS)
    weights, _ = state.update(logits_for(labels), logits_for(labels), labels)
    assert torch.equal(weights, difficulty_weights(COUNTS))


def test_background_floor_is_used_but_not_remembered(batch):
    logits, labels = batch
    state = KTCPSWeights(COUNTS, KTCPSConfig(background_floor=0.1))
    weights, _ = state.update(logits, logits, labels)
    assert weights[0].item() == pytest.approx(0.1 * K) and state.weights_a[0] == 0
    assert torch.equal(weights[1:], state.weights_a[1:])


@pytest.mark.parametrize("background", ["mean", "present"])
def test_background_can_weigh_as_much_as_the_mean_organ(batch, background):
    logits, labels = batch
    labels = labels.masked_fill(labels == 2, 1)  # the batch lacks class 2
    state = KTCPSWeights(COUNTS, KTCPSConfig(background=background))
    weights, _ = state.update(logits, logits, labels)
    organs = [k for k in range(1, K) if background == "mean" or (labels == k).any()]
    assert weights[0].item() == pytest.approx(state.weights_a[organs].mean().item())
    assert state.weights_a[0] == 0 and torch.equal(weights[1:], state.weights_a[1:])


def test_states_travel_with_checkpoints(batch):
    logits, labels = batch
    state, restored = KTCPSWeights(COUNTS), KTCPSWeights(torch.ones(K))
    state.update(logits, logits, labels)
    restored.load_state_dict(state.state_dict())
    assert torch.equal(restored.weights_a, state.weights_a) and restored.state_dict().keys() == {
        "weights_a",
        "weights_b",
        "takes_part",
    }


def test_equal_weights_make_it_plain_cps():
    torch.manual_seed(0)
    a, b = torch.randn(2, 3, K, 2, 3, 4, dtype=torch.float64).unbind(0)
    ones = torch.full((K,), float(K))
    assert ktcps_loss(a, b, ones, ones).item() == pytest.approx(cps_loss(a, b).item(), rel=1e-12)
    scaled = ktcps_loss(a, b, ones, ones, KTCPSConfig(normalisation="voxel_mean"))
    assert scaled.item() == pytest.approx(K * cps_loss(a, b).item(), rel=1e-12)


def test_weights_come_from_the_network_that_made_the_pseudo_label():
    torch.manual_seed(0)
    a, b = torch.randn(2, 3, K, 2, 3, 4, dtype=torch.float64).unbind(0)
    weights_a, weights_b = torch.tensor([0.0, 1, 2, 4]), torch.tensor([0.5, 4, 1, 2])
    expected = 0.0
    for student, teacher, weights in ((a, b, weights_b), (b, a, weights_a)):
        rows, targets = (
            student.movedim(1, -1).reshape(-1, K).log_softmax(1),
            teacher.argmax(1).flatten(),
        )
        pairs = [(weights[t], -row[t]) for row, t in zip(rows, targets, strict=True)]
        expected += sum(weight * loss for weight, loss in pairs) / sum(
            weight for weight, _ in pairs
        )
    assert ktcps_loss(a, b, weights_a, weights_b).item() == pytest.approx(
        expected.item(), abs=1e-12
    )


def test_background_everywhere_gives_zero_and_no_nan():
    logits = logits_for(torch.zeros(2, 1, 2, 5, dtype=torch.long)).requires_grad_()
    weights = difficulty_weights(COUNTS)
    loss = ktcps_loss(logits, logits, weights, weights)
    loss.backward()
    assert loss == 0 and (logits.grad == 0).all()


def test_unknown_normalisation_is_refused():
    with pytest.raises(InputError, match="weighted_mean, voxel_mean"):
        KTCPSConfig(normalisation="mean")
