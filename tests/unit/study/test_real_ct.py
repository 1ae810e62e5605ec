"""The study's rows: every method once, on the split and at the share that are published."""

from guidednet.methods import METHODS
from guidednet.runs.profiles import profile
from guidednet.study.real_ct import shipped_rows, study_rows


def test_every_method_has_a_row_and_the_upper_bound_has_all_labels():
    rows = shipped_rows()
    assert {row.configs[0].method for row in rows} == set(METHODS)
    assert {len(row.configs) for row in rows} == {3}
    labelled = {row.configs[0].method: row.configs[0].n_labelled for row in rows}
    assert labelled.pop("all_labels") == 20 and set(labelled.values()) == {4}


def test_only_magicnet_has_another_crop_and_its_row_says_which():
    crops = {row.label: row.configs[0].batch.crop for row in shipped_rows()}
    assert crops.pop("MagicNet, crops of 32 x 32 x 32") == (32, 32, 32)
    assert set(crops.values()) == {profile("study").batch.crop}


def test_a_profile_without_the_scans_has_no_rows():
    assert study_rows(profile("quick"), 1) == []
