"""From scores to a table: means as the paper forms them, nothing invented for what is missing."""

from dataclasses import replace

import pandas as pd
import pytest

from guidednet import published
from guidednet.data.datasets import organ_set
from guidednet.report.tables.captions import Caption
from guidednet.report.tables.checks import broken_scores
from guidednet.report.tables.formats import below_supervised, markdown, readable, write_table
from guidednet.report.tables.table import cost_table, make_table, organ_dice
from guidednet.runs.record import RecordedRuns, Run
from guidednet.study.rows import Row
from helpers.tiny_runs import tiny_config
from helpers.written_runs import liver_scores, write_run

METRICS = ("dice", "jaccard", "nsd", "hd95", "false_positive_ml")


class ScoredRun(Run):
    """A run whose scores are given."""

    def scores(self):
        return self.record["scores"]


def scores(dice_by_organ):
    """Two cases; the organ scores `value` in the first, `value` + 0.1 in the second; the
    gallbladder is in the first alone.
    """
    rows = []
    for organ in organ_set("flare22").by_label.values():
        value = dice_by_organ.get(organ.name, 0.5)
        for case, score in (
            ("c1", value),
            ("c2", None if organ.name == "gallbladder" else value + 0.1),
        ):
            voxels = 0 if score is None else 1
            rows += [("primary", case, organ.name, metric, score, voxels, 1) for metric in METRICS]
            rows += [("ensemble", case, organ.name, metric, 0.0, voxels, 1) for metric in METRICS]
    return pd.DataFrame(
        rows,
        columns=[
            "predictor",
            "case",
            "organ",
            "metric",
            "value",
            "reference_voxels",
            "predicted_voxels",
        ],
    )


class ScoredStore:
    """Gives runs by label of their row; None where there is none."""

    def __init__(self, by_config):
        self.by_config = by_config

    def finished(self, configs):
        return [run for config in configs if (run := self.get(config, "blank")) is not None]

    def get(self, config, on_missing):
        found = self.by_config.get(config)
        return None if found is None else ScoredRun(config, None, {"key": "k0", "scores": found})


@pytest.fixture
def table():
    configs = [replace(tiny_config("cps"), seed=seed) for seed in range(5)]
    labels = ["CPS", "CPS+KT-CPS", "CPS+3D-CGMM", "GuidedNet"]
    rows = [
        Row(label, configs[:2] if label == "CPS" else (config,))
        for label, config in zip(labels, configs[1:], strict=True)
    ]
    given = {
        configs[0]: scores({"liver": 0.8}),
        configs[1]: scores({"liver": 0.6}),
        configs[2]: scores({"liver": 0.7}),
    }
    return make_table(rows, ScoredStore(given), "table3")


def test_cells_are_means_over_cases_with_the_organ_then_seeds(table):
    first = table.set_index("method").loc["CPS"]
    assert first["Liv"] == pytest.approx(100 * (0.85 + 0.65) / 2)
    assert first["Gal"] == 50 and first["Spl"] == 55
    means = [(85 + 11 * 55 + 50) / 13, (65 + 11 * 55 + 50) / 13]
    assert first["mean_dice"] == pytest.approx(sum(means) / 2, abs=0.01)
    assert first["sd_dice"] == pytest.approx(pd.Series(means).std(), abs=0.01)
    assert first["n_seeds"] == 2 and first["n_test_cases"] == 2
    assert first["sd_nsd"] == first["sd_dice"] and table["sd_hd95"][1:].isna().all()


def test_guidednet_is_the_reference_of_the_paired_tests():
    configs = [tiny_config("cps", steps=steps) for steps in range(1, 5)]
    labels = ["CPS", "CPS+KT-CPS", "CPS+3D-CGMM", "GuidedNet"]
    given = {
        config: scores({"liver": value})
        for config, value in zip(configs, (0.4, 0.5, 0.6, 0.6), strict=True)
    }
    table = make_table(
        [Row(label, (config,)) for label, config in zip(labels, configs, strict=True)],
        ScoredStore(given),
        "table3",
    )
    p_values = table.set_index("method")["p_vs_guidednet"]
    assert pd.isna(p_values["GuidedNet"]) and p_values["CPS+3D-CGMM"] == 1
    assert p_values["CPS"] == 1  # two cases: 0.5, times three comparisons


def test_a_further_row_scores_its_own_predictor_and_has_no_printed_number(table):
    config = tiny_config("cps")
    rows = [
        Row(label, (config,)) for label in ("CPS", "CPS+KT-CPS", "CPS+3D-CGMM", "GuidedNet")
    ] + [Row("CPS (A+B)", (config,), "ensemble")]
    extended = make_table(rows, ScoredStore({config: scores({})}), "table3")
    assert (
        extended["mean_dice"].iloc[4] == 0
        and pd.isna(extended["paper_mean_dice"].iloc[4])
        and extended["paper_mean_dice"].notna()[:4].all()
    )


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (None, None, None),
        ("dice", 0.9, "Jaccard index that contradicts its Dice"),
        ("nsd", 1.5, "outside 0 to 1"),
        ("jaccard", 0.1, "Jaccard index that contradicts its Dice"),
    ],
)
def test_a_broken_score_is_named_by_its_run(column, value, message, tmp_path):
    config = tiny_config("cps")
    given = scores({}).astype({"value": float})
    overlap = given["metric"] == "jaccard"
    given.loc[overlap, "value"] = given.loc[overlap, "value"] / (2 - given.loc[overlap, "value"])
    if column:
        given.loc[given.index[given["metric"] == column][0], "value"] = value
    run = ScoredRun(config, tmp_path / "flare22-cps-run", {"scores": given})
    store = ScoredStore({})
    store.get = lambda config, on_missing: run
    found = broken_scores([Row("CPS", (config,))], store)
    assert (
        (found == [])
        if message is None
        else (message in found[0] and found[0].startswith("flare22-cps-run: "))
    )


