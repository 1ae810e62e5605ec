"""The metric rules of the FLARE22 challenge, applied to the organs of any data set.

Overlap (DSC) and normalised surface Dice (NSD) per organ and case are rounded to four digits. Both
are 1 if neither volume has the organ and 0 if only one has it; NSD is 0 if DSC is below 0.2.
Tubular organs are compared only between the first and the last transverse slice on which the
reference shows them, the last one excluded, because the end of their annotation is arbitrary; an
organ that is shown on a single slice has no score (NaN). AMOS publishes no tolerances, so those of
similar organs are used (guidednet.data.organs).
"""

import numpy as np
import pandas as pd

from guidednet.data.organs import Organ, OrganSet
from guidednet.metrics.surface_distance import surface_scores

TUBULAR = ("aorta", "inferior vena cava", "oesophagus")
LEAST_DICE = 0.2  # below it, a surface distance is meaningless


def challenge_scores(
    prediction: np.ndarray, reference: np.ndarray, spacing: tuple[float, ...], organs: OrganSet
) -> pd.DataFrame:
    """DSC and NSD of every organ of one case: columns organ, dice, nsd.

    The label maps are (D,H,W) in RAS+, `spacing` is in mm. Raises ValueError for volumes of
    different shapes.
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
    """The transverse slices of a mask (D,H,W) from the first to the last that shows it.

    The last one is excluded.
    """
    shown = np.flatnonzero(mask.any(axis=(1, 2)))
    return slice(int(shown[0]), int(shown[-1]))
