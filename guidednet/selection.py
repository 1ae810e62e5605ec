"""What selecting the step on the test cases buys: every kept look of a run is scored on validation and test cases.

This is the one place, beside the final scores, where test cases are opened, and it is after the training: the run
itself selected on validation cases alone.
"""

import pandas as pd

from guidednet import checkpoint
from guidednet.experiments import Row
from guidednet.records import Run
from guidednet.runs import RunStore
from guidednet.train import kept_weights, make_method, validation_dice


def look_scores(run: Run, store: RunStore) -> pd.DataFrame:
    """Mean Dice in percent of every kept step of a run: columns step, validation, test."""
    config, split = run.config, store.split(run.config)
    cases = store.workspace.store(config.dataset)
    method = make_method(config)
    lines = []
    for step in range(config.training.keep_every, config.training.steps + 1, config.training.keep_every):
        method.load_state_dict(checkpoint.load(kept_weights(run.folder, step)))
        parts = {"validation": split.validation, "test": split.test}
        lines.append({"step": step} | {name: 100 * validation_dice(method, config, cases, part, "cpu") for name, part in parts.items()})
    return pd.DataFrame(lines)


def selection_table(rows: list[Row], store: RunStore, on_missing: str = "train") -> pd.DataFrame:
    """One line per row and seed: test Dice at the last look, at the best on validation and at the best on test, the gain, and over how
    many cases the means go.

    `gain` is what selecting on the test cases adds to selecting on validation cases, in points; it is never negative.
    """
    lines = []
    for row in rows:
        for config in row.runs:
            run = store.get(config, on_missing)
            if run is not None:
                looks = look_scores(run, store)
                last, validation, test = (looks["test"].iloc[-1], looks["test"][looks["validation"].idxmax()], looks["test"].max())
                line = {"method": row.label, "seed": config.seed, "looks": len(looks), "last": last}
                split = store.split(config)
                numbers = {"n_validation_cases": len(split.validation), "n_test_cases": len(split.test)}
                lines.append(line | {"best_on_validation": validation, "best_on_test": test, "gain": test - validation} | numbers)
    numbers = ["n_validation_cases", "n_test_cases"]
    columns = ["method", "seed", "looks", "last", "best_on_validation", "best_on_test", "gain", *numbers]
    return pd.DataFrame(lines, columns=columns).round(2)
