"""Runs that stand side by side: what they must share is compared, and a table says where it
differs.
"""

import copy
import json
from dataclasses import replace

import pandas as pd
import pytest

from guidednet.cli.score_text import run_text
from guidednet.report.page import write_page
from guidednet.report.tables.captions import MIXED, Caption, caption
from guidednet.report.tables.comparability import differences
from guidednet.report.tables.footnotes import row_names, runs_by_row, warnings
from guidednet.report.tables.table import cost_table, make_table, organ_dice, write_table
from guidednet.runs.profiles import profile
from guidednet.runs.record import RecordedRuns, Run
from guidednet.runs.workspace import Workspace
from guidednet.study.artefacts import Artefact
from guidednet.study.rows import Row
from helpers.tiny_runs import tiny_config

RECORD = {
    "data": "d0",
    "split": {"labelled": ["l0"], "unlabelled": ["u0"], "validation": ["v0"]},
    "code": {"guidednet.losses": "c0", "guidednet.training.loop": "c1"},
    "warm_start": {"kaiming": "b0"},
    "prepare": {
        "spacing_mm": [2.5, 1.25, 1.25],
        "hu_window": [-325.0, 325.0],
        "percentiles": [0.5, 99.5],
    },
    "python": "3.11.7",
    "versions": {"torch": "2.13.0", "numpy": "2.4.6"},
    "device": "CPU, 1 thread",
    "seconds_per_step": 1.0,
    "peak_memory_gib": 1.0,
    "finished": "2026-11-25T10:00:00+00:00",
    "best_step": 4,
    "commit": "0123456789abcdef",
    "uncommitted_changes": False,
}
METRICS = ("dice", "jaccard", "nsd", "hd95", "false_positive_ml")


