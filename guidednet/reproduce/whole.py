"""The whole reproduction of a profile: data, runs, notebooks, and the page that collects them."""

import os
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch

from guidednet.config import RunConfig
from guidednet.processes.workers import in_parallel
from guidednet.report.execute_notebooks import (
    Execution,
    execute,
    parameters,
    source,
)
from guidednet.report.notebook_page.write import link_pages
from guidednet.report.page import write_page
from guidednet.runs.cluster import train_on_cluster
from guidednet.runs.fingerprint import hash_of
from guidednet.runs.side_by_side import train_runs
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.study.artefacts import Artefact
from guidednet.study.plan import PlannedRun, artefact_table, plan_table, planned_runs, summary


@dataclass(frozen=True)
class Reproduction:
    """What to make (`artefacts`) from `runs`, with how many seeds and `jobs` at a time.

    Several jobs have one of the `gpus` GPUs each; a single job has all. `methods` are those to
    train, None for all; runs that are neither trained nor finished are shown as not run. On a
    `cluster` every run is its own task.
    """

    artefacts: dict[str, Artefact]
    seeds: int
    runs: RunStore
    jobs: int
    gpus: int = 0
    methods: tuple[str, ...] | None = None
    cluster: str | None = None
    cluster_parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        """The profile and its folders."""
        return self.runs.workspace

    def run(self) -> None:
        """Make everything that is missing."""
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
        print(self._plan_text(planned), flush=True)
        configs = [run.config for run in planned]
        if self.cluster is None:
            train_runs(self.runs, configs, self.jobs, self.gpus)
        else:
            train_on_cluster(self.runs, configs, self.cluster, self.cluster_parameters, self.jobs)
        self._execute_notebooks()
        plan = plan_table(planned_runs(self.artefacts, self.runs, self.seeds), self.runs)
        page = write_page(self.artefacts, plan, self.runs, self.seeds)
        link_pages(self.workspace.report_folder / "notebooks")
        print(f"tables and figures: {self.workspace.figure_folder}\nopen first: {page}")

    def plan_text(self) -> str:
        """The plan as text: one line per run, one per artefact, then the totals."""
        return self._plan_text(planned_runs(self.artefacts, self.runs, self.seeds, self.methods))

    def _plan_text(self, planned: list[PlannedRun]) -> str:
        tables = (plan_table(planned, self.runs), artefact_table(planned))
        parts = [
            table.to_string(index=False, float_format="{:.3f}".format)
            for table in tables
            if len(table)
        ]
        return "\n\n".join([*parts, summary(planned, self.runs)])

    def _execute_notebooks(self) -> None:
        os.environ |= {
            "DATA_DIR": str(self.workspace.data_root),
            "RESULTS_DIR": str(self.workspace.results),
            "FIGURES_DIR": str(self.workspace.figures),
            "TRAINING_STEPS": str(self.workspace.profile.training.steps),
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
        for done, name in enumerate(
            in_parallel(partial(execute, again=False), waiting, self.jobs), start=1
        ):
            print(f"[{done}/{len(waiting)}] {name}: executed", flush=True)

    def _configs(self, artefact: Artefact) -> list[RunConfig]:
        """The runs that the artefact shows."""
        rows = artefact.rows(self.workspace.profile, self.seeds) if artefact.rows else []
        return [config for row in rows for config in row.configs]

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
        configs = self._configs(artefact)
        missing = [config for config in configs if self.runs.identity.status(config) != "finished"]
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
            inputs={
                "runs": [
                    self.runs.identity.key(config) for config in configs if config not in missing
                ]
            }
            | self._read_by(artefact),
            outputs=tuple(self.workspace.figure_folder / file for file in artefact.files),
        )
