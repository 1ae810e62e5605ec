"""The run store: a run is trained once, resumed, scored, and says why it failed."""

import errno
import os
from dataclasses import replace

import pandas as pd
import pytest

from guidednet.errors import InputError, NonFiniteLossError
from guidednet.runs import identity, make
from guidednet.runs.record import config_from_record
from guidednet.runs.store import RunStore
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


def test_a_finished_run_is_read_where_nothing_can_be_written(store, monkeypatch):
    config = tiny_config("supervised")
    expected = store.get(config).scores()

    def refuse(*arguments, **options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    for function in ("filelock.FileLock.acquire", "pathlib.Path.mkdir", "os.replace"):
        monkeypatch.setattr(function, refuse)
    assert store.get(config).scores().equals(expected)
    assert store.load_method(config) is not None
    with pytest.raises(InputError, match="cannot be written .Read-only file system.") as caught:
        store.get(tiny_config("cps"))
    assert "another folder (--results)" in str(caught.value)


def test_scores_are_long_form_over_the_test_list_alone(store):
    scores = store.get(tiny_config("cps")).scores()
    assert set(scores["case"]) == set(SPLIT.test)
    assert set(scores["predictor"]) == {"primary", "ensemble", "last"}
    assert set(scores["metric"]) == {"dice", "jaccard", "nsd", "hd95", "false_positive_ml"}
    overlap = scores[scores["metric"].isin(["dice", "jaccard", "nsd"])]
    absent = overlap["reference_voxels"] == 0
    assert (
        overlap.loc[absent, "value"].isna().all()
        and overlap.loc[~absent, "value"].between(0, 1).all()
    )


def test_a_last_step_that_is_the_best_is_scored_once(store, monkeypatch):
    asked, score = [], make.score_method
    monkeypatch.setattr(make, "score_method", lambda *given: asked.append(given) or score(*given))
    scores = store.get(tiny_config("cps", validate_every=5)).scores().set_index("predictor")
    assert len(asked) == 1
    last, best = (scores.loc[name].reset_index(drop=True) for name in ("last", "primary"))
    pd.testing.assert_frame_equal(last, best)


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


def test_settings_are_refused_before_the_start_is_trained(store):
    config = tiny_config("magicnet", warm_start_steps=3)
    odd = replace(config, batch=replace(config.batch, crop=(12, 12, 12)))
    with pytest.raises(InputError, match="do not fill the crop"):
        store.get(odd)
    assert all(
        store.identity.status(one) == "missing" for one in store.identity.with_warm_start(odd)
    )


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


def test_notebooks_train_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setattr("guidednet.training.device.torch.cuda.device_count", lambda: 2)
    monkeypatch.setenv("GPUS", "2")
    store = RunStore(TinyWorkspace(tmp_path))
    assert store.device.type == "cuda" and store.processes == 2
    assert RunStore(TinyWorkspace(tmp_path), "cpu").processes == 1
    monkeypatch.setenv("GPUS", "3")
    with pytest.raises(InputError, match="torch finds 2 on this machine"):
        RunStore(TinyWorkspace(tmp_path))
    monkeypatch.setenv("GPUS", "all")
    with pytest.raises(InputError, match="GPUS is 'all'; give a whole number, or unset it"):
        RunStore(TinyWorkspace(tmp_path))
