"""Rows of the paper's tables."""

from dataclasses import replace

from guidednet.runs.profiles import profile
from guidednet.study.rows import SHOWN_METHODS, comparison_rows, table1, table3


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


def test_magicnet_alone_takes_the_nearest_crop_that_its_cubes_fill():
    quick = profile("quick")
    odd = replace(quick, batch=replace(quick.batch, crop=(16, 24, 24)))
    shown = comparison_rows(table1(odd, 1), SHOWN_METHODS, quick.data["flare22"].ratios[1][1])
    crops = {row.label: row.configs[0].batch.crop for row in shown}
    assert crops.pop("MagicNet, crops of 16 x 32 x 32") == (16, 32, 32)
    assert set(crops.values()) == {(16, 24, 24)}
    assert "MagicNet" in {row.label for row in table1(quick, 1)}
