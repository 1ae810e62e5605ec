"""Whole commands as a user types them, at smoke size: the promised files and what is printed."""

import re
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

from guidednet.methods import METHODS
from helpers.command_line import call
from helpers.volumes import save_case


def test_plan_needs_no_data_and_writes_nothing(tmp_path, monkeypatch, capsys):
    assert (
        call(
            monkeypatch,
            "plan",
            "--profile",
            "paper",
            "--only",
            "table3",
            "--results",
            tmp_path / "new",
        )
        == 0
    )
    output = capsys.readouterr().out
    assert (
        output.count("flare22-guidednet-42+378-20000steps-seed") == 15
        and "to do: 18 of 18 runs" in output
    )
    assert not (tmp_path / "new").exists()


def test_train_evaluate_predict_at_smoke_size(tmp_path, monkeypatch, capsys):
    """Raw CT to segmentation, by the commands of docs/command-line.md."""
    common = ["--profile", "smoke", "--results", tmp_path / "results"]
    assert call(monkeypatch, "train", "--method", "cps", *common) == 0
    run = Path(capsys.readouterr().out.split("finished: ")[1].strip())
    assert call(monkeypatch, "export", run, "-o", tmp_path / "model.pt") == 0
    for path in (run / "record.json", tmp_path / "model.pt"):
        assert not re.search(rb"/(?:home|root|Users|work|tmp)/", path.read_bytes()), (
            "a path of this machine"
        )
    assert call(monkeypatch, "evaluate", "--method", "cps", *common) == 0
    shown = capsys.readouterr().out
    assert (
        "2 test cases, one seed (0)" in shown
        and "ensemble: mean Dice of a case" in shown
        and "95 % interval over cases" in shown
    )
    image, _ = save_case(tmp_path / "raw")
    assert (
        call(
            monkeypatch, "predict", image, "--run", run, "-o", tmp_path / "out.nii.gz", "--ensemble"
        )
        == 0
    )
    scan, segmentation = nib.load(image), nib.load(tmp_path / "out.nii.gz")
    assert segmentation.shape == scan.shape and np.allclose(segmentation.affine, scan.affine)
    assert call(monkeypatch, "export", run, "-o", tmp_path / "model.pt") == 0
    images, found = image.parent, tmp_path / "found"
    extras = ["--volumes", tmp_path / "volumes.csv", "--colours", tmp_path / "colours"]
    assert (
        call(monkeypatch, "predict", images, "--run", tmp_path / "model.pt", "-o", found, *extras)
        == 0
    )
    assert (tmp_path / "volumes.csv").read_text(encoding="utf-8").count("\n") > 1 and len(
        list((tmp_path / "colours").iterdir())
    ) == 2
    assert call(monkeypatch, "evaluate", found, found, "-o", tmp_path / "scores.csv") == 0
    assert "liver" in (tmp_path / "scores.csv").read_text(encoding="utf-8")


def test_a_table_at_any_labelled_share_shows_what_is_trained(tmp_path, monkeypatch, capsys):
    options = [
        "--profile",
        "smoke",
        "--results",
        tmp_path / "results",
        "--methods",
        "supervised",
        "--jobs",
        1,
    ]
    monkeypatch.setenv("FIGURES_DIR", str(tmp_path / "figures"))
    assert call(monkeypatch, "table", "--dataset", "flare22", "--ratio", 25, *options) == 0
    path = tmp_path / "figures" / "smoke" / "flare22_25percent.csv"
    assert f"table: {path}" in capsys.readouterr().out
    table = pd.read_csv(path).set_index("method")
    # FLARE22 hides no label
    labels = [kind.label for kind in METHODS.values() if not kind.uses_hidden_labels]
    assert list(table.index) == [*labels, "GuidedNet, as printed", "GuidedNet, as released"]
    assert table["n_seeds"].to_dict() == {name: int(name == "Sup only") for name in table.index}
    assert (table["n_labeled"] == 1).all() and table["mean_dice"].count() == 1
    assert table["n_unlabeled"].tolist()[:11] == [0] + [3] * 10
