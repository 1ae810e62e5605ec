"""What holds for intervals, corrections and p-values of any scores."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidednet.evaluation.statistics import bootstrap_interval, holm, paired_p_value

P_VALUES = st.lists(st.one_of(st.floats(0, 1), st.just(np.nan)), min_size=1, max_size=9)
SCORES = st.lists(st.floats(0, 100), min_size=2, max_size=12)


@given(P_VALUES, st.floats(0, 1))
def test_holm_rejects_what_the_step_down_procedure_rejects(values, level):
    p_values = pd.Series(values, dtype=float)
    tested = p_values.dropna().sort_values()
    passed = itertools.takewhile(
        lambda item: item[1] * (len(tested) - item[0]) <= level, enumerate(tested)
    )
    rejected = tested.index[: len(list(passed))] if level < 1 else tested.index
    corrected = holm(p_values)
    assert set(corrected.index[corrected <= level]) == set(rejected)
    assert (
        corrected.isna().equals(p_values.isna())
        and (corrected.dropna() >= p_values.dropna()).all()
        and (corrected.dropna() <= 1).all()
    )


@given(SCORES)
def test_bootstrap_interval_holds_the_mean_and_lies_within_the_values(values):
    low, high = bootstrap_interval(np.array(values))
    slack = 1e-9 * max(values)
    assert (
        min(values) - slack <= low <= np.mean(values) + slack
        and np.mean(values) - slack <= high <= max(values) + slack
    )


# exact, so that time doubles with each
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=7))
def test_paired_p_value_does_not_ask_which_comes_first(pairs):
    first, second = (pd.Series(column, dtype=float) for column in zip(*pairs, strict=True))
    assert 0 < paired_p_value(first, second) <= 1
    assert paired_p_value(first, second) == pytest.approx(paired_p_value(second, first))
