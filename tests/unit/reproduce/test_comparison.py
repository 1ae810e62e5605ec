"""What a comparison says in words: better or worse beyond noise, no difference, too few cases."""

import numpy as np
import pandas as pd
import pytest

from guidednet.errors import InputError
from guidednet.reproduce.comparison import chosen, default_folds, interval, verdict


def table(*differences, cases=12):
    """One row per (difference, low, high, p), below the baseline."""
    columns = ["difference", "difference_low", "difference_high", "p_vs_supervised"]
    rows = pd.DataFrame([[np.nan] * 4, *differences], columns=columns)
    rows.insert(0, "method", ["Sup only", "CPS", "DHC"][: len(rows)])
    return rows.assign(n_test_cases=cases)


def scores(*values):
    """Scores of one seed and one organ, a line per case."""
    index = pd.MultiIndex.from_product([[0], range(len(values))], names=["seed", "case"])
    return pd.DataFrame({"liver": values}, index=index)


def test_a_difference_beyond_noise_is_named_with_its_interval():
    said = verdict(table((1.24, 0.3, 2.1, 0.01), (-2.0, -3.0, -1.0, 0.02)))
    assert said == (
        "On these 12 cases, better than Sup only beyond noise: CPS by 1.2 points (+0.3 to +2.1);"
        " worse than Sup only beyond noise: DHC by 2.0 points (-3.0 to -1.0)."
    )


def test_differences_within_noise_are_no_finding():
    said = verdict(table((1.24, -0.3, 2.1, 0.2), (-2.0, -3.0, 1.0, 0.06)))
    assert said == "No method differs from Sup only beyond noise on these 12 cases."


def test_too_few_cases_have_no_interval_and_no_winner():
    few = table((9.0, np.nan, np.nan, np.nan), cases=4)
    assert "4 test cases are too few for an interval" in verdict(few)
    mean, *span = interval(scores(1.0, 2, 3, 4))
    assert mean == 2.5 and np.isnan(span).all()
    mean, low, high = interval(scores(1.0, 2, 3, 4, 5))
    assert low < mean == 3 < high


def test_every_labelled_case_has_a_fold():
    assert [default_folds(number) for number in (2, 4, 30)] == [2, 4, 5]
    with pytest.raises(InputError, match="1 labelled case cannot be both trained on and tested"):
        default_folds(1)
    assert "supervised" in chosen(None) and chosen(["cps"]) == ("cps",)
