"""A second reproduction does nothing that is done."""

import time

from helpers.reproduction import said, start, succeeded

ITEMS = "start,table3"


def test_further_calls_do_what_is_missing_and_nothing_else(tmp_path):
    succeeded(start(tmp_path, item=ITEMS), tmp_path)
    weights = {path: path.stat().st_mtime_ns for path in (tmp_path / "results").rglob("*.pt")}
    began = time.time()
    succeeded(start(tmp_path, item=ITEMS), tmp_path)
    assert time.time() - began < 60
    second = said(tmp_path).rsplit("to do: ", 1)[1]
    assert "notebooks 1/" not in second and second.count("unchanged") == 2
    table = tmp_path / "figures" / "smoke" / "table3.csv"
    content = table.read_bytes()
    table.unlink()
    succeeded(start(tmp_path, item=ITEMS), tmp_path)
    assert table.read_bytes() == content
    assert {
        path: path.stat().st_mtime_ns for path in (tmp_path / "results").rglob("*.pt")
    } == weights
