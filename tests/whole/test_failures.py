"""One of ten runs fails: nine are finished, unless the user wants to stop at once."""

import dataclasses

import pytest

from guidednet.errors import FailedError, NonFiniteLossError
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
