"""Intervals, paired tests, corrections and rank correlations, against their definitions."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from guidednet.evaluation.statistics import (
    bootstrap_interval,
    holm,
    mean_over_organs,
    paired_p_value,
    rank_correlation,
    rank_intervals,
    two_way_interval,
)


def test_bootstrap_interval_covers_the_mean_and_shrinks_with_cases():
    generator = np.random.default_rng(0)
    few, many = generator.normal(80, 5, 10), generator.normal(80, 5, 1000)
    for values in (few, many):
        low, high = bootstrap_interval(values)
        assert low < values.mean() < high
    assert np.diff(bootstrap_interval(many)) < np.diff(bootstrap_interval(few)) / 5
    assert bootstrap_interval(few) == bootstrap_interval(few)
    assert (
        bootstrap_interval(np.array([7.0, 7.0, np.nan])) == (7.0, 7.0)
        and np.isnan(bootstrap_interval(np.array([7.0]))).all()
    )


def test_paired_test_is_wilcoxons_over_common_cases():
    first, second = (
        pd.Series([1.0, 2, 3, 4, 9], index=list("abcde")),
        pd.Series([1.5, 2.2, 3.1, 4.7], index=list("abcd")),
    )
    assert paired_p_value(first, second) == stats.wilcoxon([-0.5, -0.2, -0.1, -0.7]).pvalue
    assert paired_p_value(first, first) == 1 and np.isnan(paired_p_value(first[:1], second[:1]))


def test_holm_against_the_definition():
    corrected = holm(pd.Series({"a": 0.04, "b": 0.01, "c": np.nan, "d": 0.03}))
    assert corrected[["b", "d", "a"]].tolist() == pytest.approx([0.03, 0.06, 0.06]) and np.isnan(
        corrected["c"]
    )
    assert holm(pd.Series([0.5, 0.6])).max() == 1


def test_rank_correlation_and_its_interval():
    x = pd.Series(np.arange(12.0))
    rho, low, high = rank_correlation(x, -(x**3))
    assert rho == pytest.approx(-1) and low == pytest.approx(-1) and high == pytest.approx(-1)
    noise = np.random.default_rng(0).normal(size=12)
    rho, low, high = rank_correlation(x, pd.Series(noise))
    assert rho == pytest.approx(pd.Series(noise).corr(x, method="spearman"))
    assert -1 <= low < rho < high <= 1
    assert np.isnan(rank_correlation(x[:3], x[:3])).all()


def test_two_way_interval_covers_seeds_and_cases():
    random = np.random.default_rng(3)
    cases, seeds = random.normal(0, 4, 40), random.normal(0, 4, 8)
    low, high = two_way_interval((50 + seeds[:, None] + cases[None, :])[..., None])
    # the sd of the mean by hand: seeds and cases are independent
    sd = np.sqrt(seeds.var() / 8 + cases.var() / 40)
    middle = 50 + seeds.mean() + cases.mean()
    assert low == pytest.approx(middle - 1.96 * sd, abs=0.3)
    assert high == pytest.approx(middle + 1.96 * sd, abs=0.3)


def test_two_way_interval_of_one_seed_is_that_over_cases():
    values = np.random.default_rng(0).normal(0, 1, 30)
    assert two_way_interval(values[None, :, None]) == pytest.approx(
        bootstrap_interval(values), abs=0.05
    )
    assert np.isnan(two_way_interval(np.ones((3, 1, 2)))).all()


def test_means_are_over_cases_first_and_then_over_organs():
    large, small = [80.0, 84, 88], [10.0, np.nan, np.nan]
    scores = np.array([large, small]).T[None]
    assert mean_over_organs(scores) == (84 + 10) / 2, "not the mean of the cases, which is 72.3"
    low, high = two_way_interval(scores)
    assert low == pytest.approx((80 + 10) / 2) and high == 88, "88 where no case has the organ"
    assert np.isnan(mean_over_organs(scores * np.nan))


def test_ranks_have_intervals_that_close_where_rows_are_far_apart():
    random = np.random.default_rng(1)
    far, near = random.normal(80, 1, (3, 6, 1)), random.normal(50, 1, (2, 6, 1))
    ranks = rank_intervals([near, far, near + 1e-3])
    assert ranks[1].tolist() == [1, 1, 1] and ranks[0, 0] == 3 and ranks[2, 0] == 2
