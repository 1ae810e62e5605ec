"""All labels: the upper bound trains on hidden labels, and only where there are any."""

import pytest

from guidednet.methods import METHODS
from guidednet.runs.profiles import profile
from guidednet.study.rows import table1, table2
from helpers.bad_input import refused


def test_it_trains_on_every_training_case_of_a_data_set_that_hides_labels():
    for name, ratio in (("paper", (18, 162)), ("quick", (4, 36))):
        config = profile(name).run("amos", "all_labels", ratio, seed=0)
        assert (config.n_labelled, config.n_unlabelled) == (sum(ratio), 0)


@pytest.mark.parametrize("name", ["paper", "quick"])
def test_it_refuses_cases_without_a_label(name):
    """The unlabelled cases of FLARE22 have none, and neither have its unlabelled phantoms."""
    message = "all_labels: the 36 unlabelled training cases of flare22 in this profile have no"
    refused(message, profile(name).run, "flare22", "all_labels", (4, 36), 0)


def test_it_has_one_row_where_labels_are_hidden_and_none_elsewhere():
    label = METHODS["all_labels"].label
    for name in ("paper", "quick"):
        assert [row.label for row in table2(profile(name), 1)].count(label) == 1
        assert label not in [row.label for row in table1(profile(name), 1)]


def test_no_other_method_uses_hidden_labels():
    assert [name for name, kind in METHODS.items() if kind.uses_hidden_labels] == ["all_labels"]
