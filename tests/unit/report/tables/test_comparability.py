"""Runs that stand side by side: what they must share is compared."""

from dataclasses import replace

import pytest

from guidednet.optimiser import OptimiserConfig
from guidednet.report.tables.comparability import differences
from helpers.tiny_runs import tiny_config
from helpers.written_runs import liver_scores, write_run


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
        {"found": liver_scores(reference_voxels=8)},
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


def test_rows_may_differ_in_what_they_are_about(beside):
    faster = replace(tiny_config("guidednet"), optimiser=OptimiserConfig(learning_rate=0.5))
    runs = beside(config=faster, changes={"warm_start/kaiming": "k9"})
    assert len(differences(runs)) == 2
    assert differences(runs, varied=["optimiser.learning_rate"]) == []
    assert len(differences(runs, varied=["options.lambda_g"])) == 2