def scores(value=0.5, reference_voxels=9):
    """Two cases with a liver."""
    lines = [
        ("primary", case, "liver", metric, value, reference_voxels, 9)
        for case in ("t0", "t1")
        for metric in METRICS
    ]
    return pd.DataFrame(
        lines,
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


def write_run(root, config, changes=None, stamp=None, found=None):
    """A run folder as the run store leaves it; `changes` (dotted names) are made to the record,
    `stamp` to scores.json.
    """
    record = copy.deepcopy(RECORD) | {"config": json.loads(json.dumps(vars(config), default=vars))}
    record["code"][f"guidednet.methods.{config.method}"] = f"own file of {config.method}"
    for name, value in (changes or {}).items():
        *parents, last = name.split("/")
        place = record
        for parent in parents:
            place = place[parent]
        place[last] = value
    folder = root / f"{config.method}-{config.training.steps}-{config.seed}"
    folder.mkdir(parents=True)
    (folder / "record.json").write_text(json.dumps(record))
    (folder / "scores.json").write_text(
        json.dumps({"key": "s0", "test": ["t0", "t1"]} | (stamp or {}))
    )
    (scores() if found is None else found).to_csv(folder / "scores.csv", index=False)
    return Run(config, folder, record)


@pytest.fixture
def beside(tmp_path):
    """Two rows' runs: an untouched one of CPS, and one of GuidedNet that is made with what the test
    gives.
    """

    def make(**changed):
        ours = write_run(tmp_path, changed.pop("config", tiny_config("guidednet")), **changed)
        return {"CPS": [write_run(tmp_path, tiny_config("cps"))], "GuidedNet": [ours]}

    return make


def test_runs_that_differ_in_their_method_alone_give_no_sentence(beside):
    assert differences(beside()) == []


DIFFER = {
    "version": (
        {"versions/torch": "2.12.0"},
        "mixed torch versions: 2.13.0 (CPS), 2.12.0 (GuidedNet)",
    ),
    "lost version": (
        {"versions": {"torch": "2.13.0"}},
        "mixed numpy versions: 2.4.6 (CPS), not recorded (GuidedNet)",
    ),
    "Python": ({"python": "3.12.1"}, "mixed Python versions: 3.11.7 (CPS), 3.12.1 (GuidedNet)"),
    "device": (
        {"device": "NVIDIA H100"},
        "mixed devices: CPU, 1 thread (CPS), NVIDIA H100 (GuidedNet)",
    ),
    "processes": (
        {"device": "2 x CPU, 1 thread"},
        "mixed devices: CPU, 1 thread (CPS), 2 x CPU, 1 thread (GuidedNet)",
    ),
    "shared code": (
        {"code/guidednet.losses": "c9"},
        "mixed code of guidednet.losses: CPS against GuidedNet",
    ),
    "voxel size": (
        {"prepare/spacing_mm": [5, 3, 3]},
        "mixed prepare spacing_mm: [2.5, 1.25, 1.25] (CPS), [5, 3, 3] (GuidedNet)",
    ),
    "z-score": (
        {"prepare/z_score": {"mean": 1}},
        "mixed prepare z_score: None (CPS), {'mean': 1} (GuidedNet)",
    ),
    "content of the cases": ({"data": "d9"}, "mixed prepared data: CPS against GuidedNet"),
    "labelled cases": ({"split/labelled": ["l9"]}, "mixed labelled cases: CPS against GuidedNet"),
    "validation cases": (
        {"split/validation": ["v9"]},
        "mixed validation cases: CPS against GuidedNet",
    ),
    "start": (
        {"warm_start/kaiming": "b9"},
        "mixed supervised start (kaiming): CPS against GuidedNet",
    ),
}


@pytest.mark.parametrize("name", DIFFER)
def test_what_a_record_has_of_its_own_is_said(name, beside):
    changes, sentence = DIFFER[name]
    assert differences(beside(changes=changes)) == [sentence]


SCORED = {
    "test list": ({"stamp": {"test": ["t0", "t9"]}}, "mixed test list: CPS against GuidedNet"),
    "evaluation": (
        {"stamp": {"key": "s9"}},
        "mixed code or data of the scores: CPS against GuidedNet",
    ),
    "labels": (
        {"found": scores(reference_voxels=8)},
        "mixed labels of the test cases: CPS against GuidedNet",
    ),
}


@pytest.mark.parametrize("name", SCORED)
def test_scores_of_other_cases_or_by_other_code_are_said(name, beside):
    changed, sentence = SCORED[name]
    assert differences(beside(**changed)) == [sentence]


SETTINGS = {
    "steps": (("training", {"steps": 9}), "mixed training steps: 5 (CPS), 9 (GuidedNet)"),
    "precision": (
        ("training", {"precision": "bf16"}),
        "mixed training precision: fp32 (CPS), bf16 (GuidedNet)",
    ),
    "batch": (("batch", {"unlabelled": 1}), "mixed batch unlabelled: 2 (CPS), 1 (GuidedNet)"),
    "crop": (
        ("batch", {"crop": (8, 8, 8)}),
        "mixed batch crop: (8, 8, 16) (CPS), (8, 8, 8) (GuidedNet)",
    ),
    "network": (("network", {"width": 4}), "mixed network width: 2 (CPS), 4 (GuidedNet)"),
    "window": (
        ("window", {"stride": (8, 8, 8)}),
        "mixed window stride: (4, 4, 4) (CPS), (8, 8, 8) (GuidedNet)",
    ),
    "ramp": (("training", {"ramp_steps": 9}), None),
    "kept weights": (("training", {"keep_every": 2}), None),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_differ_silently_only_where_a_row_may_choose_them(name, beside):
    (part, change), sentence = SETTINGS[name]
    config = tiny_config("guidednet")
    changed = replace(config, **{part: replace(getattr(config, part), **change)})
    assert differences(beside(config=changed)) == ([] if sentence is None else [sentence])


def test_rows_with_other_numbers_of_cases_have_other_data_and_share_the_validation_cases(beside):
    more = replace(tiny_config("guidednet"), n_labelled=9)
    changes = {"data": "d9", "split/labelled": ["l0", "l1"], "warm_start/kaiming": "b9"}
    assert differences(beside(config=more, changes=changes)) == []


def test_two_versions_of_a_methods_own_file_are_no_mean_over_seeds(tmp_path):
    first, second = (replace(tiny_config("cps"), seed=seed) for seed in (0, 1))
    runs = [
        write_run(tmp_path, first),
        write_run(tmp_path, second, {"code/guidednet.methods.cps": "another"}),
    ]
    assert differences({"CPS": runs}) == [
        "mixed code of guidednet.methods.cps: CPS seed 0 against CPS seed 1"
    ]


def test_many_modules_and_rows_are_one_short_sentence(tmp_path):
    configs = [replace(tiny_config("cps"), seed=seed) for seed in range(7)]
    codes = [
        {"code": {f"guidednet.part{index}": "new" if config.seed else "old" for index in range(6)}}
        for config in configs
    ]
    runs = [write_run(tmp_path, config, code) for config, code in zip(configs, codes, strict=True)]
    (sentence,) = differences({f"row {run.config.seed}": [run] for run in runs})
    assert sentence == (
        "mixed code of guidednet.part0, code of guidednet.part1, code of guidednet.part2, code of guidednet.part3 and 2 more: "
        "row 0 against row 1, row 2, row 3, row 4 and 2 more"
    )


def test_rows_of_one_name_are_told_apart_and_the_same_runs_stand_once(tmp_path):
    half = replace(tiny_config("cps"), n_unlabelled=1)
    amos = replace(half, dataset="amos")
    rows = [
        Row("CPS", (tiny_config("cps"),)),
        Row("CPS", (half,)),
        Row("CPS", (amos,)),
        Row("DAN", (tiny_config("dan"),)),
    ]
    assert row_names(rows) == ["CPS 3+4", "CPS 3+1 flare22", "CPS 3+1 amos", "DAN"]
    run = write_run(tmp_path, tiny_config("cps"))
    twice = [
        Row("CPS", (run.config,)),
        Row("CPS (A+B)", (run.config,), "ensemble"),
        Row("DAN", (tiny_config("dan"),)),
    ]
    assert list(runs_by_row(twice, RecordedRuns(tmp_path))) == ["CPS"]


def test_of_two_records_of_one_configuration_the_latest_counts(tmp_path):
    config = tiny_config("cps")
    for place, day in (("a", "26"), ("b", "25")):
        write_run(
            tmp_path / place, config, {"finished": f"2026-11-{day}T10:00:00+00:00"}
        ).folder.rename(tmp_path / f"{place}-run")
    assert RecordedRuns(tmp_path).get(config).folder.name == "a-run"


def test_warnings_of_records_stand_once_by_run(tmp_path):
    alone, absent = (
        "the network predicts background alone",
        "no voxel of 'duodenum' in the labelled cases",
    )
    first = write_run(tmp_path, tiny_config("cps"), {"warnings": [absent, absent]})
    ours = [replace(tiny_config("guidednet"), seed=seed) for seed in (0, 1)]
    runs = [
        write_run(tmp_path, config, {"warnings": said})
        for config, said in zip(ours, ([alone, absent], []), strict=True)
    ]
    assert warnings({"CPS": [first], "GuidedNet": runs}) == [
        f"CPS, seed 0; GuidedNet, seed 0: {absent}",
        f"GuidedNet, seed 0: {alone}",
    ]
    assert warnings({"DAN": [write_run(tmp_path, tiny_config("dan"))]}) == []


@pytest.fixture
def mixed_rows(tmp_path):
    """Two rows in a folder of records, on two devices, one of which warns."""
    write_run(tmp_path / "runs", tiny_config("cps"))
    write_run(
        tmp_path / "runs",
        tiny_config("guidednet"),
        {"device": "NVIDIA H100", "warnings": ["50 % of a_b & {c} ~ x^2"]},
    )
    return [Row("CPS", (tiny_config("cps"),)), Row("GuidedNet", (tiny_config("guidednet"),))]


def workspace(folder):
    return Workspace(profile("smoke"), folder / "data", folder, folder / "figures")


def test_a_training_that_failed_is_named_where_its_run_is_missing(tmp_path):
    class FailedStore(RecordedRuns):
        def failure(self, config):
            return "loss term 'supervised' is nan at step 12" if config.seed == 1 else None

    configs = tuple(replace(tiny_config("cps"), seed=seed) for seed in (0, 1))
    note = caption(
        "Table 3", [Row("CPS", configs)], FailedStore(tmp_path, workspace(tmp_path))
    ).notes
    assert note == ("CPS, seed 1: not run, loss term 'supervised' is nan at step 12",)


def test_a_mixed_table_is_marked_in_every_form_but_the_csv(mixed_rows, tmp_path):
    store = RecordedRuns(tmp_path / "runs", workspace(tmp_path))
    text = caption("Table 3", mixed_rows, store)
    assert text.text.endswith(f"{MIXED}") and "1 seed; 2 test cases; 5 steps" in text.text
    write_table(make_table(mixed_rows, store, "table3", "blank"), tmp_path, "table3", text)
    shown = {
        ending: (tmp_path / f"table3.{ending}").read_text(encoding="utf-8")
        for ending in ("csv", "md", "tex")
    }
    assert shown["md"].count(MIXED) == shown["tex"].count(MIXED) == 1
    notes = [
        "mixed devices: CPU, 1 thread (CPS), NVIDIA H100 (GuidedNet)",
        r"GuidedNet, seed 0: 50 % of a\_b \& {c} \~ x^2",
    ]
    assert shown["md"].endswith("\n\n" + "".join(f"* {note}\n" for note in notes))
    assert (
        r"GuidedNet, seed 0: 50 \% of a\_b \& \{c\} \textasciitilde{} x\textasciicircum{}2\par}"
        in shown["tex"]
    )
    assert "ixed" not in shown["csv"] and shown["csv"].startswith("method,")


def test_the_page_shows_the_notes_escaped(mixed_rows, tmp_path):
    write_run(tmp_path / "runs", tiny_config("dan"), {"warnings": ["x < y & <b>z</b>"]})
    rows = [*mixed_rows, Row("DAN", (tiny_config("dan"),))]
    artefacts = {
        "table3": Artefact("12_table3_components", lambda profile, seeds: rows, ("table3.csv",))
    }
    page = write_page(
        artefacts,
        pd.DataFrame({"run": []}),
        RecordedRuns(tmp_path / "runs", workspace(tmp_path)),
        seeds=1,
    ).read_text("utf-8")
    assert (
        MIXED in page
        and "<li>mixed devices: CPU, 1 thread (CPS, DAN), NVIDIA H100 (GuidedNet)</li>" in page
    )
    assert (
        "<li>DAN, seed 0: x &lt; y &amp; &lt;b&gt;z&lt;/b&gt;</li>" in page and "<b>z" not in page
    )


def test_runs_that_agree_and_warn_of_nothing_leave_no_note(tmp_path):
    for method in ("cps", "guidednet"):
        write_run(tmp_path, tiny_config(method))
    rows = [Row(method, (tiny_config(method),)) for method in ("cps", "guidednet")]
    text = caption("Table 3", rows, RecordedRuns(tmp_path, workspace(tmp_path)))
    assert text.notes == () and MIXED not in text.text
    assert Caption("a").markdown("| b |") == "a\n\n| b |"


def test_a_caption_says_where_seeds_are_missing_and_names_every_data_set(tmp_path):
    configs = tuple(replace(tiny_config("cps"), seed=seed) for seed in range(3))
    write_run(tmp_path, configs[0])
    rows = [Row("CPS", configs), Row("CPS", (replace(configs[0], dataset="amos"),))]
    text = caption("Figure 4", rows, RecordedRuns(tmp_path, workspace(tmp_path))).text
    assert "; 1 of 3 seeds;" in text and "synthetic flare22 and amos phantoms" in text


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
        found = scores(value)
        found.loc[found["case"] == "t1", ["value", "reference_voxels"]] = [None, 0]
        write_run(tmp_path, config, found=found)
    liver = organ_dice(Row("CPS", configs), RecordedRuns(tmp_path)).loc["Liv"]
    assert liver["dice"] == pytest.approx(60) and liver["sd_dice"] == pytest.approx(200**0.5)
    assert liver["n_seeds"] == 2 and liver["n_test_cases"] == 1


def test_evaluate_prints_overlaps_in_percent_and_distances_in_mm(tmp_path):
    found = scores(0.5)
    found.loc[found["metric"] == "hd95", "value"] = 7.25
    lines = run_text(write_run(tmp_path, tiny_config("cps"), found=found)).splitlines()
    (liver,) = (line.split() for line in lines if line.startswith("liver"))
    assert [float(value) for value in liver[1:6]] == [2, 50, 50, 50, 7.25]
    assert "2 test cases, one seed (0)" in lines[1] and lines[-1].endswith(
        "50.00 %, 95 % interval over cases 50.00 to 50.00 %"
    )
