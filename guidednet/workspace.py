"""Where a reproduction's data, runs and figures lie, and how its case stores come to be."""

import os
from dataclasses import dataclass
from pathlib import Path

from guidednet.errors import InputError
from guidednet.organs import organ_set
from guidednet.parallel import cores
from guidednet.profiles import DataConfig, Profile, profile
from guidednet.progress import bar
from guidednet.splits import Split, make_split
from guidednet.store import CaseStore, store_settings

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Workspace:
    """A profile and its folders: `data_root` is only read, `results` and `figures` are written.

    results/phantoms/<profile>/<data set>  raw phantoms      results/runs            run folders
    results/stores/<profile>/<data set>    prepared cases    results/<profile>       executed notebooks, index.html
    figures/<profile>                      tables and figures
    """

    profile: Profile
    data_root: Path
    results: Path
    figures: Path

    def data(self, dataset: str) -> DataConfig:
        """The profile's settings of `dataset`; raises InputError for a data set it does not have."""
        organ_set(dataset)
        if dataset not in self.profile.data:
            raise InputError(f"profile {self.profile.name} has no data set '{dataset}': use one of {', '.join(self.profile.data)}")
        return self.profile.data[dataset]

    def raw_folder(self, dataset: str) -> Path:
        """The folder of raw NIfTI: phantoms under `results`, a real data set under `data_root`."""
        if self.data(dataset).phantom is None:
            return self.data_root / dataset
        return self.results / "phantoms" / self.profile.name / dataset

    def store_folder(self, dataset: str) -> Path:
        """The folder of the prepared cases."""
        return self.results / "stores" / self.profile.name / dataset

    @property
    def run_folder(self) -> Path:
        """The folder of all run folders, shared by the profiles."""
        return self.results / "runs"

    @property
    def report_folder(self) -> Path:
        """The folder of executed notebooks and of the page to open first."""
        return self.results / self.profile.name

    @property
    def figure_folder(self) -> Path:
        """The folder of this profile's tables and figures."""
        return self.figures / self.profile.name

    def make_data(self, dataset: str) -> CaseStore:
        """The prepared cases of `dataset`; makes phantoms and prepares what is not there yet, going on where it was."""
        from guidednet.phantom import write_phantoms  # here, so that a machine that only trains needs no NIfTI libraries
        from guidednet.prepare import prepare

        settings, workers = self.data(dataset), cores()
        raw, store = self.raw_folder(dataset), self.store_folder(dataset)
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
        prepare(raw, store, dataset, settings.prepare, workers=workers, progress=bar(f"{dataset}: prepare", "case"))
        return CaseStore(store)

    def has_store(self, dataset: str) -> bool:
        """Whether the cases of `dataset` are prepared, with this profile's settings."""
        folder = self.store_folder(dataset)
        if not (folder / "cases.csv").exists():
            return False
        return CaseStore(folder).settings == store_settings(dataset, self.data(dataset).prepare)

    def store(self, dataset: str) -> CaseStore:
        """The prepared cases of `dataset`, made first if they are not there."""
        return CaseStore(self.store_folder(dataset)) if self.has_store(dataset) else self.make_data(dataset)

    def split(self, dataset: str, n_labelled: int, n_unlabelled: int) -> Split:
        """The split of `dataset` with these numbers of training cases."""
        settings = self.data(dataset)
        return make_split(self.store(dataset), n_labelled, n_unlabelled, settings.validation, settings.test)


def open_workspace(name: str, data_root: str | Path | None = None, results: str | Path | None = None) -> Workspace:
    """The workspace of the profile called `name`.

    Folders that are not given come from DATA_DIR, RESULTS_DIR and FIGURES_DIR, else they are data, results
    and figures of the repository.
    """
    return Workspace(
        profile=profile(name),
        data_root=_folder(data_root, "DATA_DIR", "data"),
        results=_folder(results, "RESULTS_DIR", "results"),
        figures=_folder(None, "FIGURES_DIR", "figures"),
    )


def _folder(given: str | Path | None, variable: str, default: str) -> Path:
    folder = Path(given or os.environ.get(variable) or REPOSITORY / default).resolve()
    if folder.is_file():
        raise InputError(f"{folder}: is a file, a folder is needed; choose another {variable} or option")
    return folder
