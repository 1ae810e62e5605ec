"""Rows of other programs, such as nnU-Net: trained elsewhere on the same cases, scored here."""

from collections.abc import Sequence
from pathlib import Path

from guidednet.runs.identity import stamped_key
from guidednet.runs.record import Run, config_from_record
from guidednet.runs.store import RunStore
from guidednet.study.rows import Row
from guidednet.support.files import read_json

MARK = "(outside)"


def outside_folder(runs: RunStore) -> Path:
    """The folder of imported scores, beside that of the runs."""
    return runs.workspace.runs_folder.with_name("outside")


def outside_rows(rows: Sequence[Row], runs: RunStore) -> list[tuple[Row, list[Run]]]:
    """The imported rows, with their scores, on the labelled cases of a "Sup only" among `rows`.

    Scores made from other test cases, other data or by other evaluation code are left out.
    """
    if not isinstance(runs, RunStore):
        return []
    compared = {_cases(row) for row in rows if row.configs[0].method == "supervised"}
    found = []
    for path in sorted(outside_folder(runs).glob("*/record.json")):
        record = read_json(path)
        config = config_from_record(record["config"])
        row = Row(f"{record['outside']} {MARK}", (config,))
        if _cases(row) in compared and stamped_key(path.parent) == runs.identity.score_key(config):
            found.append((row, [Run(config, path.parent, record)]))
    return found


def outside_notes(rows: Sequence[Row], runs: RunStore) -> list[str]:
    """A sentence on each imported row."""
    return [
        f"{row.label}: trained by another program on the labelled cases alone; its predictions "
        "were imported and scored as those of the methods"
        for row, _ in outside_rows(rows, runs)
    ]


def _cases(row: Row) -> tuple[str, int, str]:
    config = row.configs[0]
    return config.dataset, config.n_labelled, config.partition
