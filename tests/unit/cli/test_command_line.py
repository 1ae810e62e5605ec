"""The command line as a user types it: one sentence and status 2 for mistakes, the promised files
otherwise.
"""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from guidednet.cli.arguments import Command
from guidednet.cli.parser import parser
from guidednet.errors import FailedError
from helpers.command_line import call
from helpers.paths import ROOT
from helpers.volumes import blobs, save


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["phantom", "OUT", "--dataset", "kits", "--cases", "1"], "unknown data set 'kits'"),
        (
            ["phantom", "OUT", "--dataset", "amos", "--cases", "1", "--labelled", "2"],
            "--labelled 2: this is more than --cases 1",
        ),
        (
            ["phantom", "OUT", "--dataset", "amos", "--cases", "1", "--voxel-mm", "0"],
            "--voxel-mm 0: the size is outside 0.5 to 20",
        ),
        (
            ["phantom", "OUT", "--dataset", "amos", "--cases", "1", "--matrix", "5"],
            "--matrix 5: the size is outside 32 to 1024",
        ),
        (["prepare", "MISSING", "OUT", "--dataset", "flare22"], "no such folder"),
        (["prepare", "EMPTY", "OUT", "--dataset", "flare22"], "no image"),
        (["prepare", "EMPTY", "OUT", "--dataset", "brats"], "unknown data set 'brats'"),
        (["prepare", "EMPTY", "OUT", "--dataset", "flare22", "--verify"], "cases.csv: not found"),
        (["split", "EMPTY", "--dataset", "flare22"], "no image"),
        (["export", "EMPTY", "-o", "OUT"], "give the folder of a finished run"),
        (["evaluate"], "use --method NAME, or a folder of predictions"),
        (["evaluate", "EMPTY"], "the references are missing; give their folder"),
        (
            ["evaluate", "EMPTY", "EMPTY", "--rules", "fair"],
            "unknown --rules 'fair': use one of own, challenge",
        ),
        (
            ["table", "--dataset", "flare22", "--ratio", "0", "--profile", "smoke"],
            "a labelled share of 0 % is not between 0 and 100 %",
        ),
        (
            ["predict", "scan.nii.gz", "--run", "EMPTY", "-o", "OUT.nii.gz"],
            "scan.nii.gz: no such file",
        ),
        (["train", "--method", "mixmatch", "--profile", "smoke"], "unknown method 'mixmatch'"),
        (["plan", "--profile", "huge"], "unknown profile 'huge'"),
        (["plan", "--profile", "smoke", "--only", "table9"], "unknown artefact 'table9'"),
        (["plan", "--profile", "smoke", "--gpus", "3"], "--gpus 3"),
        (
            ["train", "--method", "cps", "--profile", "smoke", "--gpus", "2", "--processes", "2"],
            "--processes 2: this option is for the CPU",
        ),
        (["plan", "--profile", "smoke", "--results", "FILE"], "is a file"),
        (
            ["notebook", "12_table3_components", "--profile", "smoke", "--set", "sead=1"],
            "no parameter 'sead'",
        ),
        (["notebook", "77_nothing", "--profile", "smoke"], "no such notebook"),
        (["notebook", "../notebooks/30_slice_viewer", "--profile", "smoke"], "no such notebook"),
        (["prepare", "EMPTY", "OUT", "--dataset", "../../OUT"], "unknown data set '../../OUT'"),
        (["train", "--method", "../../OUT", "--profile", "smoke"], "unknown method '../../OUT'"),
        (["plan", "--profile", "../../OUT"], "unknown profile '../../OUT'"),
        (["plan", "--profile", "smoke", "--only", "../../OUT"], "unknown artefact '../../OUT'"),
    ],
)
def test_mistakes_get_one_sentence_and_status_2(arguments, message, tmp_path, monkeypatch, capsys):
    (tmp_path / "EMPTY").mkdir()
    (tmp_path / "FILE").write_text("")
    monkeypatch.setenv("RESULTS_DIR", str(tmp_path / "results"))
    placed = [
        str(tmp_path / word) if word.split(".")[0] in ("OUT", "MISSING", "EMPTY", "FILE") else word
        for word in arguments
    ]
    assert call(monkeypatch, *placed) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"EMPTY", "FILE"}


