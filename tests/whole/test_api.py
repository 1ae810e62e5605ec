"""The API pages show every module."""

import importlib.util
import subprocess
import sys

import pytest

from helpers.paths import ROOT


@pytest.mark.skipif(
    not importlib.util.find_spec("pdoc"), reason="bash reproduce.sh docs installs it"
)
def test_api_pages_show_every_module(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning:pdoc", "-m", "tools.api", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"API pages: {tmp_path / 'index.html'}\n"
    for name in ("cgmm/printed", "metrics/overlap", "data/datasets/base", "runs/store"):
        assert (tmp_path / "guidednet" / f"{name}.html").is_file()
