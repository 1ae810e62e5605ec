"""Several trainings side by side give the bytes of one after another."""

import pytest

from guidednet.errors import FailedError, NonFiniteLossError
from guidednet.runs import failures
from guidednet.runs.side_by_side import train_runs
from guidednet.runs.store import RunStore
from helpers.tiny_runs import TinyWorkspace, tiny_config

FILES = ("weights.pt", "weights_last.pt", "curves.csv", "scores.csv")


def outputs(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.name in FILES
    }


def test_side_by_side_is_one_after_another(tmp_path):
    configs = [
        tiny_config(method, warm_start_steps=2) for method in ("cps", "guidednet", "supervised")
    ]
    stores = {jobs: RunStore(TinyWorkspace(tmp_path / str(jobs))) for jobs in (1, 2)}
    planned = list(
        dict.fromkeys(
            run for config in configs for run in stores[1].identity.with_warm_start(config)
        )
    )
    for jobs, store in stores.items():
        train_runs(store, planned, jobs)
        assert all(store.identity.is_scored(config) for config in planned)
    assert len(planned) == 5 and len(outputs(tmp_path / "1")) == 20
    assert outputs(tmp_path / "1") == outputs(tmp_path / "2")


def test_a_failing_run_is_named_and_the_others_stay(tmp_path):
    store = RunStore(TinyWorkspace(tmp_path))
    wrong = tiny_config("supervised", checkpoint_every=1)
    wrong = wrong.__class__(
        **vars(wrong) | {"optimiser": wrong.optimiser.__class__(learning_rate=float("inf"))}
    )
    good = tiny_config("cps")
    train_runs(store, [good, wrong], jobs=2)
    assert store.identity.status(good) == "finished" and store.identity.status(wrong) != "finished"
    with pytest.raises(FailedError, match=r"flare22-supervised-.*: loss term .*; tables show this"):
        failures.check(store)
    with pytest.raises(NonFiniteLossError, match="loss term"):
        hasty = RunStore(store.workspace, fail_fast=True)
        train_runs(hasty, [tiny_config("dhc"), wrong], jobs=2)
