"""The whole reproduction at smoke size: what is not trained is shown so, and a second call does
nothing that is done.
"""

import time

import pytest
from reproduction import said, start, succeeded

pytestmark = pytest.mark.whole

ITEMS = "start,table3"


def test_what_is_not_trained_is_shown_as_not_run(tmp_path):
    succeeded(start(tmp_path, "--no-training", item=ITEMS), tmp_path)
    assert not list((tmp_path / "results").rglob("*.pt"))
    assert "00_start_here: not executed, because it needs the run flare22-supervised" in said(
        tmp_path
    )
    table = (tmp_path / "figures" / "smoke" / "table3.md").read_text(encoding="utf-8")
    assert [line.count("not run") > 13 for line in table.splitlines() if line.startswith("|")][
        2:
    ] == [True] * 4
    page = (tmp_path / "results" / "smoke" / "index.html").read_text(encoding="utf-8")
    assert page.count("<td>not run</td>") > 4 * 13


@pytest.mark.slow
def test_further_calls_do_what_is_missing_and_nothing_else(tmp_path):
    succeeded(start(tmp_path, item=ITEMS), tmp_path)
    weights = {path: path.stat().st_mtime_ns for path in (tmp_path / "results").rglob("*.pt")}
    began = time.time()
    succeeded(start(tmp_path, item=ITEMS), tmp_path)
    assert time.time() - began < 60
    second = said(tmp_path).rsplit("runs, ", 1)[1]
    assert "executed" not in second and second.count("unchanged") == 2
    table = tmp_path / "figures" / "smoke" / "table3.csv"
    content = table.read_bytes()
    table.unlink()
    succeeded(start(tmp_path, item=ITEMS), tmp_path)
    assert table.read_bytes() == content
    assert {
        path: path.stat().st_mtime_ns for path in (tmp_path / "results").rglob("*.pt")
    } == weights
