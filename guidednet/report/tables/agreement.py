"""How far runs that were made again agree with the shipped ones: to the byte, or within noise."""

from collections.abc import Sequence

import pandas as pd

from guidednet.report.tables.real_ct import scores_by_case
from guidednet.runs.record import RecordedRuns, Run
from guidednet.study.rows import Row
from guidednet.support.files import file_hash

COLUMNS = (
    "method",
    "seed",
    "shipped_device",
    "device",
    "shipped_dice",
    "dice",
    "largest_case_difference",
    "spread_of_seeds",
    "agrees",
)


def agreement_table(
    rows: Sequence[Row], shipped: RecordedRuns, again: RecordedRuns
) -> pd.DataFrame:
    """One line per run of `rows` that is both in `shipped` and in `again`.

    Mean Dice over test cases in percent in either, the largest difference of a test case in points,
    the largest difference between two shipped seeds of the row in points (NaN for one seed), and
    how the runs agree: in their "bytes" if the score files are equal, within the "spread of seeds",
    or "no".
    """
    lines = [
        _line(row, pair, shipped)
        for row in rows
        for config in row.configs
        if None not in (pair := (shipped.get(config), again.get(config)))
        and pair[0].folder != pair[1].folder
    ]
    return pd.DataFrame(lines, columns=COLUMNS)


def _line(row: Row, pair: tuple[Run, Run], shipped: RecordedRuns) -> dict[str, object]:
    ours, theirs = (scores_by_case([run], row.predictor).iloc[0] for run in pair)
    seeds = scores_by_case(shipped.finished(row.configs), row.predictor).mean(axis=1)
    spread = seeds.max() - seeds.min() if len(seeds) > 1 else float("nan")
    same = len({file_hash(run.folder / "scores.csv") for run in pair}) == 1
    within = abs(ours.mean() - theirs.mean()) <= spread
    values = (
        row.label,
        pair[0].config.seed,
        pair[0].record["device"],
        pair[1].record["device"],
        round(ours.mean(), 2),
        round(theirs.mean(), 2),
        round((ours - theirs).abs().max(), 2),
        round(spread, 2),
        "bytes" if same else "spread of seeds" if within else "no",
    )
    return dict(zip(COLUMNS, values, strict=True))