@pytest.mark.parametrize(
    "arguments", [["phantom"], ["plan", "--seeds", "0"], ["plan", "--seeds", "many"], ["fly"]]
)
def test_wrong_options_end_with_status_2(arguments, monkeypatch):
    with pytest.raises(SystemExit) as caught:
        call(monkeypatch, *arguments)
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (FailedError("loss term 'cps' is nan"), 1, "guidednet: loss term 'cps' is nan\n"),
        (
            KeyboardInterrupt(),
            130,
            "\nguidednet: stopped; the same command goes on where this one ended\n",
        ),
    ],
)
def test_what_fails_or_is_stopped_has_a_sentence_and_a_status_of_its_own(
    error, status, message, monkeypatch, capsys
):
    def fail(options):
        raise error

    failing = Command("plan", "", lambda command: None, fail)
    monkeypatch.setattr("guidednet.cli.runs.COMMANDS", (failing,))
    assert call(monkeypatch, "plan") == status and capsys.readouterr().err == message


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("train --method cps", "goes on where this one ended"),
        ("prepare raw store --dataset flare22", "goes on where this one ended"),
        ("evaluate --method cps", "goes on where this one ended"),
        ("evaluate predictions references", "begins again"),
        ("predict scans --run run -o out", "goes on where this one ended"),
        ("predict scans/a.nii.gz --run run -o out.nii.gz", "begins again"),
        ("plan", "begins again"),
        ("notebook 00_start_here", "executes it from its first cell; trained runs are kept"),
    ],
)
def test_what_follows_an_interruption_is_true_of_the_command(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "a.nii.gz").touch()
    options = parser().parse_args(words.split())
    assert options.after_stop(options).endswith(said)


@pytest.mark.parametrize(("name", "status"), [("José", 0), ("nowhere-ß", 2)])
def test_a_name_that_the_terminal_cannot_show_is_no_failure(name, status, tmp_path, monkeypatch):
    save(tmp_path / "José" / "张.nii.gz", blobs()[0], blobs()[2])
    shown = {stream: io.BytesIO() for stream in ("stdout", "stderr")}
    for stream, content in shown.items():
        monkeypatch.setattr(sys, stream, io.TextIOWrapper(content, "ascii", write_through=True))
    assert call(monkeypatch, "init", tmp_path / name, "--workers", 1) == status
    said = shown["stdout" if status == 0 else "stderr"].getvalue()
    assert ascii(name).strip("'").encode() in said


def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path, monkeypatch):
    def print_much(options):
        raise BrokenPipeError

    with (tmp_path / "output").open("w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        failing = Command("plan", "", lambda command: None, print_much)
        monkeypatch.setattr("guidednet.cli.runs.COMMANDS", (failing,))
        assert call(monkeypatch, "plan") == 0


def test_phantom_then_prepare(tmp_path, monkeypatch, capsys):
    raw, store = tmp_path / "raw", tmp_path / "store"
    phantom = [
        "phantom",
        raw,
        "--dataset",
        "flare22",
        "--cases",
        2,
        "--labelled",
        1,
        "--voxel-mm",
        9,
        "--workers",
        1,
    ]
    assert call(monkeypatch, *phantom) == 0
    assert (
        call(
            monkeypatch,
            "prepare",
            raw,
            store,
            "--dataset",
            "flare22",
            "--spacing",
            20,
            15,
            15,
            "--workers",
            1,
        )
        == 0
    )
    assert (store / "cases.csv").read_text(encoding="utf-8").count("\n") == 3
    assert np.load(store / "cases" / "Case_00001" / "image.npy", mmap_mode="r").ndim == 3
    assert "2 cases, 1 of them labelled" in capsys.readouterr().out


def test_reproduce_sh_explains_itself_and_refuses_unknown_commands():
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    shown = subprocess.run(
        ["bash", ROOT / "reproduce.sh", "--help"], capture_output=True, text=True, env=environment
    )
    words = ("setup", "test", "plan", "bench", "docs", "audit", "lab", "--profile", "--only")
    assert shown.returncode == 0 and all(word in shown.stdout for word in words)
    refused = subprocess.run(
        ["bash", ROOT / "reproduce.sh", "dance"], capture_output=True, text=True, env=environment
    )
    assert refused.returncode == 2 and "unknown command 'dance'" in refused.stderr
