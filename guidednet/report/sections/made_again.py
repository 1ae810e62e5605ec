"""What the page says about runs of the study that were made again: how far they agree."""

from pathlib import Path

import pandas as pd

from guidednet.report.tables.agreement import agreement_table, by_machine
from guidednet.runs.record import RecordedRuns
from guidednet.study.real_ct import repeated_in, runs_in, shipped_rows

FEW = 3  # runs of one machine that get a sentence each


def made_again(figures: Path) -> str:
    """A sentence or two for each kind of machine that made runs of the study in `figures` again."""
    rows, shipped = shipped_rows(), RecordedRuns(runs_in(figures))
    tables = [agreement_table(rows, shipped, [folder]) for folder in repeated_in(figures)]
    return " ".join(
        _many_again(table) if len(table) > FEW else " ".join(table.apply(_again, axis=1))
        for table in tables
    )


def _many_again(table: pd.DataFrame) -> str:
    """How far the runs of one machine agree, all lines of its agreement table together."""
    line = by_machine(table).iloc[0]
    return (
        f"{line['runs']} runs were trained again ({line['device']}; {line['processor']}): "
        f"{line['bytes']} gave the same bytes, {line['spread of seeds']} a mean Dice that differs "
        "by less than two seeds of their row do. The mean Dice of a run differs by "
        f"{line['mean_change']:.1f} points on average and by {line['largest_change']:.1f} at most."
    )


def _again(line: pd.Series) -> str:
    """How far one run agrees, a line of the agreement table."""
    computed = f"{line['device']}; {line['processor']}"
    name = f"{line['method']}, seed {line['seed']}, trained again ({computed})"
    if line["agrees"] == "bytes":
        return f"{name}, gave the same scores to the byte."
    found = (
        f"{name}, reached {line['dice']:.1f} instead of {line['shipped_dice']:.1f} %; the largest "
        f"difference for a patient is {line['largest_case_difference']:.1f} points."
    )
    if pd.isna(line["spread_of_seeds"]):
        return found
    than = "less" if line["agrees"] == "spread of seeds" else "more"
    return (
        f"{found} Two seeds differ by up to {line['spread_of_seeds']:.1f} points: "
        f"the difference is {than} than that."
    )
