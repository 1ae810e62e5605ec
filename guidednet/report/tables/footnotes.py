"""Notes below a table or figure: runs not comparable, warnings in their records, missing runs."""

from collections import Counter
from collections.abc import Mapping, Sequence

from guidednet.config import RunConfig
from guidednet.data.partitions import SPLIT
from guidednet.report.tables.comparability import shortened
from guidednet.runs.record import Run
from guidednet.runs.store import RunStore
from guidednet.study.rows import Row


def runs_by_row(rows: Sequence[Row], runs: RunStore) -> dict[str, list[Run]]:
    """Finished runs by row name; rows that show the same runs appear once, under the first name."""
    found: dict[str, list[Run]] = {}
    for name, row in _named_once(rows):
        finished = runs.finished(row.configs)
        found.setdefault(name, []).extend(finished)
    return {name: finished_ones for name, finished_ones in found.items() if finished_ones}


def _named_once(rows: Sequence[Row]) -> list[tuple[str, Row]]:
    """The rows with their names, keeping only the first of several rows that show the same runs."""
    first: dict[tuple, Row] = {}
    for row in rows:
        first.setdefault(row.configs, row)
    once = list(first.values())
    return list(zip(row_names(once), once, strict=True))


def row_names(rows: Sequence[Row]) -> list[str]:
    """The rows' labels; equal ones are told apart by case numbers and, if needed, by data set."""
    configs, names = [row.configs[0] for row in rows], [row.label for row in rows]
    for further in (
        [f"{config.n_labelled}+{config.n_unlabelled}" for config in configs],
        [config.dataset for config in configs],
    ):
        counts = Counter(names)
        names = [
            f"{name} {more}" if counts[name] > 1 else name
            for name, more in zip(names, further, strict=True)
        ]
    return names


def warnings(runs: Mapping[str, Sequence[Run]]) -> list[str]:
    """Warnings from the records of `runs` (by row name), such as "GuidedNet, seed 0: ...".

    Runs with the same warnings share one line.
    """
    said: dict[str, list[str]] = {}
    for row, of_row in runs.items():
        for run in of_row:
            for sentence in dict.fromkeys(run.record.get("warnings", ())):
                said.setdefault(sentence, []).append(f"{row}, seed {run.config.seed}")
    together: dict[str, list[str]] = {}
    for sentence, names in said.items():
        together.setdefault(shortened(names, "; "), []).append(sentence)
    return [f"{names}: {'; '.join(sentences)}" for names, sentences in together.items()]


def failures(rows: Sequence[Row], runs: RunStore) -> list[str]:
    """Why runs of `rows` are missing if training failed: "GuidedNet, seed 0: not run, ..."."""
    found = [
        (f"{name}, {_which(config)}", runs.failure(config))
        for name, row in _named_once(rows)
        for config in row.configs
    ]
    return [f"{name}: not run, {reason}" for name, reason in found if reason]


def _which(config: RunConfig) -> str:
    """Which run of its row it is: its seed and, in a cross-validation, its fold."""
    return f"seed {config.seed}" + ("" if config.partition == SPLIT else f", {config.partition}")
