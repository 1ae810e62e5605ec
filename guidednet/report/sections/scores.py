"""The section of a table with scores: a forest plot of differences, the table behind it."""

from collections.abc import Sequence

import pandas as pd

from guidednet import published
from guidednet.data.datasets import organ_set
from guidednet.report.sections.contents import Contents
from guidednet.report.sections.forest import Line, forest
from guidednet.report.sections.markup import fold, text
from guidednet.report.sections.score_table import Scored, score_table
from guidednet.report.tables.captions import counted
from guidednet.report.tables.differences import differences, published_differences
from guidednet.report.tables.table import NOT_RUN
from guidednet.study.rows import Row

KEYS = ["method", "n_labeled", "n_unlabeled"]


def score_groups(
    item: str, table: pd.DataFrame, rows: Sequence[Row], contents: Contents
) -> dict[str, list[Scored]]:
    """The lines of `table` in groups of one ratio, what the paper has before what it has not.

    A line belongs to the row of `rows` with the same name and numbers of cases; lines without one
    are left out.
    """
    paper = published_differences(item, table)
    anchors = run_anchors(item, rows)
    found = {
        (one.row.label, *one.ratio): (one, anchor)
        for one, anchor in zip(differences(rows, contents.get), anchors, strict=True)
    }
    groups: dict[str, list[Scored]] = {}
    for (_, scores), (_, printed) in zip(table.iterrows(), paper.iterrows(), strict=True):
        if tuple(scores[KEYS]) in found:
            difference, anchor = found[tuple(scores[KEYS])]
            title = _title(item, scores, printed)
            groups.setdefault(title, []).append(Scored(scores, difference, printed, anchor))
    return groups


def cases_of(row: Row) -> tuple[int, int]:
    """Numbers of labelled and unlabelled training cases."""
    return row.configs[0].n_labelled, row.configs[0].n_unlabelled


def run_anchors(item: str, rows: Sequence[Row]) -> list[str]:
    """The anchor of the runs behind each row of an item."""
    return [f"runs-{item}-{place}" for place in range(len(rows))]


def _title(item: str, scores: pd.Series, printed: pd.Series) -> str:
    """The title of the group of a line: its cases, and the paper's beside them."""
    own = _cases(scores, " labelled", " unlabelled")
    if item not in published.TABLES:
        return own
    return own + (
        ": not in the paper"
        if pd.isna(printed["mean_dice"])
        else f" (paper: {_cases(printed, '', '')})"
    )


def _cases(line: pd.Series, labelled: str, unlabelled: str) -> str:
    without = f"{line['n_labeled']:.0f}{labelled}"
    alone = f"{without}, none unlabelled" if unlabelled else without
    return f"{without} and {line['n_unlabeled']:.0f}{unlabelled}" if line["n_unlabeled"] else alone


def shown_scores(item: str, table: pd.DataFrame, rows: Sequence[Row], contents: Contents) -> str:
    """The forest plot, what it says, and the table."""
    groups = score_groups(item, table, rows, contents)
    every = [row for group in groups.values() for row in group]
    if not every:
        return ""
    compared = {title: [row for row in group if _in_plot(row)] for title, group in groups.items()}
    left_out = sum(not row.difference.is_trained for row in every)
    lines = {title: [_line(row) for row in group] for title, group in compared.items()}
    seeds, cases = (int(table[name].max()) for name in ("n_seeds", "n_test_cases"))
    data = "phantoms" if contents.workspace.is_synthetic(rows[0].configs[0].dataset) else "patients"
    here = f"here: {data}, {counted([seeds], 'seed')}, {counted([cases], 'test case')}"
    organs = {
        organ.column: organ.name
        for organ in organ_set(rows[0].configs[0].dataset).by_label.values()
        if organ.column in table
    }
    organs = {column: organs[column] for column in table if column in organs}
    numbers = score_table(groups, organs, lambda row: _run_links(row, contents))
    return (
        forest(lines, every[0].difference.baseline, here)
        + f"<p>{text(_verdict(compared) + _not_in_plot(left_out))}</p>"
        + fold("The numbers as a table, with organs and further metrics", numbers)
    )


def _in_plot(row: Scored) -> bool:
    """Whether the plot has a line for it: not if it is what others are compared with."""
    return row.difference.is_trained and not row.difference.is_baseline


def _not_in_plot(number: int) -> str:
    """A sentence on rows that are in the table alone; empty without any."""
    rows = counted([number], "row")
    return f" The plot leaves out {rows} that this profile does not train." if number else ""


def _line(row: Scored) -> Line:
    difference = row.difference
    return Line(
        difference.row.label,
        difference.mean,
        difference.low,
        difference.high,
        tuple(difference.by_case),
        row.paper["difference"],
        row.paper["sd_dice"],
        difference.row.label == "GuidedNet",
        f'<a href="#{row.anchor}">{text(difference.row.label)}</a>',
        f"{difference.baseline}: {NOT_RUN}" if difference.runs else NOT_RUN,
    )


def _run_links(row: Scored, contents: Contents) -> str:
    return " ".join(
        contents.run_link(run, f"seed {run.config.seed}") for run in row.difference.runs
    )


def _verdict(groups: dict[str, list[Scored]]) -> str:
    """How many rows cannot be told from the baseline, and which can."""
    known = [row.difference for group in groups.values() for row in group]
    known = [one for one in known if pd.notna(one.low)]
    if not known:
        return "No row has an interval yet."
    unclear = [one for one in known if one.unclear]
    baseline = known[0].baseline
    if len(known) == 1 and unclear:
        return f"The row cannot be told from {baseline} here: its interval contains 0."
    return (
        f"{len(unclear)} of {len(known)} rows cannot be told from {baseline} here: their interval "
        "contains 0."
    )
