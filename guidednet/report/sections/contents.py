"""What the page is made from, and where its files lie as seen from the page."""

import functools
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from guidednet.config import RunConfig
from guidednet.report.execute_notebooks import source, title
from guidednet.report.sections.markup import link, text
from guidednet.report.tables.table import NOT_RUN
from guidednet.runs.record import Run
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.study.artefacts import Artefact
from guidednet.study.rows import Row


class RunReadOnce(Run):
    """A run whose scores are read from its folder once, because many items show them."""

    def scores(self) -> pd.DataFrame:
        """The scores of the run; they must not be changed."""
        return self._scores

    @functools.cached_property
    def _scores(self) -> pd.DataFrame:
        return super().scores()


@dataclass(frozen=True, eq=False)
class Contents:
    """The artefacts to show, the plan of all runs, the run store and the seeds of each row.

    It stands for the run store where finished runs are only read, and looks up each run once.
    """

    artefacts: dict[str, Artefact]
    plan: pd.DataFrame
    runs: RunStore
    seeds: int
    _found: dict[RunConfig, Run | None] = field(default_factory=dict, repr=False)

    @property
    def workspace(self) -> Workspace:
        """The profile and its folders."""
        return self.runs.workspace

    def get(self, config: RunConfig, on_missing: str = "blank") -> Run | None:
        """The finished run of `config`, else None; `on_missing` is always "blank"."""
        if config not in self._found:
            run = self.runs.get(config, "blank")
            self._found[config] = run and RunReadOnce(run.config, run.folder, run.record)
        return self._found[config]

    def finished(self, configs: Iterable[RunConfig]) -> list[Run]:
        """The finished runs of `configs`."""
        return [run for config in configs if (run := self.get(config))]

    def failure(self, config: RunConfig) -> str | None:
        """Why the last attempt to make the run failed; None if it did not."""
        return self.runs.failure(config)

    def rows(self, artefact: Artefact) -> list[Row]:
        """The rows that an artefact shows."""
        return artefact.rows(self.workspace.profile, self.seeds) if artefact.rows else []

    @functools.cached_property
    def shown_runs(self) -> list[Run]:
        """Every finished run behind a table, figure or notebook, once."""
        rows = [row for artefact in self.artefacts.values() for row in self.rows(artefact)]
        return self.finished(dict.fromkeys(config for row in rows for config in row.configs))

    def address(self, path: Path) -> str:
        """A file or folder as a link of the page names it."""
        return quote(os.path.relpath(path, self.workspace.report_folder).replace(os.sep, "/"))

    def run_link(self, run: Run, shown: str = "") -> str:
        """A link to the folder of a run, which shows its name by default."""
        return link(f"{self.address(run.folder)}/", shown or run.folder.name)

    def notebook_link(self, name: str, shown: str = "") -> str:
        """A link to an executed notebook, or its name and "not run"."""
        executed = self.workspace.report_folder / "notebooks" / f"{name}.ipynb"
        if not executed.exists():
            return f"{text(name)}: {NOT_RUN}"
        return link(f"notebooks/{name}.html", shown or title(source(name)))

    def downloads(self, item: str, endings: Sequence[str], notebook: str) -> str:
        """Links to the files of a table or figure and to its notebook; only to those that exist."""
        folder = self.workspace.figure_folder
        files = [(ending, folder / f"{item}.{ending}") for ending in endings]
        executed = self.workspace.report_folder / "notebooks"
        files += [
            (shown, executed / f"{notebook}.{ending}")
            for shown, ending in (("notebook", "html"), ("ipynb", "ipynb"))
        ]
        links = [
            link(self.address(path), shown if shown == "notebook" else shown.upper())
            for shown, path in files
            if path.exists()
        ]
        return f'<p class="downloads">{" ".join(links)}</p>' if links else ""
