"""Numbers as a reader writes them."""

import pandas as pd
import pytest

from guidednet.report.lessons.numbers import plain, scientific, text_table


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (-0.0, "0"), (float("nan"), "0/0"), (1.23e-5, "1.2e-05")]
)
def test_scientific(value, text):
    assert scientific(value) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(-0.0, 2, "0"), (float("nan"), 2, "0/0"), (1.256, 2, "1.26"), (13.0, 1, "13.0")],
)
def test_plain(value, digits, text):
    assert plain(value, digits) == text


def test_a_table_of_text_has_a_dash_for_what_is_missing():
    table = pd.DataFrame({"a": [1, 2], "b": [0.126, float("nan")], "c": ["x", None]})
    assert text_table(table).to_numpy().tolist() == [["1", "0.13", "x"], ["2", "-", "-"]]
