"""The text that `guidednet evaluate` prints.

It gives means by organ, the cases and seeds behind them, and the interval over cases.
"""

import pandas as pd

from guidednet.evaluation.statistics import bootstrap_interval
from guidednet.metrics import METRICS
from guidednet.report.tables.captions import counted
from guidednet.report.tables.mean_dice import case_dice
from guidednet.runs.record import Run


def run_text(run: Run) -> str:
    """Mean scores of a run on its test cases by organ, predictor and metric.

    Overlaps are in percent, hd95 in mm.
    """
    scores = run.scores()
    scale = scores["metric"].map({name: metric.scale for name, metric in METRICS.items()})
    scores = scores.assign(value=scale * scores["value"])
    table = scores.pivot_table(
        index="organ", columns=["predictor", "metric"], values="value", sort=False, dropna=False
    )
    table.loc["mean of organs"] = table.mean()
    present = (
        scores[(scores["metric"] == "dice") & (scores["reference_voxels"] > 0)]
        .groupby("organ")["case"]
        .nunique()
    )
    table.insert(0, ("", "cases"), present.reindex(table.index, fill_value=0))
    table.loc["mean of organs", ("", "cases")] = scores["case"].nunique()
    rests_on = (
        f"{counted([scores['case'].nunique()], 'test case')}, "
        f"one seed ({run.config.seed}), so that the spread over seeds is unknown"
    )
    intervals = [_interval(case_dice([run], name), name) for name in scores["predictor"].unique()]
    head = f"{run.folder.name}\n{rests_on}; {_units()}"
    return "\n".join([head, table.round(2).to_string(na_rep="-"), *intervals])


def _units() -> str:
    """The units of all metrics: "dice in %, ..."."""
    return ", ".join(f"{name} in {metric.unit}" for name, metric in METRICS.items())


def folder_text(scores: pd.DataFrame, means: pd.DataFrame) -> str:
    """The `means` of the `scores` of a folder (guidednet.evaluation.folders), and their cases.

    Overlaps are 0 to 1, hd95 is in mm.
    """
    by_case = 100 * scores.groupby("case")["dice"].mean()
    head = counted([scores["case"].nunique()], "case")
    return "\n".join([head, means.round(4).to_string(na_rep="-"), _interval(by_case, "all organs")])


def _interval(by_case: pd.Series, name: str) -> str:
    """The mean of `by_case` (percent, one value per case) and its interval.

    An interval needs at least two cases; a case without any organ in its reference has no value.
    """
    without = int(by_case.isna().sum())
    if without == len(by_case):
        return f"{name}: no case has an organ in its reference, so that there is no mean Dice"
    low, high = bootstrap_interval(by_case)
    interval = (
        f"95 % interval over cases {low:.2f} to {high:.2f} %"
        if pd.notna(low)
        else "no interval over a single case"
    )
    left_out = f"; {counted([without], 'case')} without an organ left out" if without else ""
    return f"{name}: mean Dice of a case {by_case.mean():.2f} %, {interval}{left_out}"