def test_columns_are_those_of_the_contract(table):
    assert list(table.columns[:20]) == list(published.printed("table3").columns[:20])


def test_missing_runs_are_called_not_run(table):
    row = table.set_index("method").loc["GuidedNet"]
    assert row["n_seeds"] == 0 and row[organ_set("flare22").columns].isna().all()
    shown = readable(table).set_index("method").loc["GuidedNet"]
    assert (
        set(shown[organ_set("flare22").columns]) == {"not run"}
        and shown["paper_mean_dice"] == "83.64"
    )


def test_best_and_second_are_marked_by_value(table):
    liver = readable(table)["Liv"].tolist()
    assert liver == ["**75.00**", "**75.00**", "not run", "not run"]
    assert "sd" not in "".join(readable(table)["sd_dice"]) and readable(table)["sd_dice"][1] == "-"


def test_files_hold_the_same_numbers(table, tmp_path):
    write_table(table, tmp_path, "table3", Caption("Table 3, 100 % synthetic"))
    again = pd.read_csv(tmp_path / "table3.csv")
    pd.testing.assert_frame_equal(again, table, check_dtype=False)
    assert (
        (tmp_path / "table3.md")
        .read_text(encoding="utf-8")
        .startswith("Table 3, 100 % synthetic\n\n| method |")
    )
    assert r"\caption{Table 3, 100 \% synthetic}" in (tmp_path / "table3.tex").read_text(
        encoding="utf-8"
    )


def test_the_keys_of_the_runs_are_in_the_csv_alone(table, tmp_path):
    write_table(table, tmp_path, "table3", Caption("Table 3"))
    assert pd.read_csv(tmp_path / "table3.csv")["run_keys"][0].split()[0] == "k0"
    assert not any(
        "run_keys" in (tmp_path / f"table3.{kind}").read_text() for kind in ("md", "tex")
    )


def test_markdown_has_a_line_per_row(table):
    assert len(markdown(readable(table)).splitlines()) == 6


class CurvedRun(Run):
    """A run whose curves are given."""

    def curves(self):
        return self.record["curves"]


@pytest.fixture
def finished():
    """Rows of Sup only, of CPS, which has collapsed, and of GuidedNet, which has not run; and their
    store.
    """
    configs = [tiny_config("cps", steps=steps) for steps in range(1, 4)]
    curves = pd.DataFrame(
        {
            "step": [1, 2],
            "validation_dice": [0.4, 0.1],
            "supervised_a": [1.0, 0.5],
            "cps": [0.1, 9.0],
        }
    )
    costs = {
        "seconds_per_step": 0.25,
        "peak_memory_gib": 1.5,
        "device": "CPU, 1 thread",
        "curves": curves,
    }
    store = ScoredStore({})
    store.get = lambda config, on_missing: (
        None if config == configs[2] else CurvedRun(config, None, costs)
    )
    return [
        Row(label, (config,))
        for label, config in zip(("Sup only", "CPS", "GuidedNet"), configs, strict=True)
    ], store


def test_costs_are_those_of_the_records(finished):
    costs = cost_table(*finished).set_index("method")
    assert costs.loc["CPS", ["seconds_per_step", "peak_memory_gib", "device"]].tolist() == [
        0.25,
        1.5,
        "CPU, 1 thread",
    ]
    assert costs.loc["GuidedNet", "device"] == "not run" and pd.isna(
        costs.loc["GuidedNet", "seconds_per_step"]
    )


def test_a_row_far_below_its_supervised_baseline_is_explained_by_its_curves(finished):
    table = pd.DataFrame(
        {
            "method": ["Sup only", "CPS", "GuidedNet"],
            "n_labeled": 3,
            "mean_dice": [60.0, 20.0, None],
        }
    )
    text = below_supervised(table, *finished)
    assert text.startswith("* CPS, 3+4: 40.0 points below.") and text.count("*") == 1
    assert "40.0 % at step 1" in text and "largest loss term was 'cps' (9.000)" in text
    assert below_supervised(table.assign(mean_dice=60.0), *finished).startswith(
        "No row is more than 5 points"
    )


def test_costs_name_every_device_and_what_the_mean_rests_on(tmp_path):
    configs = tuple(replace(tiny_config("cps"), seed=seed) for seed in range(2))
    write_run(tmp_path, configs[0])
    write_run(tmp_path, configs[1], {"device": "NVIDIA H100", "seconds_per_step": 3.0})
    (line,) = cost_table([Row("CPS", configs)], RecordedRuns(tmp_path)).to_dict("records")
    assert line["device"] == "CPU, 1 thread; NVIDIA H100" and line["n_seeds"] == 2
    assert line["seconds_per_step"] == 2 and line["sd_seconds_per_step"] == pytest.approx(
        2**0.5, abs=1e-3
    )


def test_dice_of_an_organ_comes_with_its_spread_and_the_cases_that_have_it(tmp_path):
    configs = tuple(replace(tiny_config("cps"), seed=seed) for seed in range(2))
    for config, value in zip(configs, (0.5, 0.7), strict=True):
        found = liver_scores(value)
        found.loc[found["case"] == "t1", ["value", "reference_voxels"]] = [None, 0]
        write_run(tmp_path, config, found=found)
    liver = organ_dice(Row("CPS", configs), RecordedRuns(tmp_path)).loc["Liv"]
    assert liver["dice"] == pytest.approx(60) and liver["sd_dice"] == pytest.approx(200**0.5)
    assert liver["n_seeds"] == 2 and liver["n_test_cases"] == 1
