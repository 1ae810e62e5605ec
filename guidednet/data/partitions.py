"""Partitions of the labelled cases beyond a data set's own lists: folds, or all to train."""

import re
from collections.abc import Collection, Iterable

from guidednet.data.splits import CaseLists, draw_lists
from guidednet.errors import InputError

SPLIT, ALL = "split", "all"
FOLD = re.compile(r"fold (\d+) of (\d+)")
FEWEST_TO_VALIDATE = 3  # labelled cases outside the tested fold, of which some then validate


def fold_name(fold: int, folds: int) -> str:
    """The partition in which the part `fold` (1 ... `folds`) of the labelled cases is tested."""
    return f"fold {fold} of {folds}"


def partition_lists(
    partition: str, with_label: Collection[str], without_label: Iterable[str]
) -> CaseLists:
    """The lists of a partition "all" or "fold 1 of 3"; raises InputError for another name."""
    if partition == ALL:
        return draw_lists(with_label, without_label, validation=0, test=0)
    if not (match := FOLD.fullmatch(partition)):
        raise InputError(f"unknown partition '{partition}': use split, all or 'fold 1 of 3'")
    return fold_lists(with_label, without_label, *map(int, match.groups()))


def fold_lists(
    with_label: Collection[str], without_label: Iterable[str], fold: int, folds: int
) -> CaseLists:
    """Lists in which each labelled case is tested in exactly one of `folds` folds.

    Of the other labelled cases a fifth validates, if there are at least FEWEST_TO_VALIDATE. Raises
    InputError for a fold that would be empty, or that would leave none to train on.
    """
    drawn = draw_lists(with_label, without_label, validation=0, test=0).train
    labelled = [case for case in drawn if case in set(with_label)]
    if not 1 <= fold <= folds or not 2 <= folds <= len(labelled):
        raise InputError(
            f"fold {fold} of {folds}: {len(labelled)} labelled cases allow 2 to"
            f" {max(len(labelled), 2)} folds; use fewer, or label more cases"
        )
    test = labelled[fold - 1 :: folds]
    others = [case for case in labelled if case not in test]
    held_out = max(1, round(len(others) / 5)) if len(others) >= FEWEST_TO_VALIDATE else 0
    unlabelled = [case for case in drawn if case not in labelled]
    return CaseLists((*others[held_out:], *unlabelled), tuple(others[:held_out]), tuple(test))
