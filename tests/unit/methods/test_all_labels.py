"""All labels: the upper bound trains on hidden labels, and only where there are any."""

from guidednet.methods import METHODS
from guidednet.runs.profiles import profile
from guidednet.study.rows import table1, table2
from helpers.bad_input import refused


def test_it_trains_on_every_training_case_of_a_data_set_that_hides_labels():
    config = profile("paper").run("amos", "all_labels", (18, 162), seed=0)
    assert (config.n_labelled, config.n_unlabelled) == (180, 0)


def test_it_refuses_cases_without_a_label():
    message = "all_labels: the 378 unlabelled training cases of flare22 have no label"
    refused(message, profile("paper").run, "flare22", "all_labels", (42, 378), 0)


def test_it_has_one_row_where_labels_are_hidden_and_none_elsewhere():
    label = METHODS["all_labels"].label
    paper = profile("paper")
    assert label not in [row.label for row in table1(paper, 1)]
    assert [row.label for row in table2(paper, 1)].count(label) == 1


def test_no_other_method_uses_hidden_labels():
    assert [name for name, kind in METHODS.items() if kind.uses_hidden_labels] == ["all_labels"]
