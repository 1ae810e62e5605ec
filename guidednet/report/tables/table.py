"""Tables in the paper's form from the scores of runs."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pandas as pd

from guidednet import published
from guidednet.data.organs import OrganSet
from guidednet.errors import one_of
from guidednet.evaluation.scores import LAST, organ_means
from guidednet.evaluation.statistics import holm, paired_p_value
from guidednet.metrics import METRICS, Metric
from guidednet.report.tables.mean_dice import (
    case_dice,
    mean_with_interval,
    organ_scores_by_case,
    scores_of,
)
from guidednet.report.tables.outside import outside_rows
from guidednet.runs.record import Run
from guidednet.runs.store import RunStore
from guidednet.study.rows import Row

NOT_RUN = "not run"
RUN_KEYS = "run_keys"  # a column of the CSV files alone: the keys of a row's runs
NAN = float("nan")


def organ_scores(
    run: Run, metric: str, organs: OrganSet, predictor: str = "primary", rule: str = "skip"
) -> pd.Series:
    """Mean of `metric` by organ column, with fractions in percent.

    `rule` treats absent organs (metrics.mean_over_cases), but a metric that counts absent organs is
    averaged over all cases, whatever the rule. Raises InputError if the metric is unknown.
    """
    kind = one_of("metric", metric, METRICS)
    if kind.counts_absent:
        by_name = scores_of(run, metric, predictor).groupby("organ")["value"].mean()
    else:
        by_name = organ_means(run.scores(), metric, predictor, rule) * kind.scale
    return by_name.reindex(organs.column_names).set_axis(organs.columns)


def organ_dice(row: Row, runs: RunStore) -> pd.DataFrame:
    """Mean Dice in percent over the finished runs of `row`, by the paper's organ column.

    The columns are dice, sd_dice (over seeds), n_seeds and n_test_cases (those with the organ).
    """
    organs, finished = row.configs[0].organs, runs.finished(row.configs)
    by_seed = by_organ(row, finished, "dice")
    cases = (
        scores_of(finished[0], "dice", row.predictor)
        .groupby("organ")["value"]
        .count()
        .reindex(organs.column_names, fill_value=0)
        if finished
        else None
    )
    counts = {"n_seeds": len(finished), "n_test_cases": 0 if cases is None else cases.to_numpy()}
    table = pd.DataFrame({"dice": by_seed.mean(), "sd_dice": by_seed.std(), **counts})
    return table.astype(dict.fromkeys(counts, "Int64"))  # whole also beside lines that have none


def table_row(row: Row, runs: list[Run]) -> dict[str, object]:
    """One line of a table: organ columns, then means over organs and seeds with sd over seeds.

    The paper's metrics come first, then the counts and the interval, then our further metrics. The
    sd is NaN for fewer than two seeds.
    """
    config = row.configs[0]
    of_paper = [metric for metric in METRICS.values() if metric.in_paper]
    others = [metric for metric in METRICS.values() if not metric.in_paper]
    _, low, high = mean_with_interval(organ_scores_by_case(runs, row.predictor))
    return {
        "method": row.label,
        "n_labeled": config.n_labelled,
        "n_unlabeled": config.n_unlabelled,
        **by_organ(row, runs, "dice").mean(),
        **_means(row, runs, of_paper),
        "n_seeds": len(runs),
        "n_test_cases": runs[0].scores()["case"].nunique() if runs else 0,
        "ci_low": low,
        "ci_high": high,
        "last_mean_dice": last_mean_dice(row, runs),
        **_means(row, runs, others),
    }


def last_mean_dice(row: Row, runs: list[Run]) -> float:
    """Mean Dice in percent of the last step, over organs and then seeds."""
    return by_organ(replace(row, predictor=LAST), runs, "dice").mean(axis=1).mean()


def by_organ(row: Row, runs: list[Run], metric: str) -> pd.DataFrame:
    """`metric` of `row`, with a line per run and a column per organ."""
    organs = row.configs[0].organs
    lines = [organ_scores(run, metric, organs, row.predictor) for run in runs]
    return pd.DataFrame(lines, columns=organs.columns, dtype=float)


def _means(row: Row, runs: list[Run], metrics: Iterable[Metric]) -> dict[str, float]:
    """Mean and sd over seeds of each metric's mean over organs, by column name."""
    columns = {}
    for metric in metrics:
        by_seed = by_organ(row, runs, metric.name).mean(axis=1)
        columns |= {metric.mean_column: by_seed.mean(), metric.sd_column: by_seed.std()}
    return columns


