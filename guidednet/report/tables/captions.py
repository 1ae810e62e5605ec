"""Captions of tables and figures: profile, data, seeds and reading, with notes on the runs."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from guidednet.report.tables.comparability import differences, shortened
from guidednet.report.tables.footnotes import failures, runs_by_row, warnings
from guidednet.report.tables.markup import markdown_text
from guidednet.report.tables.outside import outside_notes
from guidednet.runs.profile import Profile
from guidednet.runs.record import Run
from guidednet.runs.settings import texts_of, texts_of_changes
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.study.rows import Row

MIXED = "Mixed: its runs differ where they should agree; see the notes below."


@dataclass(frozen=True)
class Caption:
    """A paragraph, and the notes that go below the table or figure."""

    text: str
    notes: tuple[str, ...] = ()

    def markdown(self, body: str = "") -> str:
        """The paragraph, `body` (such as a Markdown table) and the notes as a list."""
        notes = "\n".join(f"* {markdown_text(note)}" for note in self.notes)
        return "\n\n".join(part for part in (markdown_text(self.text), body, notes) if part)


def caption(
    name: str, rows: Sequence[Row], runs: RunStore, varied: Collection[str] = ()
) -> Caption:
    """Caption of the artefact `name` (such as "Table 3"), with notes on its runs.

    The paragraph names profile, data set (and whether it is synthetic), split, seeds, test cases,
    steps, reading of GuidedNet and what the user changed. It ends with MIXED if the rows combine
    runs that may not be compared; they may differ in the fields `varied`, which they are about.
    """
    found = runs_by_row(rows, runs)
    mixed = differences(found, varied)
    parts = "; ".join(caption_parts(rows, runs))
    return Caption(
        f"{name}, profile {runs.workspace.profile.name}: {parts}." + (f" {MIXED}" if mixed else ""),
        (*mixed, *warnings(found), *failures(rows, runs), *outside_notes(rows, runs)),
    )


def caption_parts(rows: Sequence[Row], runs: RunStore) -> list[str]:
    """What `rows` rest on, one phrase each: data, cases, seeds, test cases, training, reading."""
    found = runs_by_row(rows, runs)
    return [
        _data(runs.workspace, rows),
        f"{_ratios(rows)} training cases",
        _seeds(max(len(row.configs) for row in rows), found),
        *_test_cases(found),
        _training(rows),
        *_reading(rows),
        *_changes(runs.workspace.profile, rows),
        "each method's primary predictor at its best validation step",
        *_left_out(rows, runs),
    ]


def _data(workspace: Workspace, rows: Sequence[Row]) -> str:
    datasets = dict.fromkeys(row.configs[0].dataset for row in rows)
    synthetic = " and ".join(filter(workspace.is_synthetic, datasets))
    real = [name for name in datasets if not workspace.is_synthetic(name)]
    phantoms = [f"synthetic {synthetic} phantoms, not patients"] if synthetic else []
    return " and ".join([*phantoms, *real])


def _ratios(rows: Sequence[Row]) -> str:
    pairs = dict.fromkeys(
        (row.configs[0].n_labelled, row.configs[0].n_unlabelled)
        for row in rows
        if row.configs[0].n_unlabelled
    )
    return " or ".join(
        f"{labelled} labelled and {unlabelled} unlabelled" for labelled, unlabelled in pairs
    )


def counted(numbers: Iterable[int], noun: str) -> str:
    """Numbers with their noun: "1 seed", "8 cases", "2 or 3 seeds"."""
    different = list(dict.fromkeys(map(int, numbers)))
    return f"{' or '.join(map(str, different))} {noun}{'' if different == [1] else 's'}"


def rests_on(table: pd.DataFrame) -> str:
    """The most seeds and test cases behind a row of `table`, for a title: "1 seed, 8 cases"."""
    return (
        f"{counted([table['n_seeds'].max()], 'seed')}, "
        f"{counted([table['n_test_cases'].max()], 'case')}"
    )


def _left_out(rows: Sequence[Row], runs: RunStore) -> list[str]:
    """How many rows the profile leaves out; empty if it has all."""
    number = sum(not row.trained and not runs.finished(row.configs) for row in rows)
    shown = f"{counted([number], 'row')} not run at this profile, which has little time"
    return [f"{shown}: profile reference trains every row"] if number else []


def _seeds(wanted: int, runs: dict[str, list[Run]]) -> str:
    """The number of seeds per row, and the number `wanted` if some are missing."""
    there = sorted({len(of_row) for of_row in runs.values()} or {wanted})
    return (
        counted([wanted], "seed")
        if there == [wanted]
        else f"{' or '.join(map(str, there))} of {counted([wanted], 'seed')}"
    )


def _test_cases(runs: dict[str, list[Run]]) -> list[str]:
    """The number of cases that the runs were scored on; empty without runs."""
    numbers = [of_row[0].scores()["case"].nunique() for of_row in runs.values()]
    return [counted(numbers, "test case")] if numbers else []


def _training(rows: Sequence[Row]) -> str:
    found = dict.fromkeys(
        (row.configs[0].training.steps, row.configs[0].training.warm_start_steps) for row in rows
    )
    return " or ".join(
        f"{steps} steps" + (f" after a shared warm start of {warm_start}" if warm_start else "")
        for steps, warm_start in found
    )


def _reading(rows: Sequence[Row]) -> list[str]:
    """The reading of GuidedNet, if it is among the rows."""
    among = any(row.configs[0].method == "guidednet" for row in rows)
    return ["GuidedNet in its headline reading unless a row says otherwise"] if among else []


def _changes(profile: Profile, rows: Sequence[Row]) -> list[str]:
    """What the user changed of the profile; a change that not all rows have names its rows."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for text in texts_of(profile, row.configs[0]):
            found.setdefault(text, []).append(row.label)
    said = [
        text if len(labels) == len(rows) else f"{text} ({shortened(list(dict.fromkeys(labels)))})"
        for text, labels in found.items()
        if text in texts_of_changes(profile)
    ]
    return [f"changed from the profile: {', '.join(said)}"] if said else []
