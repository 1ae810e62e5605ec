"""The table of the study on real CT: means with intervals over cases and seeds, and differences."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from guidednet import published
from guidednet.evaluation.statistics import rank_intervals
from guidednet.report.tables.mean_dice import (
    as_array,
    mean_with_interval,
    number_of_cases,
    organ_scores_by_case,
    paired_gain,
)
from guidednet.report.tables.table import by_organ, last_mean_dice
from guidednet.runs.record import RecordedRuns, Run
from guidednet.study.real_ct import DATASET
from guidednet.study.rows import Row, without_crop

# The names of rows in the published table, where they differ.
PRINTED_AS = {"GA-CPS": (20, "GA"), "All labels (upper bound)": (100, "V-Net (fully supervised)")}
RIVALS = {"supervised": "Sup only", "cps": "CPS"}  # rows to which every row is compared
AT_ZERO = 0.05  # mean Dice in percent below which an organ is lost: 0.0 at the printed decimal


def real_ct_table(rows: Sequence[Row], runs: RecordedRuns, percent: int = 20) -> pd.DataFrame:
    """One line per row of `rows`; a row without runs has no numbers and 0 seeds.

    Dice in percent by organ and as a mean, with its sd over seeds and its 95 % interval over test
    cases and seeds together (`ci_low`, `ci_high`); the mean at the last step; for each of RIVALS
    the paired difference in points over the seeds that both have, with its interval; the rank by
    mean Dice and its interval; the organs that no seed finds; the published mean of the row at
    `percent` % labelled; devices, commits and keys of the runs.
    """
    finished = [runs.finished(row.configs) for row in rows]
    by_case = [
        organ_scores_by_case(found, row.predictor)
        for row, found in zip(rows, finished, strict=True)
    ]
    rivals = {name: by_case[place_of(rows, label)] for name, label in RIVALS.items()}
    lines = [
        _numbers(row, found, scores) | differences_to(rivals, scores) | _origin(found)
        for row, found, scores in zip(rows, finished, by_case, strict=True)
    ]
    table = pd.DataFrame(lines)
    place = table.columns.get_loc("organs_at_zero")
    for column, values in reversed(_ranks(rows, by_case).items()):
        table.insert(place, column, values)
    table.insert(table.columns.get_loc("device"), "published", _published(rows, percent))
    counts = dict.fromkeys(("organs_at_zero", "rank", "rank_low", "rank_high"), "Int64")
    return table.round({column: 2 for column in table.select_dtypes("number")}).astype(counts)


def by_count_table(rows: Mapping[int, Sequence[Row]], runs: RecordedRuns) -> pd.DataFrame:
    """The lines of `real_ct_table` at each number of labelled cases, of the rows that have runs."""
    tables = [real_ct_table(of_count, runs, _percent(of_count)) for of_count in rows.values()]
    return pd.concat([table[table["n_seeds"] > 0] for table in tables], ignore_index=True)


def _percent(rows: Sequence[Row]) -> int:
    """The labelled cases of rows at one ratio, in percent of the training cases."""
    ratios = [(row.configs[0].n_labelled, row.configs[0].n_unlabelled) for row in rows]
    labelled, unlabelled = max(ratios)  # "Sup only" has no unlabelled case
    return 100 * labelled // (labelled + unlabelled)


def place_of(rows: Sequence[Row], label: str) -> int:
    """The place in `rows` of the row called `label`. Raises StopIteration if there is none."""
    return next(place for place, row in enumerate(rows) if row.label == label)


def _numbers(row: Row, runs: Sequence[Run], scores: pd.DataFrame) -> dict[str, object]:
    """Means of one row by organ and over all."""
    organs = by_organ(row, runs, "dice")
    by_seed = organs.mean(axis=1)
    _, low, high = mean_with_interval(scores)
    return {
        "method": row.label,
        "n_labeled": row.configs[0].n_labelled,
        "n_unlabeled": row.configs[0].n_unlabelled,
        **organs.mean(),
        "mean_dice": by_seed.mean(),
        "sd_dice": by_seed.std(),
        "ci_low": low,
        "ci_high": high,
        "n_seeds": len(runs),
        "n_test_cases": number_of_cases(scores),
        "last_mean_dice": last_mean_dice(row, list(runs)),
        "organs_at_zero": (organs.max() < AT_ZERO).sum() if runs else np.nan,
    }


def differences_to(rivals: dict[str, pd.DataFrame], scores: pd.DataFrame) -> dict[str, float]:
    """The paired difference to each of `rivals` in points, with its interval; NaN to itself."""
    columns = {}
    for name, rival in rivals.items():
        itself = scores is rival
        values = (np.nan,) * 3 if itself else mean_with_interval(paired_gain(scores, rival))
        names = (f"to_{name}", f"to_{name}_low", f"to_{name}_high")
        columns |= dict(zip(names, values, strict=True))
    return columns


def _ranks(rows: Sequence[Row], by_case: Sequence[pd.DataFrame]) -> dict[str, pd.Series]:
    """Rank among the rows that hide their labels, with its interval; NaN for the others."""
    ranked = [
        place
        for place, row in enumerate(rows)
        if len(by_case[place]) and row.configs[0].method != "all_labels"
    ]
    ranks = np.full((len(rows), 3), np.nan)
    if ranked:
        ranks[ranked] = rank_intervals([as_array(by_case[place]) for place in ranked])
    return dict(zip(("rank", "rank_low", "rank_high"), map(pd.Series, ranks.T), strict=True))


def _published(rows: Sequence[Row], percent: int) -> list[float]:
    """Published mean Dice of each row's method at `percent` % labelled; NaN where there is none."""
    methods = [without_crop(row.label) for row in rows]
    names = [PRINTED_AS.get(method, (percent, method)) for method in methods]
    return [published.means_on(DATASET, share).get(name, np.nan) for share, name in names]


def _origin(runs: Sequence[Run]) -> dict[str, str]:
    """Devices, commits and keys of the runs of a row, each once."""
    records = [run.record for run in runs]
    commits = [str(record.get("commit"))[:7] for record in records]
    return {
        "device": "; ".join(dict.fromkeys(record["device"] for record in records)),
        "commit": "; ".join(dict.fromkeys(commits)),
        "runs": " ".join(record["key"] for record in records),
    }
