"""status, curves and --on-exit, as a user types them."""

import subprocess
import sys
import time

import pytest

from guidednet.training.loop import train
from helpers.cases import SPLIT, BlobStore
from helpers.command_line import call
from helpers.paths import ROOT
from helpers.tiny_runs import KilledError, killed_after, tiny_config


def test_the_curves_of_a_training_that_stopped(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results" / "runs" / "a-run"
    with pytest.raises(KilledError):
        train(tiny_config("cps"), BlobStore(), SPLIT, folder, progress=killed_after(3))
    assert call(monkeypatch, "curves", "a-run", "--results", "results", "-o", "a.svg") == 0
    assert "a-run: step 3, loss " in capsys.readouterr().out
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()
    assert call(monkeypatch, "status", "--results", "results") == 0
    out = capsys.readouterr().out
    assert "nobody trains a run in" in out and "stopped half-way" in out and "a-run" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["curves", "nothing"], "nothing: no such run folder"),
        (["curves", ".", "-o", "a.bmp"], "must end in .png, .pdf or .svg"),
        (["curves", "."], "curves.csv: no such file"),
        (["status", "nothing"], "nothing: no such run folder"),
    ],
)
def test_mistakes_are_one_sentence(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, *words) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_command_at_the_end_runs_after_a_mistake_too(capfd, monkeypatch):
    words = ["--profile", "huge", "--on-exit", "echo status={status} of={run}"]
    assert call(monkeypatch, "train", "--method", "cps", *words) == 2
    assert "status=2 of=\n" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"), [("no-such-program", "no program here"), ("echo 'a", "quotation")]
)
def test_a_command_that_cannot_run_is_told_before_anything_else(text, message, capsys, monkeypatch):
    with pytest.raises(SystemExit):
        call(monkeypatch, "train", "--method", "cps", "--on-exit", text)
    assert message in capsys.readouterr().err


def test_the_command_at_the_end_runs_when_time_is_over():
    code = (
        "import sys, time; from argparse import Namespace;"
        "from guidednet.cli.on_exit import followed;"
        "options = Namespace(on_exit=['echo', 'status={status}']);"
        "sys.exit(followed(options, lambda options: print('begun', flush=True) or time.sleep(60)))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout.readline() == "begun\n"
        began = time.monotonic()
        process.terminate()
        assert process.stdout.read() == "status=143\n"
    assert process.returncode == 143 and time.monotonic() - began < 50
