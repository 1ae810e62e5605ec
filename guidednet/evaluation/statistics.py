"""Statistics for few test cases: bootstrap intervals, paired tests, Holm's correction, ranks."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats


def bootstrap_interval(
    values: np.ndarray, seed: int = 0, resamples: int = 2000
) -> tuple[float, float]:
    """95 % percentile interval of the mean of `values` (n,), one per case; NaN if n < 2."""
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    if len(values) < 2:
        return float("nan"), float("nan")
    if np.ptp(values) == 0:
        return float(values[0]), float(values[0])
    result = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=resamples,
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    return tuple(map(float, result.confidence_interval))


def mean_over_organs(scores: np.ndarray) -> float:
    """Mean of `scores` (S,N,O) over seeds and cases, and then over organs.

    NaN is left out; an organ without any value takes no part.
    """
    return float(_mean(_mean(scores, (0, 1)), (-1,)))


def _mean(values: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """The mean over `axes` of what is not NaN; NaN where nothing is left."""
    known = ~np.isnan(values)
    counts, sums = known.sum(axes), np.where(known, values, 0).sum(axes)
    return np.divide(sums, counts, out=np.full(np.shape(sums), np.nan), where=counts > 0)


def two_way_resamples(
    scores: Sequence[np.ndarray], seed: int = 0, resamples: int = 2000
) -> np.ndarray:
    """Means (R,M) of resampled `scores`, M arrays (S,N,O) of one value per seed, case and organ.

    Each resample draws cases with replacement, the same for all arrays, and seeds with replacement
    within each array, whose numbers of seeds S may differ (the crossed bootstrap of Owen, 2007).
    Means are those of `mean_over_organs`.
    """
    random = np.random.default_rng(seed)
    cases = scores[0].shape[1]
    drawn = random.integers(0, cases, (resamples, cases))
    means = np.empty((resamples, len(scores)))
    for place, values in enumerate(scores):
        seeds = random.integers(0, len(values), (resamples, len(values)))
        by_organ = _mean(values[seeds[:, :, None], drawn[:, None, :]], (1, 2))  # (R,O)
        means[:, place] = _mean(by_organ, (-1,))
    return means


def two_way_interval(scores: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval of `mean_over_organs` of `scores` (S,N,O) over seeds and cases.

    It is over the cases alone for one seed, and NaN for fewer than two cases.
    """
    if scores.shape[1] < 2:
        return float("nan"), float("nan")
    means = two_way_resamples([scores], seed)
    return tuple(map(float, np.nanpercentile(means, (2.5, 97.5))))


def rank_intervals(scores: Sequence[np.ndarray], seed: int = 0) -> np.ndarray:
    """Rank and its 95 % interval (M,3) of each array (S,N,O) by its mean; rank 1 is the highest."""
    resampled = stats.rankdata(-two_way_resamples(scores, seed), axis=1)
    own = stats.rankdata([-mean_over_organs(values) for values in scores])
    low, high = np.percentile(resampled, (2.5, 97.5), axis=0, method="nearest")
    return np.stack([own, low, high], axis=1)


def paired_p_value(first: pd.Series, second: pd.Series) -> float:
    """Two-sided Wilcoxon signed-rank p of two scores by case.

    It is 1 if all cases agree, and NaN for fewer than two common cases.
    """
    difference = (first - second).dropna()
    if len(difference) < 2:
        return float("nan")
    return 1.0 if (difference == 0).all() else float(stats.wilcoxon(difference).pvalue)


def holm(p_values: pd.Series) -> pd.Series:
    """p values after Holm's step-down correction, in their own order; NaN stays NaN, uncounted."""
    ranked = p_values.dropna().sort_values()
    corrected = (ranked * np.arange(len(ranked), 0, -1)).cummax().clip(upper=1)
    return corrected.reindex(p_values.index)


def rank_correlation(
    first: pd.Series, second: pd.Series, seed: int = 0, resamples: int = 2000
) -> tuple[float, float, float]:
    """Spearman's rho of two scores of the same items, and its 95 % percentile interval over items.

    All are NaN for fewer than four items.
    """
    pairs = pd.DataFrame(
        {"first": first.to_numpy(float), "second": second.to_numpy(float)}
    ).dropna()
    if len(pairs) < 4:
        return float("nan"), float("nan"), float("nan")
    drawn = np.random.default_rng(seed).integers(0, len(pairs), (resamples, len(pairs)))
    low, high = np.nanpercentile(
        _spearman(pairs["first"].to_numpy()[drawn], pairs["second"].to_numpy()[drawn]), (2.5, 97.5)
    )
    (rho,) = _spearman(pairs[["first"]].to_numpy().T, pairs[["second"]].to_numpy().T)
    return float(rho), float(low), float(high)


def _spearman(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's rho of each row (R,N) with the same row of the other array.

    It is NaN for a row of equal values.
    """
    ranks = [stats.rankdata(values, axis=1) for values in (first, second)]
    centred = [values - values.mean(1, keepdims=True) for values in ranks]
    norm = np.sqrt((centred[0] ** 2).sum(1) * (centred[1] ** 2).sum(1))
    return np.divide(
        (centred[0] * centred[1]).sum(1), norm, out=np.full(len(norm), np.nan), where=norm > 0
    )
