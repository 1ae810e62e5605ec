"""A brief profile trains fewer rows; a longer one trains all."""

import pytest

from guidednet.methods import METHODS
from guidednet.runs.profiles import profile
from guidednet.study.ablations import figure6, readings, selection, table4
from guidednet.study.rows import SHOWN_METHODS, comparison_rows, table1, table2, table3

TABLES = (table1, table2, table3, table4, figure6, readings, selection)


def trained(rows):
    return [row for row in rows if row.trained]


def test_quick_trains_all_methods_of_table_1_at_one_setting():
    rows = table1(profile("quick"), 1)
    in_paper = [kind.label for kind in METHODS.values() if kind.in_paper]
    assert [row.label for row in trained(rows)] == in_paper
    assert {row.configs[0].n_unlabelled for row in trained(rows)} == {0, 54}
    assert len(rows) > 2 * len(in_paper)  # the others are there, to be shown as not run


def test_quick_trains_in_table_2_the_baseline_its_extension_and_sup_only():
    rows = table2(profile("quick"), 1)
    assert [row.label for row in trained(rows)] == ["Sup only", "CPS", "GuidedNet"]


def test_figure_5_leaves_out_what_is_not_trained():
    """Its columns at `quick` are two, at `paper` all five."""
    for name, columns in (("quick", {"CPS", "GuidedNet"}), ("paper", set(SHOWN_METHODS))):
        chosen = profile(name)
        unlabelled = chosen.data["amos"].ratios[1][1]
        shown = comparison_rows(table2(chosen, 1), SHOWN_METHODS, unlabelled)
        assert {row.label for row in shown} == columns


def test_quick_trains_the_first_and_the_last_row_of_table_4():
    rows = table4(profile("quick"), 1)
    assert [row.label for row in trained(rows)] == [rows[0].label, rows[-1].label]


@pytest.mark.parametrize("name", ["smoke", "reference", "paper"])
def test_other_profiles_train_every_row(name):
    for table in TABLES:
        assert all(row.trained for row in table(profile(name), 1))
