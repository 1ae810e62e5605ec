"""Paired differences against a computation from the score files, case by case."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from guidednet.data.datasets import organ_set
from guidednet.report.tables import differences as module
from guidednet.report.tables.differences import (
    difference_table,
    differences,
    published_differences,
)
from guidednet.report.tables.mean_dice import as_array, organ_scores_by_case
from helpers.written_pages import CASES, SEEDS, rows, write_runs


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return write_runs(tmp_path_factory.mktemp("runs"))


def case_means(store, row, seed):
    """Dice in percent by case, from the file."""
    folder = store.get(row.configs[seed]).folder
    scores = pd.read_csv(folder / "scores.csv").query("metric == 'dice'")
    return np.array([100 * scores[scores["case"] == case]["value"].mean() for case in CASES])


def test_differences_are_paired_by_case_and_seed(store):
    supervised, cps, _ = rows()
    points = np.array([case_means(store, cps, s) - case_means(store, supervised, s) for s in SEEDS])
    _, found, _ = differences(rows(), store.get)
    assert found.baseline == "Sup only" and found.ratio == (3, 4)
    np.testing.assert_allclose(found.by_case[CASES], points.mean(axis=0))
    assert found.mean == pytest.approx(points.mean())
    generator = np.random.default_rng(0)
    cases, seeds = generator.integers(0, 6, (2000, 6)), generator.integers(0, 2, (2000, 2))
    means = [points[np.ix_(s, c)].mean() for s, c in zip(seeds, cases, strict=True)]
    np.testing.assert_allclose((found.low, found.high), np.percentile(means, (2.5, 97.5)))


def test_a_difference_is_that_of_the_means_also_where_organs_are_absent(store, monkeypatch):
    found = {
        row.label: organ_scores_by_case(store.finished(row.configs), "primary") for row in rows()
    }
    for scores in found.values():
        scores.iloc[[0, 6], 0] = np.nan
    wanted = [as_array(found[name]) for name in ("CPS", "Sup only")]
    of_row = iter([found["CPS"], found["Sup only"], found["GuidedNet"], found["Sup only"]])
    monkeypatch.setattr(module, "organ_scores_by_case", lambda *_: next(of_row))
    one = differences(rows(), store.get)[1]
    means = [np.nanmean(array, axis=(0, 1)).mean() for array in wanted]
    assert one.mean == pytest.approx(means[0] - means[1])
    assert one.mean != pytest.approx(one.by_case.mean(), abs=1e-3)


def test_p_values_are_corrected_among_rows_of_the_same_cases(store):
    _, *others = differences(rows(), store.get)
    raw = sorted(stats.wilcoxon(one.by_case).pvalue for one in others)
    assert sorted(one.p for one in others) == pytest.approx(
        [min(2 * raw[0], 1), min(max(2 * raw[0], raw[1]), 1)]
    )
    assert others[0].unclear and not others[1].unclear and others[1].p < 0.1


def test_rows_without_a_partner_have_no_difference(store):
    baseline, found, _ = differences(rows(), store.get)
    assert baseline.is_baseline and np.isnan(baseline.mean) and not baseline.unclear
    other = dataclasses.replace(
        rows()[1],
        configs=tuple(dataclasses.replace(config, n_labelled=9) for config in rows()[1].configs),
    )
    (_, alone) = differences([rows()[0], other], lambda config: None)
    assert np.isnan(alone.mean) and alone.by_case.empty and alone.runs == ()
    first, second = differences(rows()[1:], store.get)
    assert (first.is_baseline, second.baseline) == (True, "CPS")


def test_a_seed_that_only_one_has_takes_no_part(store):
    supervised, cps, _ = rows()
    missing = supervised.configs[1]
    found = differences([supervised, cps], lambda c: None if c == missing else store.get(c))[1]
    points = case_means(store, cps, 0) - case_means(store, supervised, 0)
    assert found.mean == pytest.approx(points.mean())


def test_a_table_has_the_rows_with_a_difference_and_the_papers_beside(store):
    found = difference_table("table1", rows(), store.get).set_index("method")
    cps, ours = differences(rows(), store.get)[1:]
    assert list(found.index) == ["CPS", "GuidedNet"] and (found["baseline"] == "Sup only").all()
    assert found.loc["CPS", ["difference", "low", "high"]].tolist() == [cps.mean, cps.low, cps.high]
    assert found.loc["GuidedNet", "paper"] == pytest.approx(83.12 - 68.41)
    assert found.loc["GuidedNet", "difference"] == ours.mean
    assert difference_table("table1", rows(), lambda config: None).empty


def test_an_organs_difference_is_paired_as_well(store):
    liver = organ_set("flare22").by_label[1]
    found = difference_table("table1", rows(), store.get, liver).set_index("method")
    scores = [
        pd.read_csv(store.get(row.configs[seed]).folder / "scores.csv")
        .query("metric == 'dice' and organ == 'liver'")
        .set_index("case")["value"]
        for row in rows()[:2]
        for seed in SEEDS
    ]
    points = 100 * (scores[2] + scores[3] - scores[0] - scores[1]) / 2
    cps = found.loc["CPS"]
    assert cps["difference"] == pytest.approx(points.mean()) and cps["low"] < cps["difference"]
    assert found.loc["GuidedNet", "paper"] == pytest.approx(96.09 - 94.21)


def test_the_papers_differences_are_to_its_sup_only():
    table = pd.DataFrame(
        {
            "method": ["Sup only", "CPS", "GuidedNet", "new"],
            "n_labeled": [6, 6, 6, 6],
            "n_unlabeled": [0, 6, 54, 54],
        }
    )
    found = published_differences("table1", table)
    assert found["difference"][1] == pytest.approx(79.24 - 68.41)
    assert found["difference"][2] == pytest.approx(83.64 - 68.41)
    assert found["difference"][[0, 3]].isna().all() and found["n_unlabeled"][2] == 378
    assert published_differences("readings", table)["mean_dice"].isna().all()
