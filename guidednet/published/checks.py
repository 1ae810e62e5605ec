"""Checks of the published numbers: means recomputed, the text compared with the tables.

`detectable_gap` says which gaps so few cases can show.
"""

import numpy as np
import pandas as pd
from scipy import stats

from guidednet.data.datasets import organ_set
from guidednet.published import printed

DATASETS = {"table1": "flare22", "table2": "amos", "table3": "flare22"}


def row_means(item: str) -> pd.DataFrame:
    """Mean Dice of each row of "table1" ... "table3": printed, recomputed, and their difference.

    The recomputed mean is that of the row's organ columns.
    """
    table = printed(item)
    mean = table[organ_set(DATASETS[item]).columns].mean(axis=1)
    result = table[["method", "n_labeled", "n_unlabeled", "mean_dice"]].assign(
        mean_of_organs=mean.round(2)
    )
    return result.assign(difference=(table["mean_dice"] - mean).round(2))


def stated_numbers() -> pd.DataFrame:
    """Numbers of the running text beside those that the tables give.

    The columns are place, statement, stated, recomputed, difference.
    """
    stated = printed("stated")
    recomputed = [round(_recompute(line), 2) for line in stated.itertuples()]
    result = stated[["place", "statement", "stated"]].assign(recomputed=recomputed)
    return result.assign(difference=(result["stated"] - result["recomputed"]).round(2))


def _recompute(line: tuple) -> float:
    """The number that one line of stated.csv claims, computed from its table."""
    table = printed(line.table)
    own = table[(table["method"] == line.method) & (table["n_unlabeled"] == line.n_unlabeled)].iloc[
        0
    ]
    if line.kind == "value":
        return own[line.column]
    if line.kind == "gain":
        same = table[(table["method"] == line.other) & (table["n_labeled"] == own["n_labeled"])]
        return own[line.column] - same[line.column].iloc[0]
    others = table[(table["n_unlabeled"] == line.n_unlabeled) & (table["method"] != line.method)]
    return own[line.column] - (
        others[line.column].max() if line.kind == "least gain" else others[line.column].min()
    )


def organ_gains(item: str, method: str, baseline: str, n_unlabeled: int) -> pd.Series:
    """Published Dice of `method` minus that of `baseline` by organ, in points.

    Both are the rows with `n_unlabeled` cases.
    """
    table = (
        printed(item)
        .query("n_unlabeled == @n_unlabeled")
        .set_index("method")[organ_set(DATASETS[item]).columns]
    )
    return (table.loc[method] - table.loc[baseline]).round(2)


def dice_ranks(column: str = "Sto") -> pd.DataFrame:
    """The rank of the organ `column` by Dice (1 is the best of 13) in every row of Table 1."""
    table = printed("table1")
    ranks = table[organ_set("flare22").columns].rank(axis=1, ascending=False)
    return table[["method", "n_labeled", "n_unlabeled"]].assign(rank=ranks[column].astype(int))


def detectable_gap(cases: int, sd: float, power: float = 0.8) -> float:
    """The least true gap in points that a paired t test (5 %) over `cases` finds with `power`.

    `sd` is the spread in points, from case to case, of the difference between two methods.
    """
    freedom = cases - 1
    critical = stats.t.ppf(0.975, freedom)
    gaps = np.linspace(0, 6 * sd, 2001)
    found = 1 - stats.nct.cdf(critical, freedom, gaps / sd * np.sqrt(cases))
    return float(gaps[np.argmax(found >= power)])
