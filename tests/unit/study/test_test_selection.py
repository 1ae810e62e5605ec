"""Weights chosen on test cases never lose to those chosen on validation cases."""

import pandas as pd

from guidednet.runs.profiles import profile
from guidednet.runs.store import RunStore
from guidednet.study.ablations import selection
from guidednet.study.rows import Row
from guidednet.study.test_selection import selection_table
from helpers.cases import SPLIT
from helpers.tiny_runs import TinyWorkspace, tiny_config


def test_selection_on_test_cases_never_loses(tmp_path):
    store = RunStore(TinyWorkspace(tmp_path))
    rows = [
        Row("CPS", (tiny_config("cps", keep_every=1),)),
        Row("Sup only", (tiny_config("supervised", keep_every=1),)),
    ]
    table = selection_table(rows, store)
    assert set(table["n_validation_cases"]) == {len(SPLIT.validation)} and set(
        table["n_test_cases"]
    ) == {len(SPLIT.test)}
    assert list(table["looks"]) == [5, 5] and (table["gain"] >= 0).all()
    assert (table["best_on_test"] >= table[["last", "best_on_validation"]].max(axis=1)).all()
    pd.testing.assert_series_equal(
        table["gain"],
        (table["best_on_test"] - table["best_on_validation"]).rename("gain"),
        atol=0.011,
    )
    assert {
        config.training.keep_every
        for row in selection(profile("quick"), 1)
        for config in row.configs
    } == {6}
