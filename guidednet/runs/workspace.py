"""The folders of a reproduction's data, runs and figures, and the making of its case stores."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from guidednet.config import RunConfig
from guidednet.data.case_store import CaseStore, store_settings
from guidednet.data.datasets import DATASETS, dataset_of
from guidednet.data.layouts import PHANTOM_FILE, find_cases
from guidednet.data.partitions import SPLIT
from guidednet.data.splits import (
    LIST_FILE,
    Split,
    choose,
    draw_lists,
    refuse_leaks,
    write_lists,
)
from guidednet.errors import InputError
from guidednet.methods import use_variable
from guidednet.processes.workers import cores, refuse_unguarded_script
from guidednet.runs.cases_on_disk import CasesOnDisk, cases_on_disk
from guidednet.runs.environment import folder_of, number_of_environment, results_folder
from guidednet.runs.profile import DataConfig, Profile, by_name
from guidednet.runs.profiles import profile, with_steps
from guidednet.runs.settings import from_variable, suffix
from guidednet.support.locks import locked, told_of_locks
from guidednet.support.progress import bar


@dataclass(frozen=True)
class Workspace:
    """A profile and its folders: `data_root` is only read, `results` and `figures` are written.

    results/phantoms/<profile>/<data set>  raw phantoms
    results/stores/<profile>/<data set>    prepared cases
    results/runs                           run folders
    results/<profile>                      executed notebooks, index.html
    figures/<profile>                      tables and figures

    What the user changed stands in the names of the last two, as in quick-learning_rate=0.03.
    """

    profile: Profile
    data_root: Path
    results: Path
    figures: Path

    def data(self, dataset: str) -> DataConfig:
        """The profile's settings of `dataset`; raises InputError if it lacks that data set."""
        dataset_of(dataset)
        if dataset not in self.profile.data:
            raise InputError(
                f"profile {self.profile.name} has no data set '{dataset}'; "
                f"use one of {', '.join(self.profile.data)}"
            )
        return self.profile.data[dataset]

    def raw_folder(self, dataset: str) -> Path:
        """The folder of raw NIfTI: phantoms under `results`, real data sets under `data_root`."""
        if self.data(dataset).phantom is None:
            return dataset_of(dataset).folder or self.data_root / dataset
        return self.results / "phantoms" / self.profile.name / dataset

    @property
    def synthetic(self) -> bool:
        """Whether any cases of the profile are phantoms, which say nothing about patients."""
        return any(map(self.is_synthetic, self.profile.data))

    def is_synthetic(self, dataset: str) -> bool:
        """Whether the cases of `dataset` are phantoms.

        They are the profile's own or, in a rehearsal, raw phantoms that replace the real data set.
        """
        settings = self.profile.data.get(dataset)
        own = settings is not None and settings.phantom is not None
        raw = (dataset_of(dataset).folder or self.data_root / dataset) if not own else None
        return own or (raw / PHANTOM_FILE).exists()

    def store_folder(self, dataset: str) -> Path:
        """The folder of the prepared cases."""
        return self.results / "stores" / self.profile.name / dataset

    @property
    def runs_folder(self) -> Path:
        """The folder of all run folders, shared by the profiles."""
        return self.results / "runs"

    @property
    def label(self) -> str:
        """The profile's name, and what the user changed: results under it are not the profile's."""
        return self.profile.name + suffix(self.profile)

    @property
    def report_folder(self) -> Path:
        """The folder of executed notebooks and of the report's first page."""
        return self.results / self.label

    @property
    def figure_folder(self) -> Path:
        """The folder of this profile's tables and figures."""
        return self.figures / self.label

    def make_data(self, dataset: str, further: Iterable[str] = ()) -> CaseStore:
        """The prepared cases of `dataset`; makes phantoms and prepares cases that are missing.

        It goes on where an earlier call stopped. Of a real data set it prepares only the cases that
        the two ratios of the tables need, and those of `further`.
        """
        folder = self.store_folder(dataset)
        if self.data(dataset).phantom is None:
            self._cases_on_disk(dataset)  # reports a mistake before anything is written
        lock = folder.with_suffix(".lock")
        with told_of_locks(lock):
            folder.parent.mkdir(parents=True, exist_ok=True)
        # if two reproductions start together, one prepares
        with locked(lock):
            self._make_data(dataset, further)
        return CaseStore(folder)

    def _make_data(self, dataset: str, further: Iterable[str]) -> None:
        # imported here, so that a machine that only trains needs no NIfTI libraries
        from guidednet.data.prepare import prepare, unlabelled_organs
        from guidednet.phantom import write_phantoms

        settings, workers = self.data(dataset), cores()
        raw, store = self.raw_folder(dataset), self.store_folder(dataset)
        wanted = None
        if phantom := settings.phantom:
            write_phantoms(
                raw,
                dataset,
                cases=phantom.labelled + phantom.unlabelled,
                labelled=phantom.labelled,
                voxel_mm=phantom.voxel_mm,
                workers=workers,
                progress=bar(f"{dataset}: synthetic CT", "case"),
            )
        else:
            write_lists(store / LIST_FILE, self._cases_on_disk(dataset).lists)
            before = CaseStore(store).table.index if self.has_cases(dataset) else ()
            own = dataset_of(dataset).folder is not None  # then all of its cases are wanted
            wanted = None if own else self._needed(dataset).union(before, further)
        prepare(
            raw,
            store,
            dataset,
            settings.prepare,
            workers=workers,
            progress=bar(f"{dataset}: prepare", "case"),
            only=wanted,
        )
        if warning := unlabelled_organs(CaseStore(store)):
            print(f"guidednet: {warning}", file=sys.stderr, flush=True)

    def _needed(self, dataset: str) -> set[str]:
        """The cases of a real data set that the two ratios of the tables need."""
        cases, source = self._cases_on_disk(dataset), str(self.raw_folder(dataset))
        return set().union(
            *(
                choose(cases.lists, cases.with_label, *ratio, source).cases
                for ratio in self.data(dataset).ratios
            )
        )

    def bytes_to_prepare(self, dataset: str) -> int:
        """Bytes that the unprepared cases of a real data set will take.

        It is 0 for phantoms, for prepared data sets and without raw scans.
        """
        # imported here, so that a machine that only trains needs no NIfTI libraries
        from guidednet.data.disk_space import needed_bytes

        settings, raw = self.data(dataset), self.raw_folder(dataset)
        if settings.phantom is not None or self.has_cases(dataset) or not raw.is_dir():
            return 0
        needed = self._needed(dataset)
        return needed_bytes(
            [case for case in find_cases(raw, dataset) if case.case_id in needed], settings.prepare
        )

    def has_cases(self, dataset: str) -> bool:
        """Whether the cases of `dataset` are prepared with this profile's settings."""
        folder = self.store_folder(dataset)
        settings = store_settings(dataset, self.data(dataset).prepare)
        return (folder / "cases.csv").exists() and CaseStore(folder).settings == settings

    def cases(self, dataset: str) -> CaseStore:
        """The prepared cases of `dataset`, which are made first if they are missing."""
        return (
            CaseStore(self.store_folder(dataset))
            if self.has_cases(dataset)
            else self.make_data(dataset)
        )

    def split(
        self, dataset: str, n_labelled: int, n_unlabelled: int, partition: str = SPLIT
    ) -> Split:
        """The split of `dataset` with these numbers of training cases; prepares missing ones.

        Raises InputError if there are too few cases, and if an image is in two parts of the split.
        """
        cases, on_disk = self.cases(dataset), self._cases_on_disk(dataset)
        lists, source = on_disk.in_partition(dataset, partition, n_labelled), str(cases.folder)
        split = choose(lists, on_disk.with_label, n_labelled, n_unlabelled, source)
        if further := split.cases - set(cases.table.index):
            cases = self.make_data(dataset, further)
        refuse_leaks(split, cases)
        return split

    def labelled_cases(self, dataset: str) -> int:
        """How many cases of `dataset` have a label."""
        return len(self._cases_on_disk(dataset).with_label)

    def ratio(
        self, dataset: str, percent: float | None = None, partition: str = SPLIT
    ) -> tuple[int, int]:
        """(labelled, unlabelled) training cases of a partition if `percent` of them are labelled.

        None takes every training case as it is, labelled or not.
        """
        settings = self.data(dataset)
        if percent is not None and partition == SPLIT:
            return settings.at(percent / 100)
        on_disk = self._cases_on_disk(dataset)
        lists = on_disk.in_partition(dataset, partition)
        labelled = len(on_disk.with_label.intersection(lists.train))
        unlabelled = len(lists.train) - labelled
        if percent is None:
            return labelled, unlabelled
        return replace(settings, training=labelled, most_unlabelled=unlabelled).at(percent / 100)

    def run(
        self,
        dataset: str,
        method: str,
        percent: float | None = None,
        seed: int = 0,
        partition: str = SPLIT,
    ) -> RunConfig:
        """The run of `method` on a partition of `dataset`, at the profile's size."""
        ratio = self.ratio(dataset, percent, partition)
        config = self.profile.run(dataset, method, ratio, seed)
        return replace(config, partition=partition)

    def _cases_on_disk(self, dataset: str) -> CasesOnDisk:
        """The lists of `dataset`; for phantoms they are drawn from the case store."""
        settings, folder = self.data(dataset), self.store_folder(dataset)
        if settings.phantom is None:
            return cases_on_disk(self.raw_folder(dataset), folder, dataset)
        store = CaseStore(folder)
        lists = draw_lists(
            store.labelled_ids, store.unlabelled_ids, settings.validation, settings.test
        )
        return CasesOnDisk(lists, set(store.labelled_ids))

    def with_numbers_on_disk(self) -> "Workspace":
        """The same workspace, with the numbers of real cases that are on disk.

        Data sets that are not on disk keep the paper's numbers. Data sets that the profile does not
        have join it if they are on disk.
        """
        others = {name: self.profile.other_data(name) for name in DATASETS}
        wider = replace(self, profile=replace(self.profile, data=others | self.profile.data))
        there = {
            name: wider._cases_on_disk(name).numbers(settings)
            for name, settings in wider.profile.data.items()
            if settings.phantom is None
            and (wider.raw_folder(name).is_dir() or wider.has_cases(name))
        }
        data = by_name(*(self.profile.data | there).values())
        return replace(self, profile=replace(self.profile, data=data))


def open_workspace(
    name: str,
    data_root: str | Path | None = None,
    results: str | Path | None = None,
    steps: int | None = None,
) -> Workspace:
    """The workspace of the profile called `name`, with runs of `steps` steps if given.

    Missing arguments come from DATA_DIR, RESULTS_DIR, FIGURES_DIR and TRAINING_STEPS; else the
    folders are data, results and figures of the repository, and runs are as long as the profile
    says. RUN_SETTINGS (a JSON object of fields by dotted name) changes further settings, and
    EXTRA_METHODS names methods from outside the package.
    """
    refuse_unguarded_script()
    use_variable()
    chosen, steps = profile(name), steps or number_of_environment("TRAINING_STEPS", least=1)
    workspace = Workspace(
        profile=from_variable(with_steps(chosen, steps) if steps else chosen),
        data_root=folder_of(data_root, "DATA_DIR", "data"),
        results=results_folder(results),
        figures=folder_of(None, "FIGURES_DIR", "figures"),
    )
    return workspace.with_numbers_on_disk()
