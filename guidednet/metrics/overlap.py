"""Overlap metrics of the organs of label maps, and their mean over cases.

An organ that the reference lacks has no score (NaN).
"""

from collections.abc import Callable

import numpy as np

from guidednet.errors import one_of
from guidednet.metrics.base import Metric, ScoredCase

# How a case counts in the mean of an organ that its reference lacks.
ABSENT_RULES = ("skip", "challenge", "released")


def joint_histogram(prediction: np.ndarray, reference: np.ndarray, num_classes: int) -> np.ndarray:
    """Voxel counts (K,K): rows are the reference's classes, columns the prediction's.

    Raises ValueError if the shapes differ or a label is not below K.
    """
    prediction, reference = np.asarray(prediction), np.asarray(reference)
    if prediction.shape != reference.shape or max(prediction.max(), reference.max()) >= num_classes:
        raise ValueError(
            f"shapes {prediction.shape} and {reference.shape} must be equal, "
            f"labels below {num_classes}"
        )
    pairs = reference.ravel().astype(np.int64) * num_classes + prediction.ravel()
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def dice(prediction: np.ndarray, reference: np.ndarray, num_classes: int) -> np.ndarray:
    """2 |P∩R| / (|P| + |R|) of organs 1 to K-1, (K-1,); NaN if the reference lacks the organ."""
    overlap, predicted, present = _counts(prediction, reference, num_classes)
    return np.where(present > 0, 2 * overlap / np.maximum(predicted + present, 1), np.nan)


def jaccard(prediction: np.ndarray, reference: np.ndarray, num_classes: int) -> np.ndarray:
    """|P∩R| / |P∪R| of organs 1 to K-1, (K-1,); NaN if the reference lacks the organ."""
    overlap, predicted, present = _counts(prediction, reference, num_classes)
    return np.where(present > 0, overlap / np.maximum(predicted + present - overlap, 1), np.nan)


def false_positive_voxels(
    prediction: np.ndarray, reference: np.ndarray, num_classes: int
) -> np.ndarray:
    """Number of voxels wrongly predicted as each organ, (K-1,).

    For an absent organ these are all its predicted voxels.
    """
    overlap, predicted, _ = _counts(prediction, reference, num_classes)
    return predicted - overlap


def mean_over_cases(
    values: np.ndarray,
    reference_voxels: np.ndarray,
    predicted_voxels: np.ndarray,
    rule: str = "skip",
) -> float:
    """Mean over cases of one organ's overlap `values` (n,), NaN if a case's reference lacks it.

    "skip" leaves such cases out (the default everywhere here). "challenge" counts them as 1 if the
    prediction lacks the organ too, else as 0. "released" does what the released code does: it
    divides the sum over all cases, in which an absent organ adds 0, by the number of cases that
    have the organ. This gives the same number as "skip", so that a false positive on an absent
    organ costs nothing. The mean is NaN if no case counts. Raises InputError for another rule.
    """
    values, present = np.asarray(values, float), np.asarray(reference_voxels) > 0
    one_of("rule for absent organs", rule, ABSENT_RULES)
    if rule == "challenge":
        counted = np.where(present, values, np.asarray(predicted_voxels) == 0)
    else:
        counted = np.where(present, values, 0.0 if rule == "released" else np.nan)
    cases = len(counted) if rule == "challenge" else present.sum()
    return float(np.nansum(counted) / cases) if cases else float("nan")


def _counts(
    prediction: np.ndarray, reference: np.ndarray, num_classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    histogram = joint_histogram(prediction, reference, num_classes)
    return histogram.diagonal()[1:], histogram.sum(axis=0)[1:], histogram.sum(axis=1)[1:]


def _of_maps(overlap: Callable[[np.ndarray, np.ndarray, int], np.ndarray]) -> Callable:
    """Turn `overlap` of two label maps into a function of a ScoredCase."""
    return lambda case: overlap(case.prediction, case.reference, case.num_classes)


def _false_positive_ml(case: ScoredCase) -> np.ndarray:
    return _of_maps(false_positive_voxels)(case) * case.voxel_ml


DICE = Metric("dice", "%", "overlap 2 |P∩R| / (|P| + |R|)", _of_maps(dice), in_paper=True)
JACCARD = Metric("jaccard", "%", "overlap |P∩R| / |P∪R|", _of_maps(jaccard), in_paper=True)
FALSE_POSITIVE_ML = Metric(
    "false_positive_ml",
    "ml",
    "volume wrongly predicted as the organ, absent organs included",
    _false_positive_ml,
    counts_absent=True,
)
