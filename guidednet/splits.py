"""Which case plays which part: labelled, unlabelled, validation, test; disjoint by construction and checked."""

from dataclasses import dataclass

import numpy as np

from guidednet.errors import InputError
from guidednet.store import CaseStore


@dataclass(frozen=True)
class Split:
    """Case ids by part. The labels of `unlabelled` cases, where the store has any, are never opened."""

    labelled: tuple[str, ...]
    unlabelled: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        everyone = [*self.labelled, *self.unlabelled, *self.validation, *self.test]
        repeated = {case for case in everyone if everyone.count(case) > 1}
        if repeated:
            raise InputError(f"case {min(repeated)} is in more than one part of the split; every case may be in one only")


def make_split(store: CaseStore, n_labelled: int, n_unlabelled: int, validation: int, test: int, seed: int = 0) -> Split:
    """A seeded split of the store's cases.

    Test and validation cases are drawn from the cases that have labels, then `n_labelled` training cases;
    the unlabelled pool is every case without a label, then the labelled cases left over, whose labels stay
    hidden. Growing `n_unlabelled` only adds cases. Raises InputError where the store has too few cases.
    """
    with_label = _shuffled(store.labelled_ids, seed)
    without_label = _shuffled(store.unlabelled_ids, seed)
    held_out = test + validation
    pool = without_label + with_label[held_out + n_labelled :]
    if len(with_label) < held_out + n_labelled or len(pool) < n_unlabelled:
        raise InputError(
            f"{store.folder}: {len(with_label)} labelled and {len(without_label)} unlabelled cases are too few for {n_labelled} labelled, "
            f"{n_unlabelled} unlabelled, {validation} validation and {test} test cases; prepare more cases or ask for fewer"
        )
    return Split(
        labelled=tuple(with_label[held_out : held_out + n_labelled]),
        unlabelled=tuple(pool[:n_unlabelled]),
        validation=tuple(with_label[test:held_out]),
        test=tuple(with_label[:test]),
    )


def _shuffled(cases: list[str], seed: int) -> list[str]:
    order = np.random.default_rng(seed).permutation(len(cases))
    return [sorted(cases)[place] for place in order]
