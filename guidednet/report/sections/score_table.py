"""A table of scores: few columns that answer a reader's questions, further ones on demand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from guidednet.report.sections.markup import heading, signed, text, unbroken, with_interval
from guidednet.report.tables.differences import Difference
from guidednet.report.tables.table import NOT_RUN

FURTHER = ("mean_jaccard", "last_mean_dice", "nsd", "hd95", "false_positive_ml")
SATURATED = 10.0  # points of Dice to the baseline at which the heat map's colour is full
CONTEXT = "number context narrow-off"  # gives way to the organs, and on a phone
MARKS = ("best", "second")


@dataclass(frozen=True)
class Scored:
    """A row of a table with its difference to the baseline and the paper's numbers."""

    scores: pd.Series  # a line of the CSV file
    difference: Difference
    paper: pd.Series  # mean_dice, sd_dice, difference
    anchor: str  # of the row's runs


@dataclass(frozen=True)
class Column:
    """A heading, the HTML of a cell, the number to sort by, and the group it is shown with."""

    title: str
    cell: Callable[[Scored], str]
    key: Callable[[Scored], object]
    kind: str = ""
    hint: str = ""


def score_table(
    groups: dict[str, Sequence[Scored]], organs: dict[str, str], links: Callable[[Scored], str]
) -> str:
    """The table, with a sub-heading per group.

    `organs` gives the name of each organ's column, `links` a row's links to its runs.
    """
    rows = [row for group in groups.values() for row in group]
    columns = _columns(rows, organs, links)
    head = "".join(
        f'<th class="{column.kind}" title="{text(column.hint)}">'
        f"<button>{text(column.title)}</button></th>"
        for column in columns
    )
    bodies = [
        f'<tbody><tr class="group"><th colspan="{len(columns)}"><span>{text(title)}</span>'
        "</th></tr>" + "".join(_row(row, columns, _best(group)) for row in group) + "</tbody>"
        for title, group in groups.items()
        if group
    ]
    hint = (
        f"Colour: difference to {rows[0].difference.baseline}, blue above it and orange below; "
        f"full at {SATURATED:.0f} points."
    )
    switches = (
        _switch("organ", "organs")
        + _switch("further", "further metrics")
        + f'<span class="hint">{text(hint)}</span>'
    )
    return (
        f'<div class="scores"><p class="switches">{switches}</p><div class="wide">'
        f'<table class="sortable"><thead><tr>{head}</tr></thead>{"".join(bodies)}</table>'
        "</div></div>"
    )


def _switch(kind: str, shown: str) -> str:
    return f'<button data-shows="{kind}" aria-pressed="false">{shown}</button>'


def _columns(
    rows: Sequence[Scored], organs: dict[str, str], links: Callable[[Scored], str]
) -> list[Column]:
    baseline = rows[0].difference.baseline
    baselines = {row.difference.ratio[0]: row.scores for row in rows if row.difference.is_baseline}
    return [
        Column("method", lambda row: text(row.scores["method"]), lambda row: row.scores["method"]),
        Column("mean Dice, % (95 %)", _mean, lambda row: row.scores.get("mean_dice"), "number"),
        Column(
            f"difference to {baseline} (95 %)",
            lambda row: with_interval(row.difference.mean, row.difference.low, row.difference.high),
            lambda row: row.difference.mean,
            "number",
            "points of Dice, paired by test case",
        ),
        Column(
            "p",
            lambda row: _p(row.difference.p),
            lambda row: row.difference.p,
            CONTEXT,
            "Wilcoxon over test cases, after Holm's correction",
        ),
        *(_of_paper() if any(pd.notna(row.paper["mean_dice"]) for row in rows) else ()),
        *[_organ(organ, name, baselines) for organ, name in organs.items()],
        *[_further(name) for name in FURTHER if any(name in row.scores for row in rows)],
        Column("runs", links, lambda row: row.scores["method"], "context narrow-off"),
    ]


def _of_paper() -> list[Column]:
    """The published mean and its difference to the published baseline."""
    return [
        Column("paper, %", _paper, lambda row: row.paper["mean_dice"], CONTEXT),
        Column(
            "paper's difference",
            lambda row: with_interval(row.paper["difference"], float("nan"), float("nan")),
            lambda row: row.paper["difference"],
            CONTEXT,
        ),
    ]


def _mean(row: Scored) -> str:
    value, low, high = (row.scores.get(name) for name in ("mean_dice", "ci_low", "ci_high"))
    if value is None or pd.isna(value):
        return NOT_RUN
    sd = row.scores.get("sd_dice")
    spread = "" if sd is None or pd.isna(sd) else f" ± {sd:.1f}"
    known = low is not None and not pd.isna(low)
    interval = f" {unbroken(f'({low:.1f} to {high:.1f})')}" if known else ""
    shown = f"{value:.1f}{spread}{interval}"
    return f'<a href="#{row.anchor}">{shown}</a>' if row.anchor else shown


def _paper(row: Scored) -> str:
    value, sd = row.paper["mean_dice"], row.paper["sd_dice"]
    return "–" if pd.isna(value) else f"{value:.1f} ± {sd:.1f}"


def _p(value: float) -> str:
    return "–" if pd.isna(value) else "< 0.001" if value < 0.001 else f"{value:.3f}"


def _organ(organ: str, name: str, baselines: dict[int, pd.Series]) -> Column:
    """An organ's Dice, coloured by its difference to the baseline's."""

    def cell(row: Scored) -> str:
        value = row.scores[organ]
        if pd.isna(value):
            return "–"
        own = baselines.get(row.difference.ratio[0])
        points = 0.0 if own is None or pd.isna(own[organ]) else value - own[organ]
        share = min(100, round(100 * abs(points) / SATURATED))
        kind = "better" if points > 0 else "worse"
        return (
            f'<span class="heat {kind}" style="--share:{share}%" title="{signed(points)}">'
            f"{value:.1f}</span>"
        )

    return Column(organ, cell, lambda row: row.scores[organ], "number organ", name)


def _further(name: str) -> Column:
    def cell(row: Scored) -> str:
        value = row.scores.get(name)
        return "–" if value is None or pd.isna(value) else f"{value:.1f}"

    return Column(heading(name), cell, lambda row: row.scores.get(name), "number further")


def _best(group: Sequence[Scored]) -> dict[float, str]:
    """Which mean Dice of a group is its best and which its second best."""
    means = [row.scores.get("mean_dice") for row in group]
    known = sorted({mean for mean in means if mean is not None and mean > 0}, reverse=True)
    return dict(zip(known, MARKS, strict=False)) if len(group) > 1 else {}


def _row(row: Scored, columns: Sequence[Column], best: dict[float, str]) -> str:
    kinds = [best.get(row.scores.get("mean_dice"), "")]
    kinds += ["unclear"] if row.difference.unclear else []
    kinds += ["ours"] if row.scores["method"] == "GuidedNet" else []
    first, *others = columns
    cells = "".join(
        f'<td class="{column.kind}" data-key="{_sort_key(column.key(row))}">{column.cell(row)}</td>'
        for column in others
    )
    return (
        f'<tr class="{" ".join(filter(None, kinds))}">'
        f'<th data-key="{text(first.key(row))}">{first.cell(row)}</th>{cells}</tr>'
    )


def _sort_key(value: object) -> str:
    return "" if value is None or pd.isna(value) else text(value)
