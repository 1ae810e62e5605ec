"""A machine that only trains needs torch, numpy, scipy and pandas, and what torch brings along."""

import subprocess
import sys

import pytest

BLOCKED = (
    "tqdm",
    "torchio",
    "SimpleITK",
    "nibabel",
    "matplotlib",
    "skimage",
    "papermill",
    "nbformat",
    "anywidget",
    "ipywidgets",
    "IPython",
)
SCRIPT = """
import sys
from importlib.machinery import PathFinder


class NotInstalled(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in {blocked} else super().find_spec(name, path, target)


sys.meta_path[:] = [NotInstalled if finder is PathFinder else finder for finder in sys.meta_path]
from guidednet.cli.parser import main

sys.argv = ["guidednet", *{arguments}]
sys.exit(main())
"""


def run(*arguments, blocked=()):
    script = SCRIPT.format(blocked=tuple(blocked), arguments=arguments)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A results folder with the prepared store of smoke's FLARE22."""
    folder = tmp_path_factory.mktemp("results")
    done = run("train", "--method", "supervised", "--profile", "smoke", "--results", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def test_training_and_scoring_need_torch_numpy_scipy_and_pandas_alone(results):
    options = ("--method", "guidednet", "--profile", "smoke", "--results", str(results))
    trained = run("train", *options, blocked=BLOCKED)
    assert trained.returncode == 0 and "finished: " in trained.stdout, trained.stderr
    assert "4/4 steps, " in trained.stderr
    scored = run("evaluate", *options, blocked=BLOCKED)
    assert scored.returncode == 0 and "liver" in scored.stdout, scored.stderr
