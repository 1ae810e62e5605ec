"""The training, validation and test cases, and which training cases count as labelled.

A list file (split.csv) has the columns `case` and `split`; `split` is train, validation (or val) or
test. The order of the training cases matters: the first ones with a label are the labelled cases.
`released_lists` gives the lists of the paper's released code.
"""

import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from guidednet.data.case_ids import check_case_ids
from guidednet.data.case_store import CaseStore
from guidednet.errors import InputError, naming
from guidednet.support.csv_files import read_csv
from guidednet.support.files import write_text

LIST_FILE = "split.csv"
PARTS = {"train": "train", "validation": "validation", "val": "validation", "test": "test"}


@dataclass(frozen=True)
class CaseLists:
    """Case ids by part, in order; raises InputError if a case occurs more than once."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        _refuse_repeats([*self.train, *self.validation, *self.test])


@dataclass(frozen=True)
class Split:
    """Case ids by part.

    The labels of `unlabelled` cases are never opened, even if the case store has them.
    """

    labelled: tuple[str, ...]
    unlabelled: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        _refuse_repeats([*self.labelled, *self.unlabelled, *self.validation, *self.test])

    @property
    def cases(self) -> set[str]:
        """The ids of all cases."""
        return {*self.labelled, *self.unlabelled, *self.validation, *self.test}


def draw_lists(
    with_label: Iterable[str],
    without_label: Iterable[str],
    validation: int,
    test: int,
    seed: int = 0,
) -> CaseLists:
    """Seeded lists: `test` and `validation` cases are drawn from the cases with a label.

    All other cases train, those without a label last. Raises InputError if too few cases have a
    label.
    """
    drawn = _shuffled(with_label, seed)
    held_out = test + validation
    if not 0 <= test <= held_out <= len(drawn):
        raise InputError(
            f"{len(drawn)} labelled cases are too few for {validation} validation and "
            f"{test} test cases; ask for fewer"
        )
    train = drawn[held_out:] + _shuffled(without_label, seed)
    return CaseLists(tuple(train), tuple(drawn[test:held_out]), tuple(drawn[:test]))


def draw_six_two_two(
    with_label: Collection[str], without_label: Iterable[str], seed: int = 0
) -> CaseLists:
    """Seeded lists with the labelled cases divided 6:2:2, as in the paper.

    For example, 70 cases become 42, 14 and 14, and 300 become 180, 60 and 60. Raises InputError if
    there are fewer than three labelled cases.
    """
    if len(with_label) < 3:
        raise InputError(
            f"{len(with_label)} labelled cases cannot be divided into training, validation and "
            "test cases; add more labelled cases"
        )
    fifth = max(1, round(len(with_label) / 5))
    return draw_lists(with_label, without_label, validation=fifth, test=fifth, seed=seed)


def released_lists(
    dataset: str, mapping: dict[str, str] | None = None, n_labelled: int | None = None
) -> CaseLists:
    """The published lists of `dataset`, with the case names that `mapping` gives.

    For FLARE22 and AMOS they are those of the paper's released code; AMOS's names are those of the
    public release, while FLARE22's cases were renamed (train_000 ...), and no public list gives
    their original names. For BTCV they are those of DHC's code, which also say which cases are
    labelled if there are `n_labelled` of them: these come first. Raises InputError if there are no
    published lists, or if `mapping` lacks a case.
    """
    source = resources.files("guidednet.published").joinpath(f"splits_{dataset}.csv")
    if not source.is_file():
        raise InputError(f"no lists of {dataset} have been published; leave out --released")
    table = pd.read_csv(io.StringIO(source.read_text(encoding="utf-8")), dtype=str)
    if (column := f"labelled_{n_labelled}") in table:
        table = table.sort_values(column, ascending=False, kind="stable")
    lists = lists_of(table, f"splits_{dataset}.csv")
    if mapping is None:
        return lists
    missing = [case for part in vars(lists).values() for case in part if case not in mapping]
    if missing:
        raise InputError(
            f"the mapping lacks {len(missing)} of the released cases, such as {missing[0]}; "
            "add a line for each"
        )
    return CaseLists(*(tuple(mapping[case] for case in part) for part in vars(lists).values()))


def read_mapping(path: Path) -> dict[str, str]:
    """The names on disk by released name, from a CSV file with columns `released` and `case`."""
    table = _read_table(path, ("released", "case"))
    for column in ("released", "case"):
        _refuse_repeats(table[column].tolist(), f"{path}: ")
    return dict(zip(table["released"], table["case"], strict=True))


def read_lists(path: Path) -> CaseLists:
    """The lists in a file.

    Raises InputError for a missing column, an unknown part, an id that is not a plain name, or a
    case that occurs more than once.
    """
    return lists_of(_read_table(path, ("case", "split")), str(path))


def write_lists(path: Path, lists: CaseLists) -> None:
    """Write lists as CSV, keeping their order."""
    lines = [(case, part) for part, cases in vars(lists).items() for case in cases]
    write_text(path, pd.DataFrame(lines, columns=["case", "split"]).to_csv(index=False))


def check_lists(
    lists: CaseLists, with_label: Collection[str], everyone: Collection[str], source: str
) -> None:
    """Raise InputError if a listed case does not exist or a case to be scored has no label.

    `everyone` and `with_label` are the existing and the labelled cases; `source` starts the error
    message.
    """
    for case in (*lists.train, *lists.validation, *lists.test):
        if case not in everyone:
            raise InputError(
                f"{source}: case {case} does not exist; correct its name, or delete the file to "
                "have a new one drawn"
            )
    for case in (*lists.validation, *lists.test):
        if case not in with_label:
            raise InputError(
                f"{source}: case {case} has no label, so it cannot be a validation or test case; "
                "make it a training case"
            )


def choose(
    lists: CaseLists, with_label: Collection[str], n_labelled: int, n_unlabelled: int, source: str
) -> Split:
    """The first `n_labelled` training cases with a label, and `n_unlabelled` of the others.

    Unlabelled cases are first those without a label, then labelled cases that are left over, whose
    labels stay hidden. A larger `n_unlabelled` only adds cases. Raises InputError, naming `source`,
    if there are too few cases.
    """
    visible = [case for case in lists.train if case in with_label]
    hidden = [case for case in lists.train if case not in with_label]
    pool = hidden + visible[n_labelled:]
    if len(visible) < n_labelled or len(pool) < n_unlabelled:
        raise InputError(
            f"{source}: {len(visible)} labelled and {len(hidden)} unlabelled training cases are "
            f"too few for {n_labelled} labelled and {n_unlabelled} unlabelled ones in addition to "
            f"{len(lists.validation)} validation and {len(lists.test)} test cases; "
            "prepare more cases or ask for fewer"
        )
    return Split(
        tuple(visible[:n_labelled]), tuple(pool[:n_unlabelled]), lists.validation, lists.test
    )


def refuse_leaks(split: Split, cases: CaseStore) -> None:
    """Raise InputError if two parts contain the same image under different names."""
    hashes, seen = cases.table["prepared_image_sha256"], {}
    for part, case_ids in vars(split).items():
        for case in case_ids:
            other_part, other = seen.setdefault(hashes[case], (part, case))
            if other_part != part:
                raise InputError(
                    f"{cases.folder}: case {case} ({part}) is the same image as {other} "
                    f"({other_part}); remove one of them"
                )


def lists_of(table: pd.DataFrame, source: str) -> CaseLists:
    """The lists of a table with the columns case and split; errors name `source`."""
    if unknown := set(table["split"]) - set(PARTS):
        raise InputError(
            f"{source}: split is '{min(map(str, unknown))}': use one of {', '.join(PARTS)}"
        )
    parts = table["split"].map(PARTS)
    with naming(source):
        return CaseLists(
            *(tuple(table.loc[parts == part, "case"]) for part in ("train", "validation", "test"))
        )


def _read_table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """The table in a file with `columns` of names; no cell of these may be empty."""
    table = read_csv(path, dict.fromkeys(columns, str))
    for column in columns:
        if (empty := table[column].isna()).any():
            raise InputError(
                f"{path}: line {empty.idxmax() + 2} has nothing in column {column}; "
                "fill it in or remove the line"
            )
    check_case_ids(table["case"], path)
    return table


def _refuse_repeats(cases: list[str], where: str = "") -> None:
    repeated = {
        case for case, count in pd.Series(cases, dtype=object).value_counts().items() if count > 1
    }
    if repeated:
        raise InputError(
            f"{where}case {min(repeated)} occurs more than once; list each case only once"
        )


def _shuffled(cases: Iterable[str], seed: int) -> list[str]:
    ordered = sorted(cases)
    return [ordered[place] for place in np.random.default_rng(seed).permutation(len(ordered))]
