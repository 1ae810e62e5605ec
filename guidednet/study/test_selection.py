"""What selecting the step on the test cases gains: kept steps scored on validation and test cases.

Apart from the final scores, this is the only place that opens test cases, and it does so after the
training: the run itself selected its step on validation cases alone.
"""

import pandas as pd

from guidednet.runs.record import Run
from guidednet.runs.store import RunStore
from guidednet.study.rows import Row
from guidednet.training import checkpoint
from guidednet.training.device import accelerated
from guidednet.training.loop import make_method
from guidednet.training.state import kept_weights
from guidednet.training.validation import validation_dice

COLUMNS = [
    "method",
    "seed",
    "looks",
    "last",
    "best_on_validation",
    "best_on_test",
    "gain",
    "n_validation_cases",
    "n_test_cases",
]


def look_scores(run: Run, runs: RunStore) -> pd.DataFrame:
    """Mean Dice in percent of every kept step of a run: columns step, validation, test."""
    config, split = run.config, runs.split(run.config)
    cases = runs.workspace.cases(config.dataset)
    method = accelerated(make_method(config), config.training, "cpu")
    lines = []
    for step in range(
        config.training.keep_every, config.training.steps + 1, config.training.keep_every
    ):
        method.load_state_dict(checkpoint.load(kept_weights(run.folder, step)))
        parts = {"validation": split.validation, "test": split.test}
        lines.append(
            {"step": step}
            | {
                name: 100 * validation_dice(method, config, cases, part, "cpu")
                for name, part in parts.items()
            }
        )
    return pd.DataFrame(lines)


def selection_table(rows: list[Row], runs: RunStore, on_missing: str = "train") -> pd.DataFrame:
    """One line per row and seed: test Dice at the last step and at two selected steps.

    The selected steps are the best on validation and the best on test. `gain` is what selecting on
    the test cases adds to selecting on validation cases, in points; it is never negative. `looks`
    is the number of kept steps, and the last columns count the cases of the means.
    """
    found = [
        (row, run)
        for row in rows
        for config in row.configs
        if (run := runs.get(config, on_missing if row.trained else "blank")) is not None
    ]
    return pd.DataFrame([_selection(row, run, runs) for row, run in found], columns=COLUMNS).round(
        2
    )


def _selection(row: Row, run: Run, runs: RunStore) -> tuple:
    """One line of `selection_table`, in the order of COLUMNS."""
    looks, split = look_scores(run, runs), runs.split(run.config)
    last, test = looks["test"].iloc[-1], looks["test"].max()
    validation = looks["test"][looks["validation"].idxmax()]
    cases = len(split.validation), len(split.test)
    return row.label, run.config.seed, len(looks), last, validation, test, test - validation, *cases
