"""One method at several values of some fields: a table, a picture, and the best on validation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from guidednet.config import RunConfig
from guidednet.methods import method_label
from guidednet.report.figures.charts import LINE_COLOURS
from guidednet.report.figures.save import DOUBLE, print_figure, save_figure
from guidednet.report.tables.captions import Caption, caption
from guidednet.report.tables.formats import write_table
from guidednet.report.tables.table import make_table
from guidednet.runs.config_fields import with_fields
from guidednet.runs.resources import default_jobs
from guidednet.runs.settings import short_text, shortened
from guidednet.runs.side_by_side import train_runs
from guidednet.runs.store import RunStore
from guidednet.study.rows import Row

VALIDATION, BEST = "validation_dice", "best_validation_dice"


@dataclass(frozen=True)
class Sweep:
    """What to try: the run `base` with every combination of the `values` of fields.

    Each combination has `seeds` seeds, from that of `base`.
    """

    base: RunConfig
    values: Mapping[str, Sequence[Any]]
    seeds: int = 1

    @property
    def name(self) -> str:
        """The name of its files."""
        fields = "_".join(name.split(".")[-1] for name in self.values)
        return shortened(f"sweep_{self.base.dataset}_{self.base.method}_{fields}")

    @property
    def title(self) -> str:
        """What is tried, in words."""
        return f"{method_label(self.base.method)} on {self.base.dataset}"


def sweep_rows(wanted: Sweep) -> list[Row]:
    """A row per combination, named by its values; the last field changes fastest.

    Raises InputError for values that no run can have.
    """
    rows = []
    for combination in product(*wanted.values.values()):
        values = dict(zip(wanted.values, combination, strict=True))
        label = ", ".join(short_text(name, value) for name, value in values.items())
        run = with_fields(wanted.base, values)
        seeds = range(run.seed, run.seed + wanted.seeds)
        rows.append(Row(label, tuple(replace(run, seed=seed) for seed in seeds)))
    return rows


def train_and_write(
    wanted: Sweep, runs: RunStore, path: Path | None, jobs: int | None = None, gpus: int = 0
) -> tuple[pd.DataFrame, str, Path]:
    """Train what is missing and write a table and a picture, to `path` (.csv) if it is given.

    Returns the table, what it says in words, and the path of its CSV file.
    """
    rows = sweep_rows(wanted)
    configs = [config for row in rows for config in row.configs]
    needed = dict.fromkeys(run for one in configs for run in runs.identity.with_warm_start(one))
    train_runs(runs, list(needed), jobs or default_jobs(runs), gpus)
    table = with_validation(make_table(rows, runs, wanted.name, on_missing="blank"), rows, runs)
    words = verdict(table)
    text = caption(wanted.title, rows, runs, varied=wanted.values)
    folder, name = (path.parent, path.stem) if path else (runs.workspace.figure_folder, wanted.name)
    write_table(table, folder, name, Caption(f"{text.text} {words}", text.notes))
    figure, axes = print_figure(DOUBLE, 2.6)
    draw_sweep(axes, table, wanted)
    save_figure(figure, table, folder, name)
    return table, words, folder / f"{name}.csv"


def with_validation(table: pd.DataFrame, rows: Sequence[Row], runs: RunStore) -> pd.DataFrame:
    """`table` with the mean of the best validation Dice in percent, and its sd over seeds."""
    found = [
        pd.Series([run.record[BEST] for run in runs.finished(row.configs)], dtype=float)
        for row in rows
    ]
    place = table.columns.get_loc("mean_dice")
    table.insert(place, VALIDATION, [round(100 * values.mean(), 2) for values in found])
    table.insert(place + 1, f"sd_{VALIDATION}", [round(100 * values.std(), 2) for values in found])
    return table


def verdict(table: pd.DataFrame) -> str:
    """In words: which row is best on the validation cases, and what it reaches on the test cases.

    The test cases choose nothing, because a score that was chosen by is no measurement.
    """
    if table[VALIDATION].isna().all():
        return "No run has a validation score, so that no row can be chosen."
    best = table.loc[table[VALIDATION].idxmax()]
    return (
        f"Best on the validation cases: {best['method']}, validation Dice {best[VALIDATION]:.2f} %,"
        f" test Dice {best['mean_dice']:.2f} %."
    )


def draw_sweep(axes: Axes, table: pd.DataFrame, wanted: Sweep) -> None:
    """Validation and test Dice of each row, with whiskers for the spread over seeds.

    A line joins the values of a single field with numbers; other rows have no order.
    """
    places, names = range(len(table)), list(table["method"])
    for column, colour, label in (
        (VALIDATION, LINE_COLOURS[0], "validation cases"),
        ("mean_dice", LINE_COLOURS[1], "test cases"),
    ):
        spread = table[f"sd_{column}" if column == VALIDATION else "sd_dice"].fillna(0)
        style = {"color": colour, "marker": "o", "markersize": 4, "label": label}
        line = "-" if _has_order(wanted) else "none"
        axes.errorbar(places, table[column], spread, linestyle=line, **style)
    axes.set_xticks(places, names, **({"rotation": 20, "ha": "right"} if len(names) > 5 else {}))
    seeds = f"{wanted.seeds} seed{'s' if wanted.seeds > 1 else ''}"
    axes.set(ylabel="mean Dice (%)", title=f"{wanted.title}, {seeds}")
    axes.grid(alpha=0.3)
    axes.legend()


def _has_order(wanted: Sweep) -> bool:
    """Whether the rows are the values of one field with numbers."""
    (first, *others) = wanted.values.values()
    return not others and all(type(value) in (int, float) for value in first)
