"""The cases of a real data set on disk: their ids, their lists, and the numbers that follow."""

from dataclasses import dataclass, replace
from pathlib import Path

from guidednet.data.case_store import CaseStore
from guidednet.data.layouts import find_cases
from guidednet.data.splits import LIST_FILE, CaseLists, check_lists, draw_six_two_two, read_lists
from guidednet.runs.profiles import DataConfig


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


def cases_on_disk(
    raw_folder: Path, store_folder: Path, dataset: str, hides_labels: bool
) -> CasesOnDisk:
    """The cases of `raw_folder` and their lists.

    The lists come from split.csv in the raw folder; else from the store's, so that cases added
    later change nothing; else they are drawn from the raw folder at 6:2:2. If there is no raw
    folder, as on a machine that only trains, the case store says which cases have a label. Raises
    InputError for lists that do not fit the cases.
    """
    with_label, without_label = _case_ids(raw_folder, store_folder, dataset)
    for path in (raw_folder / LIST_FILE, store_folder / LIST_FILE):
        if path.is_file():
            lists = read_lists(path)
            check_lists(lists, with_label, with_label | without_label, str(path))
            return CasesOnDisk(lists, with_label)
    return CasesOnDisk(
        draw_six_two_two(with_label, () if hides_labels else without_label), with_label
    )


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
