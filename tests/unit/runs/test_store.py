"""The run store: trained once, resumed, scored, keyed by configuration, data and code."""

import dataclasses
import json
import os
import shutil

import pytest

from guidednet.errors import InputError, NonFiniteLossError
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.networks import NetworkConfig
from guidednet.runs import identity
from guidednet.runs.fingerprint import code_hash
from guidednet.runs.record import config_from_record, load_weights, read_record
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import open_workspace
from guidednet.study import plan
from guidednet.study.artefacts import Artefact
from guidednet.study.rows import Row
from guidednet.support.files import write_json
from helpers.cases import SPLIT
from helpers.tiny_runs import TinyWorkspace, tiny_config


@pytest.fixture
def store(tmp_path):
    return RunStore(TinyWorkspace(tmp_path))


def modification_times(folder):
    return {
        path: path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }


def test_a_run_is_trained_once_and_then_read(store):
    config = tiny_config("cps")
    assert store.identity.status(config) == "missing"
    first = store.get(config)
    before = modification_times(first.folder)
    again = store.get(config)
    assert modification_times(first.folder) == before
    assert store.identity.status(config) == "finished" and again.record == first.record
    assert not (first.folder / "checkpoint.pt").exists()
    assert config_from_record(first.record["config"]) == config


def test_scores_are_long_form_over_the_test_list_alone(store):
    scores = store.get(tiny_config("cps")).scores()
    assert set(scores["case"]) == set(SPLIT.test)
    assert set(scores["predictor"]) == {"primary", "ensemble"}
    assert set(scores["metric"]) == {"dice", "jaccard", "nsd", "hd95", "false_positive_ml"}
    overlap = scores[scores["metric"].isin(["dice", "jaccard", "nsd"])]
    absent = overlap["reference_voxels"] == 0
    assert (
        overlap.loc[absent, "value"].isna().all()
        and overlap.loc[~absent, "value"].between(0, 1).all()
    )


def test_record_is_written_last(store, monkeypatch):
    config = tiny_config("supervised")
    monkeypatch.setattr(
        "guidednet.runs.make.score_method",
        lambda *arguments: (_ for _ in ()).throw(KeyboardInterrupt),
    )
    with pytest.raises(KeyboardInterrupt):
        store.get(config)
    assert store.identity.status(config) == "started"
    monkeypatch.undo()
    assert store.get(config).record["best_step"] > 0


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"n_labelled": 2},
        {"options": GuidedNetConfig(lambda_g=0.2)},
        {"training": tiny_config("guidednet", steps=6).training},
    ],
)
def test_key_changes_with_the_configuration(store, change):
    config = tiny_config("guidednet")
    assert store.identity.key(dataclasses.replace(config, **change)) != store.identity.key(config)


def test_key_changes_with_the_data_and_not_with_the_folder(tmp_path):
    config = tiny_config("cps")
    keys = [
        RunStore(TinyWorkspace(tmp_path / name, content)).identity.key(config)
        for name, content in (("a", "1"), ("b", "1"), ("a", "2"))
    ]
    assert keys[0] == keys[1] != keys[2]


def test_code_hash_sees_numbers_and_not_comments():
    code = "def f(x):\n    return 2 * x\n"
    assert code_hash(code) == code_hash(
        '# why\ndef f(x):\n    """Doc."""\n    return (2 *  x)  # what\n'
    )
    assert code_hash(code) != code_hash(code.replace("2", "3"))


def test_warm_start_is_a_run_of_its_own_that_rows_share(store):
    config = tiny_config("cps", warm_start_steps=2)
    other = tiny_config("guidednet", warm_start_steps=2)
    parents = store.identity.warm_start(config)
    assert set(parents) == {"kaiming", "xavier"} and parents == store.identity.warm_start(other)
    assert store.identity.warm_start(tiny_config("supervised", warm_start_steps=2)) == {
        "kaiming": parents["kaiming"]
    }
    store.get(config)
    assert {store.identity.status(parent) for parent in parents.values()} == {"finished"}
    assert store.identity.key(parents["kaiming"]) in json.dumps(
        read_record(store.identity.folder(config))["warm_start"]
    )


