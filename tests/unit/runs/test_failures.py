"""One run that fails stops no other, unless the user says so; its reason is said at the end."""

import dataclasses

import pytest

from guidednet.errors import FailedError, InputError, NonFiniteLossError
from guidednet.inference import WindowConfig
from guidednet.runs import failures
from guidednet.runs.side_by_side import train_runs
from guidednet.runs.store import RunStore
from guidednet.training.loop import train
from helpers.tiny_runs import TinyWorkspace, tiny_config

NAN = "loss term 'supervised' is nan at step 3"


@pytest.fixture
def ten(monkeypatch):
    """Ten configurations, of which the fifth fails in its training, scored at a single step."""
    one = tiny_config("supervised", steps=1)
    one = dataclasses.replace(one, window=WindowConfig(size=(8, 8, 16), stride=(8, 8, 16)))
    configs = [dataclasses.replace(one, seed=number) for number in range(10)]

    def breaking(config, *others):
        if config.seed == 4:
            raise NonFiniteLossError(NAN)
        return train(config, *others)

    monkeypatch.setattr("guidednet.runs.make.train", breaking)
    return configs


def test_nine_of_ten_are_finished_and_the_tenth_says_why(ten, tmp_path, capsys):
    store = RunStore(TinyWorkspace(tmp_path))
    train_runs(store, ten, jobs=1)
    assert [config.seed for config in ten if store.identity.is_scored(config)] == [
        *range(4),
        *range(5, 10),
    ]
    assert store.failed == {ten[4]: NAN} and store.failure(ten[4]) == NAN
    with pytest.raises(FailedError, match="seed4: loss term 'supervised' is nan") as error:
        failures.check(store)
    assert error.value.status == 1
    assert "nan at step 3; the other runs go on" in capsys.readouterr().err


def test_fail_fast_stops_at_the_first(ten, tmp_path):
    store = RunStore(TinyWorkspace(tmp_path), fail_fast=True)
    with pytest.raises(NonFiniteLossError):
        train_runs(store, ten, jobs=1)
    assert [config.seed for config in ten if store.identity.is_scored(config)] == [*range(4)]


def test_what_starts_from_a_failed_run_fails_with_it(tmp_path, monkeypatch):
    def breaking(config, *others):
        raise NonFiniteLossError(NAN)

    monkeypatch.setattr("guidednet.runs.make.train", breaking)
    store = RunStore(TinyWorkspace(tmp_path))
    planned = store.identity.with_warm_start(tiny_config("supervised", warm_start_steps=2))
    train_runs(store, planned, jobs=1)
    assert store.failed == {
        planned[0]: NAN,
        planned[1]: f"the run that it starts from failed ({NAN})",
    }
    with pytest.raises(FailedError, match="2 runs failed"):
        failures.check(store)


def test_a_mistake_in_a_users_code_is_shown_and_the_others_go_on(tmp_path, monkeypatch, capsys):
    def breaking(config, *others):
        raise KeyError("logits")

    monkeypatch.setattr("guidednet.runs.make.train", breaking)
    store, config = RunStore(TinyWorkspace(tmp_path)), tiny_config("supervised")
    train_runs(store, [config], jobs=1)
    assert store.failure(config) == store.failed[config] == "KeyError: 'logits'"
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("error", [InputError("damaged"), OSError(28, "No space left on device")])
def test_what_concerns_all_runs_stops_them(error):
    def make():
        raise error

    with pytest.raises(type(error)):
        failures.reason_of(make)


def test_without_a_failure_nothing_is_said(tmp_path):
    failures.check(RunStore(TinyWorkspace(tmp_path)))
