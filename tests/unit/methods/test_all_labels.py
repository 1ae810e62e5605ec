"""All labels: the upper bound trains on hidden labels, and only where there are any."""

import pytest

from guidednet.methods import METHODS
from guidednet.runs.profiles import profile
from guidednet.study.rows import table1, table2
from helpers.bad_input import refused


def test_it_trains_on_every_training_case_of_a_data_set_that_hides_labels():
    config = profile("paper").run("amos", "all_labels", (18, 162), seed=0)
    assert (config.n_labelled, config.n_unlabelled) == (180, 0)


@pytest.mark.parametrize(("name", "dataset"), [("paper", "flare22"), ("quick", "amos")])
def test_it_refuses_cases_without_a_label(name, dataset):
    """Phantoms that count as unlabelled have none."""
    message = f"all_labels: the 36 unlabelled training cases of {dataset} in this profile have no"
    refused(message, profile(name).run, dataset, "all_labels", (4, 36), 0)


def test_it_has_one_row_where_labels_are_hidden_and_none_elsewhere():
    label, paper = METHODS["all_labels"].label, profile("paper")
    assert [row.label for row in table2(paper, 1)].count(label) == 1
    for rows in (table1(paper, 1), table2(profile("quick"), 1)):
        assert label not in [row.label for row in rows]


def test_no_other_method_uses_hidden_labels():
    assert [name for name, kind in METHODS.items() if kind.uses_hidden_labels] == ["all_labels"]
