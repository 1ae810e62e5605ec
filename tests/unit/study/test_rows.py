"""Rows of the paper's tables."""

from guidednet.runs.profiles import profile
from guidednet.study.rows import table3


def test_table3_has_the_rows_of_the_print_and_differs_by_switches_alone():
    rows = table3(profile("paper"), seeds=3)
    assert [row.label for row in rows] == [
        *("CPS", "CPS+KT-CPS", "CPS+3D-CGMM", "GuidedNet"),
        *("GuidedNet, as printed", "GuidedNet, as released"),
    ]
    assert len({config for row in rows for config in row.configs}) == 18
    assert {(config.n_labelled, config.n_unlabelled) for row in rows for config in row.configs} == {
        (42, 378)
    }
