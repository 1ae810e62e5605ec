"""Mean Dice of runs and its interval: the mean is over test cases first, and then over organs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from guidednet.evaluation.statistics import mean_over_organs, two_way_interval
from guidednet.metrics import METRICS
from guidednet.runs.record import Run

NO_SCORES = pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []], names=["seed", "case"]))


def scores_of(run: Run, metric: str, predictor: str) -> pd.DataFrame:
    """The lines of a run's scores for one metric and predictor."""
    scores = run.scores()
    return scores[(scores["metric"] == metric) & (scores["predictor"] == predictor)]


def organ_scores_by_case(
    runs: Sequence[Run], predictor: str, organ: str = "", metric: str = "dice"
) -> pd.DataFrame:
    """`metric` in its unit, such as percent: a line per seed and test case, a column per organ.

    The only column is that of `organ` if it is given. A value is NaN where a case lacks the organ.
    Without runs there is no line.
    """
    if not runs:
        return NO_SCORES
    parts = [scores_of(run, metric, predictor).assign(seed=run.config.seed) for run in runs]
    lines = pd.concat(parts)
    kept = lines[lines["organ"] == organ] if organ else lines
    by_organ = kept.set_index(["seed", "case", "organ"])["value"].unstack("organ")
    return METRICS[metric].scale * by_organ.sort_index()


def case_dice(runs: Sequence[Run], predictor: str) -> pd.Series:
    """Dice in percent by test case: the mean over the organs of the case, then over seeds."""
    return means_by_case(organ_scores_by_case(runs, predictor))


def means_by_case(scores: pd.DataFrame) -> pd.Series:
    """Mean of `scores` (a line per seed and case, a column per organ) by test case.

    It is over the organs of the case, then over seeds.
    """
    return scores.mean(axis=1).groupby("case").mean()


def number_of_cases(scores: pd.DataFrame) -> int:
    """The number of test cases in `scores`, which has a line per seed and case."""
    return scores.index.unique("case").size


def paired_gain(scores: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    """`scores` minus `baseline` for the seeds and cases that both have."""
    return (scores - baseline).dropna(how="all")


def mean_with_interval(scores: pd.DataFrame) -> tuple[float, float, float]:
    """Mean of `scores` (a line per seed and case, a column per organ), and its 95 % interval.

    The mean is over seeds and cases, and then over organs, as in the paper's tables. The interval
    is over seeds and cases together, and over the cases alone for one seed. Of paired differences,
    the mean is thus the difference of the two means.
    """
    if scores.empty:
        return (np.nan,) * 3
    array = as_array(scores)
    return mean_over_organs(array), *two_way_interval(array)


def as_array(scores: pd.DataFrame) -> np.ndarray:
    """`scores` (a line per seed and case, a column per organ) as an array (S,N,O).

    A line that is missing is NaN.
    """
    seeds, cases = scores.index.remove_unused_levels().levels
    every = pd.MultiIndex.from_product([seeds, cases])
    return scores.reindex(every).to_numpy().reshape(len(seeds), len(cases), -1)
