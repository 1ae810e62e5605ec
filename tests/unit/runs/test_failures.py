"""What a run that fails means for the others, and what is said at the end."""

import pytest

from guidednet.errors import FailedError, InputError, NonFiniteLossError
from guidednet.runs import failures
from guidednet.runs.side_by_side import train_runs
from guidednet.runs.store import RunStore
from helpers.tiny_runs import TinyWorkspace, tiny_config

NAN = "loss term 'supervised' is nan at step 3"


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
