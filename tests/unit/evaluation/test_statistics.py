"""Surfaces of shapes with known answers, intervals and corrections."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from guidednet.data.datasets import organ_set
from guidednet.evaluation.statistics import bootstrap_interval, holm, paired_p_value
from guidednet.metrics.surface_distance import (
    surface,
    surface_distances,
    surface_scores,
)

SPACING = (5.0, 2.0, 1.0)


def slab(first, last):
    mask = np.zeros((20, 12, 12), bool)
    mask[first:last, 3:9, 3:9] = True
    return mask


def test_equal_masks_are_perfect():
    assert surface_scores(slab(4, 9), slab(4, 9), SPACING, 0.0) == (1.0, 0.0)


def test_a_shift_of_one_slice_is_one_slice_thickness():
    there, back = surface_distances(slab(5, 10), slab(4, 9), SPACING)
    assert there.max() == back.max() == 5.0
    nsd, hd95 = surface_scores(slab(5, 10), slab(4, 9), SPACING, 4.9)
    assert hd95 == 5.0 and 0 < nsd < 1
    assert surface_scores(slab(5, 10), slab(4, 9), SPACING, 5.0)[0] == 1


def test_single_voxels_are_as_far_apart_as_they_are():
    a, b = np.zeros((10, 10, 10), bool), np.zeros((10, 10, 10), bool)
    a[1, 1, 1], b[4, 3, 1] = True, True
    assert surface_scores(a, b, SPACING, 1.0) == (0.0, pytest.approx(np.hypot(15, 4)))


def test_missing_and_absent_organs():
    nothing = np.zeros((20, 12, 12), bool)
    nsd, hd95 = surface_scores(nothing, slab(4, 9), SPACING, 3.0)
    assert nsd == 0 and hd95 == pytest.approx(np.linalg.norm([100, 24, 12]))
    assert all(np.isnan(surface_scores(slab(4, 9), nothing, SPACING, 3.0)))


def test_surface_of_a_cube_is_its_hull():
    assert surface(slab(4, 9)).sum() == 5 * 6 * 6 - 3 * 4 * 4


def test_tolerances_are_those_of_the_challenge():
    tolerances = {organ.name: organ.tolerance_mm for _, organ in organ_set("flare22").in_order}
    assert tolerances["liver"] == 5 and tolerances["duodenum"] == 7 and tolerances["aorta"] == 2


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
