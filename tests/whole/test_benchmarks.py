"""Every benchmark runs at a tiny size and gives flat rows; files, messages and measurements of
benchmarks/common.py.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks import common
from benchmarks.__main__ import available, load, main
from benchmarks.bench_viewer import NAMES
from benchmarks.bench_windows import measure
from guidednet.errors import FailedError, InputError
from guidednet.report.figures.benchmarks import benchmark_tables, comparisons
from guidednet.report.lessons.step_profile import kind_of
from guidednet.runs.workspace import open_workspace
from helpers.paths import ROOT

COMPARED = {"what", "unit", "ours", "other", "theirs", "ratio", "wanted", "holds", "threads"}
NEEDS = {"windows": "monai", "loader": "h5py"}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """One results folder, so that phantoms are made once."""
    return tmp_path_factory.mktemp("results")


@pytest.fixture(autouse=True)
def folders(tmp_path, results, monkeypatch):
    monkeypatch.setenv("FIGURES_DIR", str(tmp_path / "figures"))
    monkeypatch.setenv("RESULTS_DIR", str(results))


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    return main()


@pytest.mark.parametrize("name", available())
def test_benchmark_gives_flat_rows(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    if name == "gpu" and not torch.cuda.is_available():
        with pytest.raises(InputError, match="finds no GPU on this machine"):
            load(name).measure(quick=True)
        return
    if name == "viewer":
        pytest.importorskip("playwright")
        if not any(map(shutil.which, NAMES)):
            pytest.skip("no Chromium: apt-get install chromium")
    # in a thread of its own, because a browser must not start beside another test's
    with ThreadPoolExecutor(1) as pool:
        rows = pool.submit(load(name).measure, quick=True).result()
    assert rows and all(
        isinstance(value, str | int | float | bool) for row in rows for value in row.values()
    )
    # a tiny work may take no memory
    compared = [row for row in rows if set(row) == COMPARED and row["unit"] not in {"MiB", "GiB"}]
    assert compared or name not in {"cgmm", "windows", "loader"}
    assert all(
        row["ours"] > 0
        and row["ratio"] == pytest.approx(row["theirs"] / row["ours"], abs=0.01, rel=0.01)
        for row in compared
    )


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_a_missing_package_is_one_sentence_with_the_command(name, monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda wanted, *rest: None if wanted == NEEDS[name] else find(wanted, *rest),
    )
    assert run(monkeypatch, name, "--quick") == 2
    said = capsys.readouterr().err
    assert (
        said.count("\n") == 1
        and NEEDS[name] in said
        and f"pip install -c requirements.lock {NEEDS[name]}" in said
    )


def test_an_unknown_benchmark_is_one_sentence_and_nothing_runs(monkeypatch, capsys, tmp_path):
    assert run(monkeypatch, "cgmm", "dance", "--quick") == 2
    said = capsys.readouterr()
    assert "there is no benchmark 'dance'" in said.err and all(
        name in said.err for name in available()
    )
    assert not said.out and not (tmp_path / "figures").exists()


def test_without_pip_a_sentence_says_so_and_what_needs_no_other_package_goes_on(tmp_path):
    stand_in = tmp_path / "python3"  # the real one, but for pip and for what it finds installed
    stand_in.write_text(
        f'#!/bin/sh\n[ "$2" = pip ] && exit 1\ncase "$2" in *find_spec*) exit 1 ;; esac\nexec {sys.executable} "$@"\n'
    )
    stand_in.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "reproduce.sh", "bench", "dance"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    installing, failed, unknown = done.stderr.splitlines()
    assert (
        "installing monai and h5py" in installing
        and "pip install -c requirements.lock monai h5py" in failed
    )
    assert done.returncode == 2 and "there is no benchmark 'dance'" in unknown


def test_the_bench_extra_is_what_the_benchmarks_ask_for():
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]["bench"]
    assert {line.split(">")[0] for line in extra} == set(NEEDS.values())


def test_quick_results_are_not_written_over_the_real_ones(monkeypatch, tmp_path):
    row = {"what": "a", "threads": 1}
    monkeypatch.setattr(load("cgmm"), "measure", lambda quick: [row] if quick else [])
    assert run(monkeypatch, "cgmm", "--quick") == 0
    assert [path.name for path in (tmp_path / "figures" / "benchmarks").iterdir()] == [
        "cgmm_quick.csv"
    ]


def test_written_rows_say_what_ran_where_and_keep_their_own_threads(capsys):
    path = common.write(
        "some", [{"what": "a", "threads": 7}, {"what": "b", "more": 0.5, "threads": 1}]
    )
    table = pd.read_csv(path)
    assert list(table["what"]) == ["a", "b"] and list(table["threads"]) == [7, 1]
    assert {"device", "cores", "python", "torch", "numpy", "monai", "commit", "date"} <= set(table)
    assert (table["torch"] == torch.__version__).all() and "a" in capsys.readouterr().out


@pytest.mark.parametrize(("theirs", "holds"), [(2.1, True), (2.0, True), (1.9, False)])
def test_ratio_is_how_much_more_the_other_takes(theirs, holds):
    row = common.comparison("x", "s", 1.0, "theirs", theirs, 2, threads=1)
    assert row["ratio"] == theirs and row["holds"] is holds


def computed(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_times_are_the_best_of_all_without_warm_up_and_waiting():
    seconds = iter([0.0, 0.06, 0.03])
    best = common.best_cpu_seconds(
        {"loop": lambda: (time.sleep(0.1), computed(next(seconds)))}, repeats=2
    )
    assert 0.03 <= best["loop"] < 0.06


def allocation(mebibytes):
    ignored = np.ones(30 * 2**20, np.uint8)  # what is there before the work begins does not count
    return lambda: (ignored, np.ones(mebibytes * 2**20, np.uint8))


@pytest.mark.skipif(sys.platform != "linux", reason="resident sizes are read from /proc")
def test_peak_memory_is_that_of_the_work_alone():
    assert common.peak_mebibytes(partial(allocation, 50)) == pytest.approx(50, abs=3)


def test_results_that_disagree_are_not_timed(monkeypatch):
    pytest.importorskip("monai")
    monkeypatch.setattr(
        "benchmarks.bench_windows.monai",
        lambda network, image, window: torch.zeros(14, *image.shape),
    )
    with pytest.raises(FailedError, match="differ"):
        measure(quick=True)


def test_agreement_refuses_what_is_no_number():
    with pytest.raises(FailedError):
        common.require_agreement("x", float("nan"), 1.0)
    with pytest.raises(InputError):
        common.require("no_such_package")


def test_the_notebook_shows_what_was_measured_here_and_else_what_is_shipped(tmp_path):
    workspace = open_workspace("smoke")
    shipped = {path.stem for path in (ROOT / "figures" / "benchmarks").glob("*.csv")}
    assert set(benchmark_tables(workspace)) == shipped and {"cgmm", "loader", "windows"} <= shipped
    common.write("tried_quick", [{"what": "a", "threads": 1}])  # says nothing about speed
    common.write(
        "steps",
        [
            common.comparison("a", "s", 2.0, "b", 3.0, 1.6, 1),
            {"what": "a share", "ours": 0.1, "threads": 1},
        ],
    )
    tables = benchmark_tables(workspace)
    assert set(tables) == {"steps"}
    assert comparisons(tables)[["benchmark", "ratio", "holds"]].to_numpy().tolist() == [
        ["steps", 1.5, False]
    ]
    assert comparisons({}).empty


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("aten::convolution_backward", "convolution, backward"),
        ("aten::mkldnn_convolution", "convolution, forward"),
        ("aten::native_group_norm_backward", "normalisation"),
        ("aten::upsample_trilinear3d", "upsampling and pooling"),
        ("aten::_log_softmax", "softmax and exponentials"),
        ("autograd::engine", "everything else"),
    ],
)
def test_operations_are_sorted_by_kind(operation, kind):
    assert kind_of(operation) == kind
