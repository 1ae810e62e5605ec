"""A bar for work that goes on side by side: lines in a file, a picture in a terminal."""

import io
import sys

import pytest

from guidednet.processes.shared_bar import shared_bar
from guidednet.support.time_left import TimeLeft
from guidednet.support.work_bar import WorkBar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def work(bar, parts=40):
    with shared_bar(bar, processes=False) as reports:
        for name in ("CPS, flare22 6+54", "GuidedNet, flare22 6+54"):
            with reports.item(name):
                for _ in range(parts // 2):
                    reports.add(1, seconds=2)


def test_a_file_gets_a_line_for_every_tenth(capsys):
    work(WorkBar("training", TimeLeft(40)))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"training: {tenth}0%" for tenth in range(1, 11)
    ]
    assert "about 1:12 left (CPS, flare22 6+54)" in lines[0]
    assert "about 0:00 left (GuidedNet, flare22 6+54)" in lines[-1]


def test_names_come_before_the_work(capsys):
    work(WorkBar("notebooks", TimeLeft(40), names_first=True))
    assert capsys.readouterr().err.splitlines() == [
        "notebooks 1/40: CPS, flare22 6+54, 0:00 so far",
        "notebooks 2/40: GuidedNet, flare22 6+54, 0:00 so far, about 0:40 left",
    ]


def test_a_terminal_shows_one_bar_with_the_time_left(monkeypatch):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("COLUMNS", "120")
    work(WorkBar("training", TimeLeft(40)))
    shown = sys.stderr.getvalue()
    assert shown.count("\n") == 1 and "training: 100%" in shown.split("\r")[-1]
    assert "about 0:00 left" in shown


def test_a_failure_ends_the_bar_and_comes_through(capsys):
    with pytest.raises(ValueError), shared_bar(WorkBar("training", TimeLeft(4)), False) as reports:
        with reports.item("CPS"):
            raise ValueError
    work(WorkBar("training", TimeLeft(40)))
    assert "100%" in capsys.readouterr().err
