"""Overlap metrics per organ on label maps. An organ that the reference lacks has no score (NaN)."""

import numpy as np


def joint_histogram(prediction: np.ndarray, reference: np.ndarray, num_classes: int) -> np.ndarray:
    """Voxel counts (K,K): rows are the reference's classes, columns the prediction's; raises ValueError for other shapes or labels."""
    prediction, reference = np.asarray(prediction), np.asarray(reference)
    if prediction.shape != reference.shape or max(prediction.max(), reference.max()) >= num_classes:
        raise ValueError(f"shapes {prediction.shape} and {reference.shape} must be equal, labels below {num_classes}")
    pairs = reference.ravel().astype(np.int64) * num_classes + prediction.ravel()
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def dice(prediction: np.ndarray, reference: np.ndarray, num_classes: int) -> np.ndarray:
    """2 |P∩R| / (|P| + |R|) of the organs 1 ... K-1, shape (K-1,), NaN where the reference has no such organ."""
    overlap, predicted, present = _counts(prediction, reference, num_classes)
    return np.where(present > 0, 2 * overlap / np.maximum(predicted + present, 1), np.nan)


def jaccard(prediction: np.ndarray, reference: np.ndarray, num_classes: int) -> np.ndarray:
    """|P∩R| / |P∪R| of the organs 1 ... K-1, shape (K-1,), NaN where the reference has no such organ."""
    overlap, predicted, present = _counts(prediction, reference, num_classes)
    return np.where(present > 0, overlap / np.maximum(predicted + present - overlap, 1), np.nan)


def false_positive_voxels(prediction: np.ndarray, reference: np.ndarray, num_classes: int) -> np.ndarray:
    """Voxels predicted as each organ that are not that organ, shape (K-1,); on an absent organ, all its predicted voxels."""
    overlap, predicted, _ = _counts(prediction, reference, num_classes)
    return predicted - overlap


def _counts(prediction: np.ndarray, reference: np.ndarray, num_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    histogram = joint_histogram(prediction, reference, num_classes)
    return histogram.diagonal()[1:], histogram.sum(axis=0)[1:], histogram.sum(axis=1)[1:]
