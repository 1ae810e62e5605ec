"""The study on a second device: means and differences on either device and on both together."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from guidednet.evaluation.statistics import mean_over_organs
from guidednet.report.tables.mean_dice import as_array, organ_scores_by_case
from guidednet.report.tables.real_ct import RIVALS, differences_to, place_of
from guidednet.runs.record import RecordedRuns, Run
from guidednet.study.rows import Row

AGAIN, BOTH = "_again", "_both"  # ends of the names of columns
GAIN = ("to_supervised", "to_supervised_low", "to_supervised_high")


def second_device_table(
    rows: Sequence[Row], shipped: RecordedRuns, again: RecordedRuns
) -> pd.DataFrame:
    """One line per row of `rows` that was trained twice, over the seeds that both stores have.

    Mean Dice in percent, and the paired differences to RIVALS in points with their 95 % intervals
    over test cases and seeds: for `shipped`, for the second trainings (`_again`) and for both
    (`_both`), where the scores of a seed are the mean of its two trainings. So the unit that is
    resampled stays the seed: two trainings of a seed share its crops and its first weights.
    """
    pairs = [_pairs(row, shipped, again) for row in rows]
    scores = [_scores(row, found) for row, found in zip(rows, pairs, strict=True)]
    rivals = {name: scores[place_of(rows, label)] for name, label in RIVALS.items()}
    lines = [
        {"method": row.label, "n_unlabeled": row.configs[0].n_unlabelled, "n_seeds": len(found)}
        | _by_trainings(of_row, rivals)
        | {"device": found[0][0].record["device"], "device_again": found[0][1].record["device"]}
        for row, found, of_row in zip(rows, pairs, scores, strict=True)
        if found
    ]
    return pd.DataFrame(lines).round(2)


def is_whole_study(rows: Sequence[Row], folder: Path) -> bool:
    """Whether a folder of runs made again has the first seed of every row."""
    return len(RecordedRuns(folder).finished([row.configs[0] for row in rows])) == len(rows)


def _pairs(row: Row, shipped: RecordedRuns, again: RecordedRuns) -> list[tuple[Run, Run]]:
    """The two trainings of each seed of a row that both stores have."""
    pairs = [(shipped.get(config), again.get(config)) for config in row.configs]
    return [(first, second) for first, second in pairs if first and second]


def _scores(row: Row, pairs: Sequence[tuple[Run, Run]]) -> dict[str, pd.DataFrame]:
    """The scores of a row by trainings: a line per seed and case, a column per organ."""
    first, second = (
        organ_scores_by_case([pair[place] for pair in pairs], row.predictor) for place in (0, 1)
    )
    return {"": first, AGAIN: second, BOTH: (first + second) / 2}


def _by_trainings(
    scores: dict[str, pd.DataFrame], rivals: dict[str, dict[str, pd.DataFrame]]
) -> dict[str, float]:
    """Mean Dice and the differences to the rivals, for each kind of trainings."""
    columns = {}
    for suffix, found in scores.items():
        gains = differences_to({name: rival[suffix] for name, rival in rivals.items()}, found)
        numbers = {"mean_dice": mean_over_organs(as_array(found))} | gains
        columns |= {f"{name}{suffix}": value for name, value in numbers.items()}
    return columns
