"""A method in a file of the user's: trained by two processes, compared, used to predict."""

import json
from pathlib import Path

import nibabel as nib
import pandas as pd
import pytest

from guidednet.methods import METHODS
from guidednet.support.files import file_hash
from helpers.command_line import call

METHOD = """
from guidednet.methods.supervised import Supervised


class Halved(Supervised):
    label = "Half supervised"

    def forward(self, batch, step):
        return {name: term / 2 for name, term in super().forward(batch, step).items()}


class Breaks(Supervised):
    label = "Breaks"

    def forward(self, batch, step):
        factor = float("nan") if step == 2 else 1.0
        return {name: factor * term for name, term in super().forward(batch, step).items()}
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file with two methods; what commands make known is taken back."""
    kept = dict(METHODS)
    monkeypatch.setenv("EXTRA_METHODS", "")
    monkeypatch.setenv("RESULTS_DIR", str(tmp_path / "results"))
    monkeypatch.setenv("FIGURES_DIR", str(tmp_path / "figures"))
    (tmp_path / "halved_loss.py").write_text(METHOD)
    yield tmp_path / "halved_loss.py"
    METHODS.clear()
    METHODS.update(kept)


def forget(monkeypatch):
    """As in a new process, in which no file has been named yet."""
    monkeypatch.setenv("EXTRA_METHODS", "")
    METHODS.pop("Halved")


def test_a_method_of_a_file_is_trained_compared_and_used(file, tmp_path, monkeypatch, capsys):
    smoke = ("--profile", "smoke")
    assert call(monkeypatch, "train", "--method", f"{file}:Halved", *smoke, "--processes", 2) == 0
    run = Path(capsys.readouterr().out.split("finished: ")[1].strip())
    record = json.loads((run / "record.json").read_text())
    assert record["processes"] == 2 and record["config"]["method"] == "Halved"
    origin = {"file": file.name, "class": "Halved", "sha256": file_hash(file)}
    assert record["method_from"] == origin and "halved_loss" in record["code"]

    methods = f"supervised,{file}:Breaks,{file}:Halved"
    compare = ("compare", "flare22", "--folds", 1, "--methods", methods, *smoke, "--jobs", 2)
    assert call(monkeypatch, *compare) == 1  # because one of the three breaks
    shown = capsys.readouterr()
    assert "loss term 'supervised' is nan at step 2" in shown.err.splitlines()[-1]
    path = tmp_path / "figures" / "smoke" / "flare22_comparison.csv"
    table = pd.read_csv(path).set_index("method")
    assert list(table["n_seeds"]) == [1, 0, 1]
    assert list(table.index) == ["Sup only", "Breaks", "Half supervised"]
    text = path.with_suffix(".md").read_text()
    assert "Breaks, seed 0: not run, loss term 'supervised' is nan at step 2" in text
    assert text.count("| not run") and not text.startswith("Mixed")

    forget(monkeypatch)
    scan = next((tmp_path / "results" / "phantoms").rglob("*_0000.nii.gz"))
    predict = ("predict", scan, "--run", run, "-o", tmp_path / "labels.nii.gz")
    assert call(monkeypatch, *predict) == 2
    assert "give that file by --method-file" in capsys.readouterr().err
    assert not (tmp_path / "labels.nii.gz").exists()
    assert call(monkeypatch, *predict, "--method-file", file) == 0
    assert nib.load(tmp_path / "labels.nii.gz").shape == nib.load(scan).shape
    assert "another version" not in capsys.readouterr().err
    file.write_text(METHOD + "# a note\n")
    assert call(monkeypatch, *predict, "--method-file", file) == 0
    assert "but another version of it" in capsys.readouterr().err
