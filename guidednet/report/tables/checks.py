"""Consistency checks of the scores that a table or figure shows; faults are reported by run."""

from collections.abc import Iterable

import numpy as np

from guidednet.metrics import metrics_in
from guidednet.runs.record import Run
from guidednet.runs.store import RunStore
from guidednet.study.rows import Row


def broken_scores(rows: Iterable[Row], runs: RunStore) -> list[str]:
    """One sentence per finished run of `rows` whose scores contradict themselves; usually empty."""
    configs = dict.fromkeys(config for row in rows for config in row.configs)
    return [
        f"{run.folder.name}: {fault}" for run in runs.finished(configs) if (fault := _fault(run))
    ]


def _fault(run: Run) -> str:
    """The first fault in a run's scores: a duplicate, a range, or J = D / (2 - D) violated.

    Empty if the scores are consistent.
    """
    scores = run.scores()
    if scores.duplicated(["predictor", "case", "organ", "metric"]).any():
        return "scores.csv contains a duplicate score"
    wide = scores.pivot_table(
        index=["predictor", "case", "organ"], columns="metric", values="value", dropna=False
    )
    overlaps = wide[metrics_in("%")].stack()
    if not overlaps.dropna().between(0, 1).all():
        return "scores.csv contains a fraction outside 0 to 1"
    if not np.allclose(
        wide["jaccard"], wide["dice"] / (2 - wide["dice"]), atol=1e-9, equal_nan=True
    ):
        return "scores.csv contains a Jaccard index that contradicts its Dice"
    return ""
