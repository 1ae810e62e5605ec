"""Weeks of use in one process: the same work ten times over takes no more memory, files or
processes than twice.
"""

import gc
import shutil

import psutil

from guidednet.report.tables.table import make_table
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import open_workspace
from guidednet.study.artefacts import artefacts
from guidednet.study.plan import planned_runs
from guidednet.support.progress import silent

ROUNDS, SETTLED = 10, 3  # by then everything that is loaded once has been
MIB = 2**20


def reproduce_once(workspace):
    """Every run of the smoke grid anew, and the tables."""
    store = RunStore(workspace, "cpu", progress=lambda name: silent)
    everything = artefacts(None, workspace.profile)
    for run in planned_runs(everything, store, seeds=1):
        store.get(run.config)
    for name in ("table1", "table2", "table3", "table4"):
        make_table(everything[name].rows(workspace.profile, 1), store, name, on_missing="fail")
    shutil.rmtree(workspace.runs_folder)


def held():
    """What this process holds: resident bytes, open files, threads, and processes that it started."""
    gc.collect()
    process = psutil.Process()
    return (
        process.memory_info().rss,
        process.num_fds(),
        process.num_threads(),
        len(process.children(recursive=True)),
    )


def test_the_grid_ten_times_over(tmp_path, monkeypatch):
    monkeypatch.delenv("TRAINING_STEPS", raising=False)
    workspace = open_workspace("smoke", results=tmp_path)
    for _ in range(SETTLED):
        reproduce_once(workspace)
    memory, *others = held()
    for _ in range(ROUNDS - SETTLED):
        reproduce_once(workspace)
    memory_then, *others_then = held()
    assert memory_then - memory < 40 * MIB
    assert others_then == others
