"""The cases of a real data set on disk: their ids, their lists, and the numbers that follow."""

from dataclasses import dataclass, replace
from pathlib import Path

from guidednet.data.case_store import CaseStore
from guidednet.data.datasets import dataset_of
from guidednet.data.layouts import find_cases, listed_parts
from guidednet.data.partitions import SPLIT, partition_lists
from guidednet.data.splits import (
    LIST_FILE,
    CaseLists,
    check_lists,
    draw_six_two_two,
    lists_of,
    read_lists,
    released_lists,
)
from guidednet.errors import InputError
from guidednet.runs.profile import DataConfig

FEWEST_TO_DIVIDE = 3  # labelled cases: training, validation and test


@dataclass(frozen=True)
class CasesOnDisk:
    """The lists of training, validation and test cases, and the cases that have a label."""

    lists: CaseLists
    with_label: set[str]

    def numbers(self, settings: DataConfig) -> DataConfig:
        """Return `settings` with the numbers of these cases instead of the paper's."""
        labelled = len(self.with_label.intersection(self.lists.train))
        return replace(
            settings,
            training=labelled,
            validation=len(self.lists.validation),
            test=len(self.lists.test),
            most_unlabelled=len(self.lists.train) - labelled,
        )

    def in_partition(self, dataset: str, partition: str, n_labelled: int = 0) -> CaseLists:
        """The lists of a partition of `dataset`; the released ones depend on `n_labelled`.

        Raises InputError if there are too few labelled cases to hold some out.
        """
        if partition != SPLIT:
            everyone = set().union(*vars(self.lists).values()) | self.with_label
            return partition_lists(partition, self.with_label, everyone - self.with_label)
        if not self.lists.test:
            raise InputError(
                f"{dataset}: {len(self.with_label)} labelled cases are too few to hold some out"
                " for validation and test; label more cases, or train with --all"
            )
        published = dataset_of(dataset).published_split
        if published is not None and self.lists == released_lists(published):
            return released_lists(published, n_labelled=n_labelled)
        return self.lists


def cases_on_disk(raw_folder: Path, store_folder: Path, dataset: str) -> CasesOnDisk:
    """The cases of `raw_folder` and their lists.

    The lists come from split.csv in the raw folder or from the column `split` of the data set's own
    table; else from the case store, so that cases added later change nothing; else they are those
    published with the data set, or drawn from the raw folder at 6:2:2. If there is no raw folder,
    as on a machine that only trains, the case store says which cases have a label. Raises
    InputError for lists that do not fit the cases.
    """
    with_label, without_label = _case_ids(raw_folder, store_folder, dataset)
    lists, source = _written_lists(raw_folder, store_folder, dataset)
    if lists is not None:
        check_lists(lists, with_label, with_label | without_label, source)
        return CasesOnDisk(lists, with_label)
    if (published := _published_lists(dataset, with_label)) is not None:
        return CasesOnDisk(published, with_label)
    kind = dataset_of(dataset)
    if kind.folder is not None and len(with_label) < FEWEST_TO_DIVIDE:
        train = (*sorted(with_label), *sorted(without_label))  # held out only if there are more
        return CasesOnDisk(CaseLists(train, (), ()), with_label)
    others = () if kind.hides_labels else without_label
    return CasesOnDisk(draw_six_two_two(with_label, others), with_label)


def _written_lists(
    raw_folder: Path, store_folder: Path, dataset: str
) -> tuple[CaseLists | None, str]:
    """The lists that a file holds, and the file; None if there is none."""
    listed = listed_parts(raw_folder, dataset) if raw_folder.is_dir() else None
    if (raw_folder / LIST_FILE).is_file():
        return read_lists(raw_folder / LIST_FILE), str(raw_folder / LIST_FILE)
    if listed is not None:
        source = str(raw_folder / dataset_of(dataset).layout.table)
        return lists_of(listed.dropna(), source), source
    if (store_folder / LIST_FILE).is_file():
        return read_lists(store_folder / LIST_FILE), str(store_folder / LIST_FILE)
    return None, ""


def _published_lists(dataset: str, with_label: set[str]) -> CaseLists | None:
    """The lists published with the data set, if all of their cases are there."""
    name = dataset_of(dataset).published_split
    lists = released_lists(name) if name is not None else None
    return lists if lists is not None and set().union(*vars(lists).values()) <= with_label else None


def raw_case_ids(raw_folder: Path, dataset: str) -> tuple[set[str], set[str]]:
    """Ids of the cases of a raw folder with a label, and of those without."""
    cases = find_cases(raw_folder, dataset)
    return {case.case_id for case in cases if case.label}, {
        case.case_id for case in cases if not case.label
    }


def _case_ids(raw_folder: Path, store_folder: Path, dataset: str) -> tuple[set[str], set[str]]:
    """`raw_case_ids`, or those of the case store if there is no raw folder."""
    if not raw_folder.is_dir() and (store_folder / LIST_FILE).is_file():
        store = CaseStore(store_folder)
        return set(store.labelled_ids), set(store.unlabelled_ids) | set(
            read_lists(store_folder / LIST_FILE).train
        )
    return raw_case_ids(raw_folder, dataset)