@pytest.mark.parametrize(
    ("on_missing", "message"),
    [("fail", "is not finished"), ("guess", "use one of train, blank, fail")],
)
def test_a_missing_run_is_not_made_up(store, on_missing, message):
    with pytest.raises(InputError, match=message):
        store.get(tiny_config("cps"), on_missing)
    assert store.get(tiny_config("cps"), "blank") is None


def test_changed_evaluation_scores_again_and_does_not_train(store, monkeypatch):
    config = tiny_config("cps")
    folder = store.get(config).folder
    weights = modification_times(folder)[folder / "weights.pt"]
    original = identity.evaluation_code()
    monkeypatch.setattr(identity, "evaluation_code", lambda: original | {"a new metric": "1"})
    scored = modification_times(folder)[folder / "scores.csv"]
    store.get(config)
    assert modification_times(folder)[folder / "weights.pt"] == weights
    assert modification_times(folder)[folder / "scores.csv"] != scored


def test_weights_load_without_store_or_split(store):
    config = tiny_config("guidednet")
    run = store.get(config)
    method = load_weights(
        config_from_record(read_record(run.folder)["config"]), run.folder / "weights.pt"
    )
    assert not method.training
    with pytest.raises(InputError, match=r"record\.json: no such file"):
        read_record(run.folder.parent)


def test_plan_lists_each_run_once_after_the_runs_it_starts_from(store):
    shared = tiny_config("cps", warm_start_steps=2)
    artefacts = {
        "table3": Artefact(
            "12",
            lambda profile, seeds: [
                Row("CPS", (shared,)),
                Row("GuidedNet", (tiny_config("guidednet", warm_start_steps=2),)),
            ],
        ),
        "table1": Artefact("10", lambda profile, seeds: [Row("CPS", (shared,))]),
    }
    planned = plan.planned_runs(artefacts, store, seeds=1)
    assert [run.config.method for run in planned] == [
        "supervised",
        "supervised",
        "cps",
        "guidednet",
    ]
    assert [run.row for run in planned] == ["warm start", "warm start", "CPS", "GuidedNet"]
    assert planned[2].config == shared and planned[2].artefacts == ["table3", "table1"]
    table = plan.plan_table(planned, store)
    assert (table["status"] == "missing").all() and (table["hours"] > 0).all()
    store.get(shared)
    again = plan.planned_runs(artefacts, store, seeds=1)
    assert list(plan.plan_table(again, store)["hours"] > 0) == [False, False, False, True]
    assert list(plan.artefact_table(again)["left"]) == [0, 1]


def test_the_cheapest_whole_item_comes_first(store):
    long, short = tiny_config("cps"), tiny_config("supervised")
    artefacts = {
        "dear": Artefact(
            "a",
            lambda profile, seeds: [
                Row("CPS", (long,)),
                Row("GuidedNet", (tiny_config("guidednet"),)),
            ],
        ),
        "cheap": Artefact("b", lambda profile, seeds: [Row("Sup only", (short,))]),
        "middle": Artefact(
            "c", lambda profile, seeds: [Row("Sup only", (short,)), Row("CPS", (long,))]
        ),
    }
    planned = plan.planned_runs(artefacts, store, seeds=1)
    assert [run.config.method for run in planned] == ["supervised", "cps", "guidednet"]
    table = plan.artefact_table(planned)
    assert (
        list(table["artefact"]) == ["cheap", "middle", "dear"]
        and table["complete after hours"].is_monotonic_increasing
    )
    assert [
        run.config.method for run in plan.planned_runs(artefacts, store, seeds=1, methods=("cps",))
    ] == ["cps"]
    assert plan.planned_runs(artefacts, store, seeds=1, methods=()) == []


def test_runs_of_another_version_are_counted_and_not_used(store):
    config = tiny_config("supervised")
    folder = store.get(config).folder
    assert "another version" not in plan.summary([], store)
    older = folder.with_name("older")
    shutil.copytree(folder, older)
    record = read_record(older)
    record["code"]["guidednet.training.loop"] = "another hash"
    write_json(older / "record.json", record)
    unknown = folder.with_name("unknown")
    shutil.copytree(older, unknown)
    record["config"]["speed"] = 9
    write_json(unknown / "record.json", record)
    of_a_notebook = folder.with_name("of_a_notebook")
    shutil.copytree(older, of_a_notebook)
    write_json(
        of_a_notebook / "record.json",
        record | {"config": record["config"] | {"method": "entropy_minimisation"}},
    )
    assert (
        f"2 finished runs in {folder.parent} were made by another version of the code"
        in plan.summary([], store)
    )


