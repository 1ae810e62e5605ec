"""The list of all notebooks with links and with the minutes that they took here."""

import pandas as pd

from guidednet.report.execute_notebooks import source, title
from guidednet.report.lessons.durations import minutes, notebook_minutes
from guidednet.report.tables.markup import markdown_text
from guidednet.report.tables.table import NAN
from guidednet.runs.store import RunStore
from guidednet.study.artefacts import ARTEFACTS, Artefact


def contents(runs: RunStore, seeds: int) -> str:
    """A Markdown table of all notebooks in their order.

    Minutes are those of finished runs and of the last execution; "-" stands for what has no record.
    """
    lines = [
        f"| [{item.notebook[:2]}]({item.notebook}.ipynb) "
        f"| {markdown_text(title(source(item.notebook)))} "
        f"| {_shown(_training(item, runs, seeds))} | {_shown(_execution(item, runs))} |"
        for item in ARTEFACTS.values()
    ]
    head = "| notebook | what it shows | training (min) | notebook (min) |\n|---|---|---:|---:|"
    return "\n".join([head, *lines])


def _training(item: Artefact, runs: RunStore, seeds: int) -> float:
    rows = item.rows(runs.workspace.profile, seeds) if item.rows else []
    return minutes((config for row in rows for config in row.configs), runs) if rows else NAN


def _execution(item: Artefact, runs: RunStore) -> float:
    return notebook_minutes(runs.workspace.report_folder / "notebooks" / f"{item.notebook}.json")


def _shown(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.1f}"
