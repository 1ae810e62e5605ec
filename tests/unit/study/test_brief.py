"""A brief profile trains fewer rows; a longer one trains all."""

import pytest

from guidednet.methods import METHODS
from guidednet.runs.profiles import profile
from guidednet.study.ablations import figure6, readings, selection
from guidednet.study.rows import SHOWN_METHODS, table1, table2, table3

TABLES = (table1, table2, table3, figure6, readings, selection)


def trained(rows):
    return [row for row in rows if row.trained]


def test_quick_trains_all_methods_of_table_1_at_one_setting():
    rows = table1(profile("quick"), 1)
    in_paper = [kind.label for kind in METHODS.values() if kind.in_paper]
    assert [row.label for row in trained(rows)] == in_paper
    assert {row.configs[0].n_unlabelled for row in trained(rows)} == {0, 54}
    assert len(rows) > 2 * len(in_paper)  # the others are there, to be shown as not run


def test_quick_trains_in_table_2_what_the_figures_show_and_the_baseline():
    names = [row.label for row in trained(table2(profile("quick"), 1))]
    assert set(names) == {"Sup only", *SHOWN_METHODS}


@pytest.mark.parametrize("name", ["smoke", "reference", "paper"])
def test_other_profiles_train_every_row(name):
    for table in TABLES:
        assert all(row.trained for row in table(profile(name), 1))
