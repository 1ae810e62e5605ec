"""The plan lists each run once, and says what the rest will cost."""

import dataclasses
import shutil

import pytest
import torch

from guidednet.cli.options import device_of
from guidednet.networks import NetworkConfig
from guidednet.runs.record import read_record
from guidednet.runs.store import RunStore
from guidednet.study import plan
from guidednet.study.artefacts import Artefact
from guidednet.study.cost import CostEstimate, operations_per_voxel, seconds_per_voxel
from guidednet.study.rows import Row
from guidednet.support.files import write_json
from helpers.tiny_runs import TinyWorkspace, tiny_config


@pytest.fixture
def store(tmp_path):
    return RunStore(TinyWorkspace(tmp_path))


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
    estimate = CostEstimate(store)
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
    assert operations_per_voxel(NetworkConfig(width=width, depth=2), classes) == pytest.approx(
        expected
    )


@pytest.mark.skipif(
    torch.cuda.is_available(), reason="this machine has a GPU, which is measured instead"
)
def test_a_clusters_gpu_is_planned_with_an_assumed_speed():
    network = NetworkConfig(width=4, depth=3)
    seconds = seconds_per_voxel(network, 14, device_of(1, elsewhere=True))
    assert seconds == operations_per_voxel(network, 14) / 20e12
