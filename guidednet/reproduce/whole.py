"""The whole reproduction of a profile: data, runs, notebooks, and the page that collects them."""

import os
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd
import torch

from guidednet.config import RunConfig
from guidednet.errors import NotebookError
from guidednet.processes.shared_bar import Reports, shared_bar
from guidednet.processes.workers import cores, in_parallel
from guidednet.report.execute_notebooks import (
    Execution,
    execute,
    parameters,
    source,
)
from guidednet.report.notebook_page.write import link_pages
from guidednet.report.page import write_page
from guidednet.reproduce.ending import Outcome, ending
from guidednet.runs.cluster import train_on_cluster
from guidednet.runs.fingerprint import hash_of
from guidednet.runs.settings import VARIABLE, to_variable
from guidednet.runs.side_by_side import train_runs
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.study.artefacts import Artefact
from guidednet.study.assumed_gpu import AssumedGPU
from guidednet.study.plan import PlannedRun, artefact_table, plan_table, planned_runs, summary
from guidednet.support.durations import in_words
from guidednet.support.time_left import TimeLeft
from guidednet.support.work_bar import WorkBar


@dataclass(frozen=True)
class Reproduction:
    """What to make (`artefacts`) from `runs`, with how many seeds and `jobs` at a time.

    Several jobs have one of the `gpus` GPUs each; a single job has all. `methods` are those to
    train, None for all; runs that are neither trained nor finished are shown as not run. The plan
    is for the `assumed` GPU, if there is one. On a `cluster` every run is its own task.
    """

    artefacts: dict[str, Artefact]
    seeds: int
    runs: RunStore
    jobs: int
    gpus: int = 0
    methods: tuple[str, ...] | None = None
    assumed: AssumedGPU | None = None
    cluster: str | None = None
    cluster_parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        """The profile and its folders."""
        return self.runs.workspace

    def run(self) -> None:
        """Make everything that is missing, and say what came of it.

        Raises NotebookError at the end if a notebook failed; the others are executed all the same.
        """
        began = time.monotonic()
        for dataset in sorted(
            {
                config.dataset
                for artefact in self.artefacts.values()
                for config in self._configs(artefact)
            }
            or {"flare22"}
        ):
            self.workspace.cases(dataset)
        planned = planned_runs(self.artefacts, self.runs, self.seeds, self.methods)
        print(self._summary(planned), flush=True)
        configs = [run.config for run in planned]
        if self.cluster is None:
            names = {run.config: self._name(run) for run in planned}
            train_runs(self.runs, configs, self.jobs, self.gpus, names)
        else:
            train_on_cluster(self.runs, configs, self.cluster, self.cluster_parameters, self.jobs)
        failed = self._execute_notebooks()
        plan = plan_table(planned_runs(self.artefacts, self.runs, self.seeds), self.runs)
        page = write_page(self.artefacts, plan, self.runs, self.seeds)
        link_pages(self.workspace.report_folder / "notebooks")
        outcome = Outcome(time.monotonic() - began, page, plan["status"].tolist(), tuple(failed))
        print(ending(outcome, self.artefacts, self.runs, self.seeds))
        if failed:
            raise NotebookError("; ".join(failed.values()))

    def plan_text(self) -> str:
        """The plan as text: one line per run, one per artefact, then the totals."""
        planned = planned_runs(self.artefacts, self.runs, self.seeds, self.methods, self.assumed)
        return self._plan_text(planned)

    def _plan_text(self, planned: list[PlannedRun]) -> str:
        tables = (_with_words(plan_table(planned, self.runs)), _with_words(artefact_table(planned)))
        parts = [table.to_string(index=False) for table in tables if len(table)]
        return "\n\n".join([*parts, self._summary(planned)])

    def _summary(self, planned: list[PlannedRun]) -> str:
        return summary(planned, self.runs, self.jobs, len(self.artefacts), self.assumed)

    def _name(self, run: PlannedRun) -> str:
        """The run by its row, as the reader of the tables knows it."""
        config = run.config
        seed = f", seed {config.seed}" if self.seeds > 1 else ""
        return f"{run.row}, {config.dataset} {config.n_labelled}+{config.n_unlabelled}{seed}"

    def _execute_notebooks(self) -> dict[str, str]:
        """Execute the notebooks that have changed; returns why some failed, by name."""
        environment = {
            "DATA_DIR": str(self.workspace.data_root),
            "RESULTS_DIR": str(self.workspace.results),
            "FIGURES_DIR": str(self.workspace.figures),
            "TRAINING_STEPS": str(self.workspace.profile.training.steps),
            VARIABLE: to_variable(self.workspace.profile),
            # a cluster's login node may have no GPU
            "GPUS": str(min(self.gpus, torch.cuda.device_count())),
        }
        executions = [
            execution
            for artefact in self.artefacts.values()
            if (execution := self._execution(artefact))
        ]
        # The first notebook comes last, because it lists how long the others took.
        waiting = [execution for execution in executions if not execution.is_done()]
        waiting = sorted(waiting, key=lambda execution: execution.name.startswith("00"))
        for execution in executions:
            if execution not in waiting:
                print(f"{execution.name}: unchanged")
        if not waiting:
            return {}
        workers = min(self.jobs, len(waiting))
        environment["OMP_NUM_THREADS"] = _threads_of_each(workers)
        bar = WorkBar("notebooks", TimeLeft(len(waiting), workers=workers), names_first=True)
        with shared_bar(bar, processes=workers > 1) as reports:
            job = partial(_executed, reports=reports, environment=environment)
            return {name: why for name, why in in_parallel(job, waiting, workers) if why}

    def _configs(self, artefact: Artefact, trained: bool = False) -> list[RunConfig]:
        """The runs that the artefact shows; of those only what the profile trains if `trained`."""
        rows = artefact.rows(self.workspace.profile, self.seeds) if artefact.rows else []
        return [config for row in rows if row.trained or not trained for config in row.configs]

    def _read_by(self, artefact: Artefact) -> dict[str, Any]:
        """The hashes of the files that the artefact reads, by name."""
        files = (
            sorted((self.workspace.figures / artefact.reads).glob("*.csv"))
            if artefact.reads
            else []
        )
        return (
            {"files": {file.name: hash_of(file.read_text(encoding="utf-8")) for file in files}}
            if files
            else {}
        )

    def _execution(self, artefact: Artefact) -> Execution | None:
        """How to execute the artefact's notebook.

        Returns None, and prints why, if the notebook needs a run that is missing.
        """
        finished = [
            config
            for config in self._configs(artefact)
            if self.runs.identity.status(config) == "finished"
        ]
        missing = [
            config for config in self._configs(artefact, trained=True) if config not in finished
        ]
        if missing and artefact.needs_all:
            print(
                f"{artefact.notebook}: not executed, because it needs the run "
                f"{self.runs.identity.name(missing[0])}"
            )
            return None
        values = {"profile": self.workspace.profile.name, "seeds": self.seeds} | (
            {"on_missing": "blank"} if missing else {}
        )
        known = parameters(source(artefact.notebook))
        return Execution(
            name=artefact.notebook,
            values={name: value for name, value in values.items() if name in known},
            folder=self.workspace.report_folder / "notebooks",
            inputs={"runs": [self.runs.identity.key(config) for config in finished]}
            | self._read_by(artefact),
            outputs=tuple(self.workspace.figure_folder / file for file in artefact.files),
        )


def _threads_of_each(kernels: int) -> str:
    """The number of threads for each of `kernels` that run at once, unless the user set one."""
    return os.environ.get("OMP_NUM_THREADS", str(max(1, cores() // kernels)))


def _executed(
    execution: Execution, reports: Reports, environment: dict[str, str]
) -> tuple[str, str]:
    """Execute a notebook, perhaps in a worker process; returns its name, and why it failed.

    The kernel finds the folders in the `environment` variables. A worker sets them itself, because
    it has those of the time when the first worker of this program started.
    """
    os.environ |= environment
    began, why = time.monotonic(), ""
    with reports.item(execution.name):
        try:
            execute(execution, again=False)
        except NotebookError as error:
            why = str(error)
        reports.add(1, time.monotonic() - began)
    return execution.name, why


def _with_words(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its hours in words, under headings that do not name the unit."""
    names = {"hours": "training", "complete after hours": "complete after"}
    worded = {column: (3600 * table[column]).map(in_words) for column in names if column in table}
    return table.assign(**worded).rename(columns=names)
