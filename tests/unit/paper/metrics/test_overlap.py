"""Dice and Jaccard against sets of voxels, absent organs, false positives."""

import numpy as np
import pytest

from guidednet.errors import InputError
from guidednet.metrics.overlap import (
    dice,
    false_positive_voxels,
    jaccard,
    joint_histogram,
    mean_over_cases,
)

GENERATOR = np.random.default_rng(0)
PREDICTION, REFERENCE = GENERATOR.integers(0, 5, (2, 6, 7, 8)).astype(np.uint8)


def voxels(volume, label):
    return {tuple(place) for place in np.argwhere(volume == label)}


def test_against_sets_of_voxels():
    for label in range(1, 5):
        p, r = voxels(PREDICTION, label), voxels(REFERENCE, label)
        assert dice(PREDICTION, REFERENCE, 5)[label - 1] == pytest.approx(
            2 * len(p & r) / (len(p) + len(r))
        )
        assert jaccard(PREDICTION, REFERENCE, 5)[label - 1] == pytest.approx(
            len(p & r) / len(p | r)
        )
        assert false_positive_voxels(PREDICTION, REFERENCE, 5)[label - 1] == len(p - r)


def test_absent_and_missed_organs_differ():
    reference, prediction = np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8)
    # organ 1 is missed; organ 2 is absent and predicted; organ 3 is in neither
    reference[0], prediction[1] = 1, 2
    for metric in (dice, jaccard):
        np.testing.assert_array_equal(metric(prediction, reference, 4), [0, np.nan, np.nan])
    np.testing.assert_array_equal(false_positive_voxels(prediction, reference, 4), [0, 16, 0])


def test_perfect_prediction_scores_one():
    assert (dice(REFERENCE, REFERENCE, 5) == 1).all() and (
        jaccard(REFERENCE, REFERENCE, 5) == 1
    ).all()


def test_jaccard_follows_from_dice():
    d = dice(PREDICTION, REFERENCE, 5)
    np.testing.assert_allclose(jaccard(PREDICTION, REFERENCE, 5), d / (2 - d))


def test_histogram_counts_every_voxel_once():
    histogram = joint_histogram(PREDICTION, REFERENCE, 5)
    assert (
        histogram.sum() == PREDICTION.size
        and histogram[2, 3] == ((REFERENCE == 2) & (PREDICTION == 3)).sum()
    )


@pytest.mark.parametrize(("prediction", "num_classes"), [(PREDICTION[1:], 5), (PREDICTION, 4)])
def test_other_shapes_and_labels_are_refused(prediction, num_classes):
    with pytest.raises(ValueError, match="must be equal, labels below"):
        dice(prediction, REFERENCE, num_classes)


# Four cases: found, missed, absent and wrongly predicted, absent and left alone.
CASES = {
    "values": [0.8, 0.0, np.nan, np.nan],
    "reference_voxels": [10, 10, 0, 0],
    "predicted_voxels": [12, 0, 7, 0],
}


@pytest.mark.parametrize(
    ("rule", "expected"), [("skip", 0.8 / 2), ("released", 0.8 / 2), ("challenge", (0.8 + 1) / 4)]
)
def test_rules_for_absent_organs(rule, expected):
    assert mean_over_cases(**CASES, rule=rule) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("rule", "expected"), [("skip", np.nan), ("released", np.nan), ("challenge", 0.5)]
)
def test_rules_where_no_case_has_the_organ(rule, expected):
    found = mean_over_cases([np.nan, np.nan], [0, 0], [5, 0], rule)
    np.testing.assert_equal(found, expected)


def test_unknown_rule_is_refused():
    with pytest.raises(InputError, match="use one of skip, challenge, released"):
        mean_over_cases(**CASES, rule="best")
