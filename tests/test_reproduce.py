"""The whole reproduction at smoke size: killed at any moment it ends with the same bytes, and a second call does nothing."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ITEMS = "start,table3"


def start(folder, *options):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "RESULTS_DIR": str(folder / "results"), "FIGURES_DIR": str(folder / "figures")}
    command = [sys.executable, "-m", "guidednet", "reproduce", "--profile", "smoke", "--only", ITEMS, *options]
    folder.mkdir(exist_ok=True)
    with (folder / "log").open("a") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)


def outputs(folder):
    """Everything that must not depend on interruptions, by path: weights, curves, scores, tables, prepared cases."""
    wanted = (
        "weights.pt",
        "weights_last.pt",
        "curves.csv",
        "scores.csv",
        "table3.csv",
        "table3.md",
        "table3.tex",
        "cases.csv",
        "image.npy",
    )
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.name in wanted}


def test_what_is_not_trained_is_shown_as_not_run(tmp_path):
    assert start(tmp_path, "--no-training").wait() == 0, (tmp_path / "log").read_text(encoding="utf-8")
    assert not list((tmp_path / "results").rglob("*.pt"))
    assert "00_start_here: not executed, it needs flare22-supervised" in (tmp_path / "log").read_text(encoding="utf-8")
    table = (tmp_path / "figures" / "smoke" / "table3.md").read_text(encoding="utf-8")
    assert [line.count("not run") > 13 for line in table.splitlines() if line.startswith("|")][2:] == [True] * 4
    page = (tmp_path / "results" / "smoke" / "index.html").read_text(encoding="utf-8")
    assert page.count("<td>not run</td>") > 4 * 13


@pytest.mark.slow
def test_kill_9_at_any_moment_and_again(tmp_path):
    began = time.time()
    assert start(tmp_path / "whole").wait() == 0, (tmp_path / "whole" / "log").read_text(encoding="utf-8")
    duration = time.time() - began
    generator = random.Random(0)
    for _ in range(8):
        process = start(tmp_path / "killed")
        time.sleep(generator.uniform(1, 0.6 * duration))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert start(tmp_path / "killed").wait() == 0, (tmp_path / "killed" / "log").read_text(encoding="utf-8")
    expected, found = outputs(tmp_path / "whole"), outputs(tmp_path / "killed")
    assert len(expected) > 30 and set(found) == set(expected)
    assert [path for path in expected if found[path] != expected[path]] == []


@pytest.mark.slow
def test_a_second_call_trains_and_executes_nothing(tmp_path):
    assert start(tmp_path).wait() == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "results").rglob("*.pt")}
    began = time.time()
    assert start(tmp_path).wait() == 0
    assert time.time() - began < 60
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "results").rglob("*.pt")} == before
    second = (tmp_path / "log").read_text(encoding="utf-8").rsplit("runs, ", 1)[1]
    assert "executed" not in second and second.count("unchanged") == 2


@pytest.mark.slow
def test_a_missing_table_is_made_again_without_training(tmp_path):
    assert start(tmp_path).wait() == 0
    table = tmp_path / "figures" / "smoke" / "table3.csv"
    content = table.read_bytes()
    table.unlink()
    assert start(tmp_path).wait() == 0
    assert table.read_bytes() == content
