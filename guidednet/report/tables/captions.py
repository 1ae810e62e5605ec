"""What every table and figure says of itself: profile, data, seeds, reading, and what is to be
known of its runs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from guidednet.report.tables.comparability import differences
from guidednet.report.tables.footnotes import failures, runs_by_row, warnings
from guidednet.report.tables.markup import markdown_text
from guidednet.runs.record import Run
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.study.rows import Row

MIXED = "Mixed: its runs do not share all that they should, see the notes below."


@dataclass(frozen=True)
class Caption:
    """A paragraph, and the notes that stand below the table or figure."""

    text: str
    notes: tuple[str, ...] = ()

    def markdown(self, body: str = "") -> str:
        """The paragraph, `body` (such as a table, in Markdown) and the notes as a list."""
        notes = "\n".join(f"* {markdown_text(note)}" for note in self.notes)
        return "\n\n".join(part for part in (markdown_text(self.text), body, notes) if part)


def caption(name: str, rows: Sequence[Row], runs: RunStore) -> Caption:
    """Which item, profile, data set and split, whether synthetic, seeds, test cases, steps and
    reading; and the notes on its runs.

    The paragraph ends with MIXED where runs stand side by side that may not be compared.
    """
    found = runs_by_row(rows, runs)
    mixed = differences(found)
    parts = [
        f"{name}, profile {runs.workspace.profile.name}: {_data(runs.workspace, rows)}",
        f"{_ratios(rows)} training cases",
        _seeds(max(len(row.configs) for row in rows), found),
        *_test_cases(found),
        *_training(rows[-1]),
        "network A at its best validation step",
    ]
    return Caption(
        "; ".join(parts) + "." + (f" {MIXED}" if mixed else ""),
        (*mixed, *warnings(found), *failures(rows, runs)),
    )


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
    """ "1 seed", "8 cases", "2 or 3 seeds"."""
    different = list(dict.fromkeys(map(int, numbers)))
    return f"{' or '.join(map(str, different))} {noun}{'' if different == [1] else 's'}"


def rests_on(table: pd.DataFrame) -> str:
    """How many seeds and test cases the means of `table` rest on at most, for a title: "1 seed, 8
    cases".
    """
    return f"{counted([table['n_seeds'].max()], 'seed')}, {counted([table['n_test_cases'].max()], 'case')}"


def _seeds(wanted: int, runs: dict[str, list[Run]]) -> str:
    """How many seeds the rows have; where it is not as many as were asked for, that too."""
    there = sorted({len(of_row) for of_row in runs.values()} or {wanted})
    return (
        counted([wanted], "seed")
        if there == [wanted]
        else f"{' or '.join(map(str, there))} of {counted([wanted], 'seed')}"
    )


def _test_cases(runs: dict[str, list[Run]]) -> list[str]:
    """How many cases the runs were scored on; nothing where none is there."""
    numbers = [of_row[0].scores()["case"].nunique() for of_row in runs.values()]
    return [counted(numbers, "test case")] if numbers else []


def _training(row: Row) -> list[str]:
    config = row.configs[0]
    warm_start, reading = (
        config.training.warm_start_steps,
        getattr(getattr(config.options, "cgmm", None), "reading", None),
    )
    start = f" after a shared warm start of {warm_start}" if warm_start else ""
    return [f"{config.training.steps} steps{start}", *([f'reading "{reading}"'] if reading else [])]
