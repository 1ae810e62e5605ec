"""The key of a run follows its configuration, data and start."""

import dataclasses
import json

import pytest

from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.runs.record import read_record
from guidednet.runs.store import RunStore
from helpers.tiny_runs import TinyWorkspace, tiny_config


def test_supervised_start_is_shared_by_rows_that_differ_in_ramp_or_kept_looks(tmp_path):
    store = RunStore(TinyWorkspace(tmp_path))
    plain = tiny_config("guidednet", warm_start_steps=2)
    longer = tiny_config(
        "guidednet", warm_start_steps=2, ramp_steps=9, ramp_staircase=2, keep_every=1
    )
    assert store.identity.warm_start(plain) == store.identity.warm_start(longer)


@pytest.fixture
def store(tmp_path):
    return RunStore(TinyWorkspace(tmp_path))


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


def test_the_learning_rate_of_a_warm_start_does_not_fall(store):
    config = tiny_config("cps", warm_start_steps=2)
    start = store.identity.warm_start(config)["xavier"].optimiser
    assert (start.learning_rate, start.power) == (config.optimiser.learning_rate, 0.0)
    faster = tiny_config("cps", warm_start_steps=2, warm_start_learning_rate=0.5)
    assert store.identity.warm_start(faster)["xavier"].optimiser.learning_rate == 0.5


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
