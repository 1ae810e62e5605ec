"""The metric rules of the FLARE22 challenge, applied to any data set of organs.

Overlap (DSC) and normalised surface Dice (NSD) per organ and case, rounded to four digits: both 1
where neither volume has the organ, both 0 where only one has it, NSD 0 where DSC is below 0.2.
Tubular organs are compared only between the first and the last transverse slice on which the
reference shows them, the last one excluded, because where their annotation ends is arbitrary; one
that is shown on a single slice has no score (NaN). AMOS publishes no tolerances; those of like
organs stand in (guidednet.data.organs).
"""

import numpy as np
import pandas as pd

from guidednet.data.organs import Organ, OrganSet
from guidednet.metrics.surface_distance import surface_scores

TUBULAR = ("aorta", "inferior vena cava", "oesophagus")
LEAST_DICE = 0.2  # below it, a surface distance says nothing


def challenge_scores(
    prediction: np.ndarray, reference: np.ndarray, spacing: tuple[float, ...], organs: OrganSet
) -> pd.DataFrame:
    """DSC and NSD of every organ of one case (label maps D,H,W in RAS+; spacing in mm): columns
    organ, dice, nsd.

    Raises ValueError for volumes of different shapes.
    """
    if prediction.shape != reference.shape:
        raise ValueError(f"shapes {prediction.shape} and {reference.shape} must be equal")
    rows = [
        (organ.name, *organ_score(prediction == label, reference == label, spacing, organ))
        for label, organ in organs.in_order
    ]
    return pd.DataFrame(rows, columns=["organ", "dice", "nsd"]).round(4)


def organ_score(
    prediction: np.ndarray, reference: np.ndarray, spacing: tuple[float, ...], organ: Organ
) -> tuple[float, float]:
    """(DSC, NSD) of one organ's masks (D,H,W) under the challenge's rules."""
    if not (prediction.any() and reference.any()):
        agree = float(not prediction.any() and not reference.any())
        return agree, agree
    if organ.name in TUBULAR:
        annotated = annotated_slices(reference)
        prediction, reference = prediction[annotated], reference[annotated]
    total = prediction.sum() + reference.sum()
    if total == 0:
        return float("nan"), float("nan")
    dice = float(2 * (prediction & reference).sum() / total)
    return dice, 0.0 if dice < LEAST_DICE else surface_scores(
        prediction, reference, spacing, organ.tolerance_mm
    )[0]


def annotated_slices(mask: np.ndarray) -> slice:
    """From the first transverse slice of a mask (D,H,W) that shows it to the last, the last one
    excluded.
    """
    shown = np.flatnonzero(mask.any(axis=(1, 2)))
    return slice(int(shown[0]), int(shown[-1]))
