"""Rows of the ablations: runs that they share are the same runs, and each reading is another."""

import pytest

from guidednet.runs.profiles import profile
from guidednet.study.ablations import figure6, figure6_layers, readings, table4
from guidednet.study.rows import table1, table3


def runs_of(rows):
    return {config for row in rows for config in row.configs}


@pytest.mark.parametrize("name", ["smoke", "quick", "paper"])
def test_guidednet_is_one_run_in_every_table(name):
    rows = profile(name)
    full = table3(rows, 1)[3].configs[0]
    assert full in runs_of(table1(rows, 1))
    assert table4(rows, 1)[-1].configs[0] == full == readings(rows, 1)[0].configs[0]
    assert [row.configs[0] == full for row in figure6(rows, 1)[:4]] == [True, False, False, False]
    assert (
        figure6_layers(rows, 1)[-1].configs[0] == full
        and len(figure6_layers(rows, 1)) == rows.network.depth - 1
    )


def test_paper_profile_has_the_four_layers_of_figure_6():
    layers = [row.configs[0].options.feature_layer for row in figure6_layers(profile("paper"), 1)]
    assert layers == [1, 2, 3, None]


def test_each_reading_is_another_configuration():
    rows = readings(profile("quick"), 1)
    assert len(runs_of(rows)) == len(rows) == 11