def make_table(
    rows: Iterable[Row],
    runs: RunStore,
    item: str,
    on_missing: str = "train",
    reference: str = "GuidedNet",
) -> pd.DataFrame:
    """The table `item` ("table1", ...): the paper's columns, our further ones, the paper's means.

    Metrics are those of guidednet.metrics.METRICS in their units. `p_vs_guidednet` is the p-value
    of a paired Wilcoxon test over test cases against GuidedNet (the row called `reference`) with
    the same training cases, after Holm's correction. A row without runs has no numbers and 0 seeds;
    rows that the profile does not train are not trained here either.
    """
    found = [(row, row_runs(row, runs, on_missing)) for row in rows]
    found += outside_rows([row for row, _ in found], runs)
    table = pd.DataFrame([table_row(row, finished) for row, finished in found])
    by_case = [case_dice(finished, row.predictor) if finished else None for row, finished in found]
    place = table.columns.get_loc("ci_high") + 1
    table.insert(place, "p_vs_guidednet", compare_with_guidednet(table, reference, by_case))
    if item in published.TABLES:
        for column, values in printed_beside(table, published.printed(item)).items():
            table[f"paper_{column}"] = values
    rounded = table.round(
        {column: 4 if column == "p_vs_guidednet" else 2 for column in table.columns[3:]}
    )
    return rounded.assign(**{RUN_KEYS: [keys_of(finished) for _, finished in found]})


def keys_of(runs: Iterable[Run]) -> str | float:
    """The keys of runs, separated by spaces, with which the names of their folders end.

    NaN without runs.
    """
    return " ".join(run.record["key"] for run in runs if "key" in run.record) or NAN


def row_runs(row: Row, runs: RunStore, on_missing: str) -> list[Run]:
    """The finished runs of `row`; those missing are made or not, as `on_missing` says."""
    found = [runs.get(config, on_missing if row.trained else "blank") for config in row.configs]
    return [run for run in found if run is not None]


def printed_beside(
    table: pd.DataFrame,
    printed: pd.DataFrame,
    columns: Sequence[str] = ("mean_dice", "mean_jaccard"),
) -> pd.DataFrame:
    """The published `columns` for each row of `table`; NaN if the paper has none.

    Rows are matched by method and by the ranks of their case numbers: the smallest number here goes
    with the smallest in the paper, and so on, because other data sets have other numbers.
    """
    left, right = _places(table), _places(printed)
    means = printed[list(columns)].set_axis(pd.MultiIndex.from_frame(right))
    return means.reindex(pd.MultiIndex.from_frame(left)).set_axis(table.index)


def _places(table: pd.DataFrame) -> pd.DataFrame:
    """Method of each row, and the ranks of its numbers of labelled and unlabelled cases."""
    ranks = table[["n_labeled", "n_unlabeled"]].rank(method="dense")
    return ranks.assign(method=table["method"])


def compare_with_guidednet(
    table: pd.DataFrame, reference: str, by_case: list[pd.Series | None]
) -> pd.Series:
    """Corrected p of each row against the row called `reference` with the same cases.

    "Sup only" is compared with the row that has the same labelled cases.
    """
    corrected = pd.Series(float("nan"), index=table.index)
    group = pd.Series(pd.NA, index=table.index)
    for index in table.index[::-1][table["method"][::-1] == reference]:
        same_labelled = table["n_labeled"] == table.loc[index, "n_labeled"]
        group[same_labelled & table["n_unlabeled"].isin([0, table.loc[index, "n_unlabeled"]])] = (
            index
        )
    for index in group.dropna().unique():
        others = group.index[(group == index) & (group.index != index)]
        pairs = {
            other: (by_case[other], by_case[index])
            for other in others
            if by_case[other] is not None and by_case[index] is not None
        }
        raw = pd.Series(
            {other: paired_p_value(*pair) for other, pair in pairs.items()}, dtype=float
        )
        corrected.update(holm(raw))
    return corrected


def cost_table(rows: Iterable[Row], runs: RunStore) -> pd.DataFrame:
    """Cost of each row's runs: seconds per step and peak memory in GiB (means over seeds), devices.

    This is separate from the main table, so that the table's bytes do not depend on speed.
    """
    lines = []
    for row in rows:
        records = [
            run.record for config in row.configs if (run := runs.get(config, "blank")) is not None
        ]
        config = row.configs[0]
        seconds = pd.Series([record["seconds_per_step"] for record in records], dtype=float)
        lines.append(
            {
                "method": row.label,
                "n_labeled": config.n_labelled,
                "n_unlabeled": config.n_unlabelled,
                "seconds_per_step": seconds.mean(),
                "sd_seconds_per_step": seconds.std(),
                "n_seeds": len(records),
                "peak_memory_gib": pd.Series(
                    [record["peak_memory_gib"] for record in records], dtype=float
                ).mean(),
                "device": "; ".join(dict.fromkeys(record["device"] for record in records))
                or NOT_RUN,
            }
        )
    return pd.DataFrame(lines).round(3)
