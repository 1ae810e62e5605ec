"""How far runs that were made again agree with the shipped ones: to the byte, or within noise."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from guidednet.evaluation.statistics import mean_over_organs
from guidednet.report.tables.mean_dice import as_array, organ_scores_by_case
from guidednet.runs.record import RecordedRuns, Run
from guidednet.study.rows import Row
from guidednet.support.files import file_hash

COLUMNS = (
    "method",
    "seed",
    "shipped_device",
    "device",
    "processor",
    "shipped_dice",
    "dice",
    "largest_case_difference",
    "spread_of_seeds",
    "agrees",
)


def agreement_table(
    rows: Sequence[Row], shipped: RecordedRuns, folders: Iterable[Path]
) -> pd.DataFrame:
    """One line per run of `rows` that is both in `shipped` and in one of `folders` of runs.

    The device of either, and the processor of the second; mean Dice in percent in either, the
    largest difference of a test case's mean in points, the largest difference between two shipped
    seeds of the row in points (NaN for one seed), and how the runs agree: in their "bytes" if the
    score files are equal, within the "spread of seeds", or "no".
    """
    lines = [
        _line(row, pair, shipped)
        for again in map(RecordedRuns, folders)
        for row in rows
        for config in row.configs
        if None not in (pair := (shipped.get(config), again.get(config)))
        and pair[0].folder != pair[1].folder
    ]
    return pd.DataFrame(lines, columns=COLUMNS)


def by_machine(table: pd.DataFrame) -> pd.DataFrame:
    """An agreement table in short: one line per device and processor that made runs again.

    The number of runs, how many agree in their bytes, within the spread of seeds and not, and the
    mean and the largest difference of a run's mean Dice in points, without its sign.
    """
    change = (table["dice"] - table["shipped_dice"]).abs()
    machines = table.assign(change=change).groupby(
        ["device", "processor"], sort=False, dropna=False
    )
    counts = machines["agrees"].value_counts().unstack(fill_value=0)
    lines = pd.DataFrame(
        {"runs": machines.size()}
        | {kind: counts.get(kind, 0) for kind in ("bytes", "spread of seeds", "no")}
        | {"mean_change": machines["change"].mean(), "largest_change": machines["change"].max()}
    )
    return lines.round(2).reset_index()


def _line(row: Row, pair: tuple[Run, Run], shipped: RecordedRuns) -> dict[str, object]:
    ours, theirs = (organ_scores_by_case([run], row.predictor) for run in pair)
    of_ours, of_theirs = (mean_over_organs(as_array(scores)) for scores in (ours, theirs))
    seeds = as_array(organ_scores_by_case(shipped.finished(row.configs), row.predictor))
    means = [mean_over_organs(seed[None]) for seed in seeds]
    spread = max(means) - min(means) if len(means) > 1 else float("nan")
    same = len({file_hash(run.folder / "scores.csv") for run in pair}) == 1
    within = abs(of_ours - of_theirs) <= spread
    values = (
        row.label,
        pair[0].config.seed,
        pair[0].record["device"],
        pair[1].record["device"],
        pair[1].record.get("processor"),
        round(of_ours, 2),
        round(of_theirs, 2),
        round((ours.mean(axis=1) - theirs.mean(axis=1)).abs().max(), 2),
        round(spread, 2),
        "bytes" if same else "spread of seeds" if within else "no",
    )
    return dict(zip(COLUMNS, values, strict=True))
