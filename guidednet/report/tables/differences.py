"""Paired differences in Dice between the rows of a table and their baseline, case by case."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from guidednet import published
from guidednet.config import RunConfig
from guidednet.data.organs import Organ
from guidednet.evaluation.statistics import holm, paired_p_value
from guidednet.report.tables.mean_dice import (
    mean_with_interval,
    means_by_case,
    organ_scores_by_case,
    paired_gain,
)
from guidednet.report.tables.table import printed_beside
from guidednet.runs.record import Run
from guidednet.study.rows import Row

BASELINE = "Sup only"
NAN = float("nan")


@dataclass(frozen=True)
class Difference:
    """A row beside its baseline.

    `mean` (low to high) is the difference of the two means in points of Dice, with its 95 %
    interval over cases and seeds, `by_case` the difference of each test case, a mean over its
    organs and over seeds. All are NaN or empty without runs, and for the baseline itself.
    """

    row: Row
    runs: tuple[Run, ...]
    baseline: str
    mean: float = NAN
    low: float = NAN
    high: float = NAN
    p: float = NAN  # Wilcoxon over cases, after Holm's correction among rows of the same cases
    by_case: pd.Series = field(default_factory=lambda: pd.Series(dtype=float), compare=False)

    @property
    def ratio(self) -> tuple[int, int]:
        """Numbers of labelled and unlabelled training cases."""
        return self.row.configs[0].n_labelled, self.row.configs[0].n_unlabelled

    @property
    def is_baseline(self) -> bool:
        """Whether other rows are compared with this one."""
        return self.row.label == self.baseline

    @property
    def is_trained(self) -> bool:
        """Whether the profile trains the row, or its runs are there without that."""
        return self.row.trained or bool(self.runs)

    @property
    def unclear(self) -> bool:
        """Whether the interval contains 0, so that row and baseline cannot be told apart."""
        return bool(self.low <= 0 <= self.high)


def differences(
    rows: Sequence[Row], find: Callable[[RunConfig], Run | None], organ: str = ""
) -> list[Difference]:
    """Each of `rows` beside "Sup only" on the same labelled cases, else beside the first row.

    `find` gives the finished run of a configuration, or None. Seeds that only one of the two has
    take no part. Dice is that of `organ`, or the mean over organs.
    """
    runs = [tuple(run for config in row.configs if (run := find(config))) for row in rows]
    found = [
        _difference(row, of_row, *_baseline(row, rows, runs), organ)
        for row, of_row in zip(rows, runs, strict=True)
    ]
    return _corrected(found)


def _baseline(
    row: Row, rows: Sequence[Row], runs: Sequence[tuple[Run, ...]]
) -> tuple[str, Row, tuple[Run, ...]]:
    """Name, row and runs of what `row` is compared with; the runs are empty if there is none."""
    named = [place for place, other in enumerate(rows) if other.label == BASELINE]
    labelled = row.configs[0].n_labelled
    same = [place for place in named if rows[place].configs[0].n_labelled == labelled]
    place = (same if named else [0])[:1]
    return (rows[place[0]].label, rows[place[0]], runs[place[0]]) if place else (BASELINE, row, ())


def _difference(
    row: Row, runs: tuple[Run, ...], name: str, baseline: Row, others: tuple[Run, ...], organ: str
) -> Difference:
    if not runs or not others or row.label == name:
        return Difference(row, runs, name)
    pair = ((runs, row.predictor), (others, baseline.predictor))
    ours, theirs = (organ_scores_by_case(*one, organ) for one in pair)
    points = paired_gain(ours, theirs)
    if points.empty:
        return Difference(row, runs, name)
    by_case = means_by_case(points)
    p = paired_p_value(by_case, by_case * 0)
    return Difference(row, runs, name, *mean_with_interval(points), p, by_case)


def _corrected(found: list[Difference]) -> list[Difference]:
    """The same with p corrected among the rows that share their numbers of training cases."""
    raw = pd.Series([one.p for one in found], dtype=float)
    groups = pd.Series([str(one.ratio) for one in found])
    p_values = raw.groupby(groups).transform(holm)
    values = [vars(one) | {"p": p} for one, p in zip(found, p_values, strict=True)]
    return [Difference(**value) for value in values]


def difference_table(
    item: str,
    rows: Sequence[Row],
    find: Callable[[RunConfig], Run | None],
    organ: Organ | None = None,
) -> pd.DataFrame:
    """The `differences` of the rows of `item` that have one, with those of the paper, in points.

    Columns are method, n_labeled, n_unlabeled, baseline, difference, low, high, and paper.
    """
    found = differences(rows, find, organ.name if organ else "")
    lines = [
        (one.row.label, *one.ratio, one.baseline, one.mean, one.low, one.high) for one in found
    ]
    columns = ["method", "n_labeled", "n_unlabeled", "baseline", "difference", "low", "high"]
    table = pd.DataFrame(lines, columns=columns)
    paper = published_differences(item, table, organ.column if organ else "mean_dice")
    return table.assign(paper=paper["difference"]).dropna(subset="difference")


def published_differences(
    item: str, table: pd.DataFrame, column: str = "mean_dice"
) -> pd.DataFrame:
    """The paper's row for each row of `table`, NaN without one.

    The columns are n_labeled, n_unlabeled, mean_dice, sd_dice and difference. The difference is
    that of `column` to the paper's "Sup only" on the same labelled cases, else to its first row.
    """
    columns = ["n_labeled", "n_unlabeled", "mean_dice", "sd_dice", "difference"]
    if item not in published.TABLES:
        return pd.DataFrame(np.nan, index=table.index, columns=columns)
    printed = published.printed(item)
    printed["difference"] = printed[column] - [
        _published_baseline(printed, line.method, line.n_labeled, column)
        for line in printed.itertuples()
    ]
    return printed_beside(table, printed, columns)


def _published_baseline(printed: pd.DataFrame, method: str, n_labelled: int, column: str) -> float:
    """The Dice with which the paper's row is compared; NaN for that row itself."""
    named = printed[printed["method"] == BASELINE]
    same = named[named["n_labeled"] == n_labelled] if len(named) else printed.iloc[:1]
    return NAN if same.empty or method == same["method"].iloc[0] else same[column].iloc[0]
