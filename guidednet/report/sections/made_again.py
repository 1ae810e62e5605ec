"""What the page says about runs of the study that were made again: how far they agree."""

from pathlib import Path

import pandas as pd

from guidednet.report.tables.agreement import agreement_table
from guidednet.runs.record import RecordedRuns
from guidednet.study.real_ct import repeated_in, runs_in, shipped_rows


def made_again(figures: Path) -> str:
    """A sentence or two for each run of the study in `figures` that was made again."""
    shipped = RecordedRuns(runs_in(figures))
    table = agreement_table(shipped_rows(), shipped, repeated_in(figures))
    return " ".join(_again(line) for _, line in table.iterrows())


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
