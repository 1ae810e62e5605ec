"""The plan lists each run once, and says what the rest will cost."""

import shutil

import pytest

from guidednet.runs.record import read_record
from guidednet.runs.store import RunStore
from guidednet.study import plan
from guidednet.study.artefacts import Artefact
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


def test_the_summary_has_three_lines_and_counts_runs_side_by_side(store):
    artefacts = {
        "table3": Artefact("12", lambda profile, seeds: [Row("CPS", (tiny_config("cps"),))])
    }
    planned = plan.planned_runs(artefacts, store, seeds=1)
    planned[0].hours = 0.5
    alone, pair = (plan.summary(planned, store, jobs, notebooks=19) for jobs in (1, 2))
    assert alone.splitlines()[0] == "to do: 1 of 1 runs, then 19 notebooks"
    assert alone.splitlines()[1].startswith("training: about 30 min on this machine's CPU")
    assert "about 15 min" in pair and "2 runs at a time" in pair
    assert len(alone.splitlines()) == 3 and "GPU" not in alone
    planned[0].status, planned[0].hours = "finished", 0.0
    assert "to do: 0 of 1 runs" in plan.summary(planned, store)
    assert "training: nothing left" in plan.summary(planned, store)
