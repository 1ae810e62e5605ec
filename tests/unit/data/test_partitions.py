"""Folds and published lists: who trains, validates and is tested, and which cases are labelled."""

import pytest

from guidednet.data.partitions import fold_name, partition_lists
from guidednet.data.splits import choose, released_lists
from helpers.bad_input import refused

LABELLED = [f"l{number}" for number in range(7)]
UNLABELLED = ["u0", "u1"]


@pytest.mark.parametrize("folds", [2, 3, 7])
def test_every_labelled_case_is_tested_in_exactly_one_fold(folds):
    lists = [
        partition_lists(fold_name(fold, folds), LABELLED, UNLABELLED)
        for fold in range(1, folds + 1)
    ]
    assert sorted(case for fold in lists for case in fold.test) == LABELLED
    for fold in lists:
        assert set(fold.train) | set(fold.validation) | set(fold.test) == {*LABELLED, *UNLABELLED}
        assert not set(UNLABELLED) & {*fold.validation, *fold.test} and fold.validation


def test_two_labelled_cases_leave_none_to_validate():
    lists = partition_lists("fold 1 of 2", LABELLED[:2], UNLABELLED)
    assert len(lists.test) == 1 and not lists.validation and len(lists.train) == 3


def test_all_trains_on_everything():
    lists = partition_lists("all", LABELLED, UNLABELLED)
    assert len(lists.train) == 9 and not lists.validation and not lists.test


@pytest.mark.parametrize("partition", ["fold 0 of 3", "fold 4 of 3", "fold 1 of 8", "fold 1 of 1"])
def test_a_fold_that_cannot_be_is_one_sentence(partition):
    refused("7 labelled cases allow 2 to 7 folds", partition_lists, partition, LABELLED, ())


def test_an_unknown_partition_is_one_sentence():
    refused("unknown partition 'half'", partition_lists, "half", LABELLED, ())


@pytest.mark.parametrize(
    ("number", "labelled"),
    [
        (2, {"0023", "0028"}),
        (4, {"0002", "0023", "0034", "0039"}),
        (8, {"0002", "0009", "0021", "0023", "0027", "0031", "0032", "0037"}),
    ],
)
def test_the_labelled_cases_of_btcv_are_those_that_dhc_published(number, labelled):
    lists = released_lists("btcv", n_labelled=number)
    assert (len(lists.train), len(lists.validation), len(lists.test)) == (20, 4, 6)
    everyone = {*lists.train, *lists.validation, *lists.test}
    split = choose(lists, everyone, number, 20 - number, "btcv")
    assert set(split.labelled) == labelled and len(split.unlabelled) == 20 - number