def test_a_finished_run_tells_what_the_next_one_costs(store):
    """The second seed is estimated as the first was measured; another method still from a small
    step.
    """
    first, second = tiny_config("cps"), dataclasses.replace(tiny_config("cps"), seed=1)
    run = store.get(first)
    estimate = plan.CostEstimate(store)
    assert estimate.seconds(second) == pytest.approx(
        second.training.steps * run.record["seconds_per_step"]
    )
    assert estimate.seconds(tiny_config("guidednet")) > 0


def test_operations_are_those_of_the_convolutions():
    """A network of depth 2: its five convolutions by hand, forward once and backward twice (no
    gradient of the image).
    """
    width, classes = 4, 14
    pairs = [
        (1, width, 1),
        (width, width, 1),
        (width, 2 * width, 8),
        (2 * width, 2 * width, 8),
        (3 * width, width, 1),
        (width, width, 1),
    ]
    forward = [2 * 27 * i * o / share for i, o, share in pairs] + [2 * width * classes]
    expected = 3 * sum(forward) - forward[0]
    assert plan.operations_per_voxel(NetworkConfig(width=width, depth=2), classes) == pytest.approx(
        expected
    )


def test_folders_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "RESULTS_DIR", str(tmp_path / "elsewhere"))
    assert open_workspace("smoke").runs_folder == tmp_path / "elsewhere" / "runs"
    assert (
        open_workspace("smoke", results=tmp_path / "given").runs_folder
        == tmp_path / "given" / "runs"
    )


def test_a_training_that_fails_says_why_until_another_attempt_is_finished(store, monkeypatch):
    def diverge(*arguments):
        raise NonFiniteLossError("loss term 'supervised' is nan at step 3")

    config = tiny_config("supervised")
    assert store.failure(config) is None
    monkeypatch.setattr("guidednet.runs.make.train", diverge)
    with pytest.raises(NonFiniteLossError):
        store.get(config)
    assert (
        store.identity.status(config) == "missing"
        and store.failure(config) == "loss term 'supervised' is nan at step 3"
    )
    monkeypatch.undo()
    store.get(config)
    assert store.failure(config) is None


def test_a_start_that_fails_is_the_reason_of_all_that_would_start_from_it(store, monkeypatch):
    def diverge(*arguments):
        raise NonFiniteLossError("loss term 'supervised' is inf at step 1")

    config = tiny_config("cps", warm_start_steps=3)
    monkeypatch.setattr("guidednet.runs.make.train", diverge)
    with pytest.raises(NonFiniteLossError):
        store.get(config)
    assert store.failure(config) == "loss term 'supervised' is inf at step 1"


def test_warnings_of_a_run_and_of_its_start_are_in_its_record(store, monkeypatch):
    monkeypatch.setattr(
        "guidednet.training.health.warnings",
        lambda curves, voxels, organs: [f"{len(curves)} steps"],
    )
    config = tiny_config("cps", warm_start_steps=3)
    assert store.get(config).record["warnings"] == ["5 steps", "its supervised start: 3 steps"]


def test_a_healthy_run_has_no_warnings_but_for_organs_that_nobody_labelled(store):
    (warning,) = store.get(tiny_config("supervised")).record["warnings"]
    assert warning.startswith("no labelled training case has a voxel of") and "liver" not in warning


def test_a_record_of_another_run_and_changed_tables_are_refused(store):
    config = tiny_config("supervised")
    run = store.get(config)
    for name in ("scores.csv", "curves.csv"):
        content = (run.folder / name).read_text()
        (run.folder / name).write_text(content.replace("5", "6"))
        with pytest.raises(InputError, match=f"{name}: the file has changed since it was written"):
            run.scores() if name == "scores.csv" else run.curves()
        (run.folder / name).write_text(content)
    write_json(run.folder / "record.json", run.record | {"key": "0"})
    with pytest.raises(InputError, match="is another run's record"):
        store.get(config)


def test_scores_that_are_lost_are_made_again(store):
    run = store.get(tiny_config("supervised"))
    content = (run.folder / "scores.csv").read_bytes()
    (run.folder / "scores.csv").unlink()
    store.get(tiny_config("supervised"))
    assert (run.folder / "scores.csv").read_bytes() == content
