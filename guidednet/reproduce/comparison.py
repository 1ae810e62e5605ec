"""Which method is best on one's own data: every labelled case tested once, paired with Sup only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from guidednet.errors import InputError
from guidednet.evaluation.statistics import holm, paired_p_value
from guidednet.methods import method_class, method_label
from guidednet.report.figures.charts import LINE_COLOURS
from guidednet.report.figures.save import DOUBLE, print_figure, save_figure
from guidednet.report.tables.captions import Caption, caption
from guidednet.report.tables.formats import write_table
from guidednet.report.tables.mean_dice import (
    mean_with_interval,
    means_by_case,
    number_of_cases,
    organ_scores_by_case,
    paired_gain,
)
from guidednet.report.tables.table import RUN_KEYS, keys_of
from guidednet.runs.record import Run
from guidednet.runs.resources import default_jobs
from guidednet.runs.side_by_side import train_runs
from guidednet.runs.store import RunStore
from guidednet.study.rows import Row

BASELINE = "supervised"
FEWEST_CASES = 5  # for an interval of a mean over cases
SURE = 0.05  # corrected p below which a difference is called one


@dataclass(frozen=True)
class Comparison:
    """What to compare: `methods` on `dataset`, in `folds` parts of its labelled cases, or on its
    own test cases if `folds` is 1; `percent` of the training cases labelled, None for all that are.
    """

    dataset: str
    methods: tuple[str, ...]
    folds: int
    seeds: int = 1
    percent: float | None = None

    @property
    def name(self) -> str:
        """The name of its files."""
        share = "" if self.percent is None else f"_{self.percent:g}percent"
        return f"{self.dataset}{share}_comparison"


def comparison_rows(wanted: Comparison, runs: RunStore) -> list[Row]:
    """A row per method, the baseline first; its configurations are those of all folds and seeds."""
    methods = dict.fromkeys((BASELINE, *wanted.methods))
    for name in methods:
        method_class(name)
    partitions = [f"fold {fold} of {wanted.folds}" for fold in range(1, wanted.folds + 1)]
    partitions = partitions if wanted.folds > 1 else ["split"]
    workspace = runs.workspace
    return [
        Row(
            method_label(name),
            tuple(
                workspace.run(wanted.dataset, name, wanted.percent, seed, partition)
                for partition in partitions
                for seed in range(wanted.seeds)
            ),
        )
        for name in methods
    ]


def compare(
    wanted: Comparison, runs: RunStore, jobs: int | None = None, gpus: int = 0
) -> tuple[pd.DataFrame, str, Path]:
    """Train what is missing and write a table and a picture; returns the table, what it says in
    words, and the path of its CSV file.
    """
    rows = comparison_rows(wanted, runs)
    configs = [config for row in rows for config in row.configs]
    needed = dict.fromkeys(run for one in configs for run in runs.identity.with_warm_start(one))
    train_runs(runs, list(needed), jobs or default_jobs(runs), gpus)
    table = comparison_table(rows, runs)
    words = verdict(table)
    folder = runs.workspace.figure_folder
    text = caption(f"Comparison on {wanted.dataset}", rows, runs)
    write_table(table, folder, wanted.name, Caption(f"{text.text} {words}", text.notes))
    figure, axes = print_figure(DOUBLE, 0.9 + 0.3 * len(table))
    draw_differences(axes, table, f"{wanted.dataset}: Dice beside Sup only on the same cases")
    save_figure(figure, table, folder, wanted.name)
    return table, words, folder / f"{wanted.name}.csv"


def comparison_table(rows: Sequence[Row], runs: RunStore) -> pd.DataFrame:
    """One line per method: Dice by organ and its mean in percent over all tested cases, and the
    paired difference to the first row in points, with 95 % intervals over cases and Holm's p.

    Fewer than FEWEST_CASES cases give no interval.
    """
    finished = [runs.finished(row.configs) for row in rows]
    scores = [
        organ_scores_by_case(found, row.predictor)
        for row, found in zip(rows, finished, strict=True)
    ]
    lines = [
        _line(row, found, dice, scores[0])
        for row, found, dice in zip(rows, finished, scores, strict=True)
    ]
    table = pd.DataFrame(lines)
    table["p_vs_supervised"] = holm(table["p_vs_supervised"])
    decimals = {name: 4 if name.startswith("p_") else 2 for name in table.columns[3:]}
    keys = [keys_of(found) for found in finished]
    return table.round(decimals).assign(**{RUN_KEYS: keys})


def _line(
    row: Row, runs: list[Run], scores: pd.DataFrame, baseline: pd.DataFrame
) -> dict[str, object]:
    """One method: its means by organ and over all, and its difference to `baseline`."""
    config = row.configs[0]
    mean, low, high = interval(scores)
    return {
        "method": row.label,
        "n_labeled": config.n_labelled,
        "n_unlabeled": config.n_unlabelled,
        **scores.mean().reindex(config.organs.column_names).set_axis(config.organs.columns),
        "mean_dice": mean,
        "n_seeds": len({run.config.seed for run in runs}),
        "n_test_cases": number_of_cases(scores),
        "ci_low": low,
        "ci_high": high,
        **_beside(scores, baseline),
    }


def _beside(scores: pd.DataFrame, baseline: pd.DataFrame) -> dict[str, float]:
    """The paired difference to `baseline` in points, with interval and p.

    They are NaN without scores, and for the baseline itself.
    """
    columns = "difference", "difference_low", "difference_high", "p_vs_supervised"
    gain = paired_gain(scores, baseline)
    if scores is baseline or gain.empty:
        return dict.fromkeys(columns, np.nan)
    by_case = means_by_case(gain)
    p = paired_p_value(by_case, by_case * 0) if number_of_cases(gain) >= FEWEST_CASES else np.nan
    return dict(zip(columns, (*interval(gain), p), strict=True))


def interval(scores: pd.DataFrame) -> tuple[float, float, float]:
    """Mean of `scores` and its 95 % interval, NaN for fewer than FEWEST_CASES cases."""
    mean, low, high = mean_with_interval(scores)
    few = number_of_cases(scores) < FEWEST_CASES
    return mean, np.nan if few else low, np.nan if few else high


def verdict(table: pd.DataFrame) -> str:
    """In words: whether any method differs from the baseline beyond noise."""
    cases, baseline = int(table["n_test_cases"].max()), table["method"].iloc[0]
    if cases < FEWEST_CASES:
        return (
            f"{cases} test cases are too few for an interval, so that nothing can be said about"
            f" which method is better; {FEWEST_CASES} are the least."
        )
    sure = table[table["p_vs_supervised"] < SURE]
    better, worse = sure[sure["difference"] > 0], sure[sure["difference"] < 0]
    if sure.empty:
        return f"No method differs from {baseline} beyond noise on these {cases} cases."
    parts = [
        f"{word} than {baseline} beyond noise: {_listed(rows)}"
        for word, rows in (("better", better), ("worse", worse))
        if len(rows)
    ]
    return f"On these {cases} cases, {'; '.join(parts)}."


def _listed(rows: pd.DataFrame) -> str:
    return ", ".join(
        f"{row.method} by {abs(row.difference):.1f} points"
        f" ({row.difference_low:+.1f} to {row.difference_high:+.1f})"
        for row in rows.itertuples()
    )


def draw_differences(axes: Axes, table: pd.DataFrame, title: str) -> None:
    """A dot per method: its paired difference to the first row, with the interval over cases."""
    shown = table.iloc[1:].reset_index(drop=True)
    places = np.arange(len(shown))
    known = shown["difference_low"].notna()
    axes.axvline(0, color="black", linewidth=0.8)
    axes.hlines(
        places[known],
        shown["difference_low"][known],
        shown["difference_high"][known],
        color=LINE_COLOURS[0],
    )
    axes.plot(shown["difference"], places, "o", color=LINE_COLOURS[0], markersize=4)
    axes.set_yticks(places, shown["method"])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    low = "" if known.any() else " (too few cases for an interval)"
    axes.set(
        xlabel=f"difference of mean Dice to {table['method'].iloc[0]} in points{low}", title=title
    )
    axes.grid(axis="x", alpha=0.3)


def default_folds(labelled: int) -> int:
    """Five folds, or one per labelled case if there are fewer; raises InputError for fewer than two
    labelled cases.
    """
    if labelled < 2:
        fix = "label another one, or use 'guidednet train --all'"
        raise InputError(f"{labelled} labelled case cannot be both trained on and tested; {fix}")
    return min(5, labelled)


def chosen(methods: Collection[str] | None) -> tuple[str, ...]:
    """The methods to compare; a few that represent the field if none are given."""
    return tuple(methods) if methods else ("supervised", "mean_teacher", "cps", "dhc", "guidednet")
