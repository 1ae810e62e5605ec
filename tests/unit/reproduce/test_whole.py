"""The notebooks of a reproduction find its folders, whichever process executes them."""

import os
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import SimpleNamespace

from guidednet.processes.workers import in_parallel
from guidednet.report.execute_notebooks import Execution
from guidednet.reproduce import whole

REPORTS = SimpleNamespace(item=lambda name: nullcontext(), add=lambda work, seconds: None)


def environment_of(name):
    return os.environ.get(name, "")


def told(execution, again):
    Path(execution.folder).write_text(os.environ["RESULTS_DIR"])


def executed_elsewhere(number, folder):
    """Execute a notebook in a worker process, which this test started with another environment."""
    whole.execute = told
    execution = Execution(f"{number}", {}, Path(f"{folder}-{number}"), {})
    reports, environment = REPORTS, {"RESULTS_DIR": f"{folder}/results"}
    return whole._executed(execution, reports, environment)


def test_a_worker_that_began_earlier_learns_the_folders(tmp_path, monkeypatch):
    monkeypatch.delenv("RESULTS_DIR", raising=False)
    assert set(in_parallel(environment_of, ["RESULTS_DIR"] * 2, 2)) == {""}
    folder = tmp_path / "a"
    done = list(in_parallel(partial(executed_elsewhere, folder=folder), [1, 2], 2))
    assert sorted(done) == [("1", ""), ("2", "")]
    assert (tmp_path / "a-1").read_text() == f"{folder}/results" == (tmp_path / "a-2").read_text()
