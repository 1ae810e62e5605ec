"""Statistics for few test cases: bootstrap intervals, paired tests, Holm's correction, ranks."""

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


def two_way_interval(
    values: np.ndarray, seed: int = 0, resamples: int = 2000
) -> tuple[float, float]:
    """95 % percentile interval of the mean of `values` (S,N), one per training and case.

    Trainings and cases are both drawn with replacement, so that the interval covers both; with one
    training it is that of `bootstrap_interval`. A case that lacks a value is left out.
    """
    values = np.asarray(values, float)
    values = values[:, ~np.isnan(values).any(axis=0)]
    if len(values) < 2 or values.shape[1] < 2 or np.ptp(values) == 0:
        return bootstrap_interval(values.mean(axis=0), seed, resamples)
    rng = np.random.default_rng(seed)
    trainings = rng.integers(0, values.shape[0], (resamples, values.shape[0]))
    cases = rng.integers(0, values.shape[1], (resamples, values.shape[1]))
    means = values[trainings[:, :, None], cases[:, None, :]].mean(axis=(1, 2))
    return tuple(map(float, np.percentile(means, (2.5, 97.5))))


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
