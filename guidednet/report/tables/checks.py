"""Whether the scores that a table or figure shows can be true; what cannot be is named by its run."""

from collections.abc import Iterable

import numpy as np

from guidednet.metrics import metrics_in
from guidednet.runs.record import Run
from guidednet.runs.store import RunStore
from guidednet.study.rows import Row


def broken_scores(rows: Iterable[Row], runs: RunStore) -> list[str]:
    """A sentence for each finished run of `rows` whose scores contradict themselves; empty where
    all is well.
    """
    configs = dict.fromkeys(config for row in rows for config in row.configs)
    return [
        f"{run.folder.name}: {fault}" for run in runs.finished(configs) if (fault := _fault(run))
    ]


def _fault(run: Run) -> str:
    """What is wrong with the scores of a run: ranges, the identity J = D / (2 - D), a case or organ
    that stands twice.
    """
    scores = run.scores()
    if scores.duplicated(["predictor", "case", "organ", "metric"]).any():
        return "scores.csv has a score twice"
    wide = scores.pivot_table(
        index=["predictor", "case", "organ"], columns="metric", values="value", dropna=False
    )
    overlaps = wide[metrics_in("%")].stack()
    if not overlaps.dropna().between(0, 1).all():
        return "scores.csv has a share outside 0 to 1"
    if not np.allclose(
        wide["jaccard"], wide["dice"] / (2 - wide["dice"]), atol=1e-9, equal_nan=True
    ):
        return "scores.csv has a Jaccard that does not follow from its Dice"
    return ""
