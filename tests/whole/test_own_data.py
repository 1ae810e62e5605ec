"""A stranger's own scans, from a folder to a segmentation on another machine, by commands alone."""

import json
import os
import subprocess
import sys

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from helpers.paths import ROOT
from helpers.volumes import blobs, save

IDS = {7: "liver", 3: "spleen", 12: "thymus"}


def patients(folder, labelled=4, unlabelled=2, ids=tuple(IDS), modality="CT"):
    """Folders patient_000/ct.nii.gz and seg.nii.gz with ids that are not 1, 2, 3."""
    for number in range(labelled + unlabelled):
        image, label, affine = blobs()
        image, label = np.roll(image, number, 0), np.roll(label, number, 0)
        image = image if modality == "CT" else (image - image.min()) * 3
        image = image.astype(np.int16)
        image[0, 0, 0] = -1000 if modality == "CT" else 0
        patient = folder / f"patient_{number:03d}"
        save(patient / "ct.nii.gz", image, affine)
        if number < labelled:
            named = np.array([0, *ids], np.uint8)[label]
            save(patient / "seg.nii.gz", named, affine)
    return folder


def guidednet(*words, folder, status=0):
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "RESULTS_DIR": str(folder / "results"),
        "FIGURES_DIR": str(folder / "figures"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "guidednet", *map(str, words)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


LABELS = ",".join(f"{number}={name}" for number, name in IDS.items())
INIT = ("--images", "{case}/ct.nii.gz", "--segmentations", "{case}/seg.nii.gz", "--labels", LABELS)
TINY = ("--profile", "smoke", "--jobs", 1)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    """A folder where everything up to the exported model has been done by commands."""
    folder = tmp_path_factory.mktemp("clinic")
    patients(folder / "mydata")
    said = guidednet("init", "mydata", *INIT, folder=folder)
    assert "6 cases, 4 of them labelled" in said
    methods = ("--methods", "supervised,cps", "--folds", 2, "--steps", 2)
    folder.joinpath("said").write_text(
        guidednet("compare", "mydata", *methods, *TINY, folder=folder)
    )
    trained = guidednet(
        *("train", "--dataset", "mydata", "--method", "cps", "--all", "--profile", "smoke"),
        folder=folder,
    )
    run = trained.split("finished: ")[1].strip().splitlines()[0]
    guidednet("export", run, "-o", "model.pt", folder=folder)
    return folder


def test_every_labelled_case_is_tested_once_and_the_verdict_is_in_words(clinic):
    table = pd.read_csv(clinic / "figures" / "smoke" / "mydata_comparison.csv")
    assert table["method"].tolist() == ["Sup only", "CPS"]
    assert (table["n_test_cases"] == 4).all() and table["difference_low"].isna().all()
    assert table.columns[3:6].tolist() == ["Spl", "Liv", "Thy"]
    assert "4 test cases are too few for an interval" in clinic.joinpath("said").read_text()
    assert (clinic / "figures" / "smoke" / "mydata_comparison.png").stat().st_size > 10_000


def test_an_installation_that_never_saw_the_data_set_predicts_with_its_names_and_ids(
    clinic, tmp_path
):
    patients(tmp_path / "new", labelled=1, unlabelled=1)
    (tmp_path / "model.pt").write_bytes((clinic / "model.pt").read_bytes())
    guidednet(
        *("predict", "new", "--glob", "*/ct.nii.gz", "--run", "model.pt", "-o", "out"),
        *("--volumes", "volumes.csv", "--colours", "colours"),
        folder=tmp_path,
    )
    written = sorted(
        path.relative_to(tmp_path / "out").as_posix() for path in tmp_path.glob("out/**/*.nii.gz")
    )
    assert written == ["patient_000/ct.nii.gz", "patient_001/ct.nii.gz"]
    values = np.unique(nib.load(tmp_path / "out" / written[0]).dataobj)
    assert set(values) <= {0, *IDS}
    volumes = pd.read_csv(tmp_path / "volumes.csv")
    assert volumes.columns.tolist() == ["scan", "spleen", "liver", "thymus"]
    colours = "".join(path.read_text() for path in (tmp_path / "colours").iterdir())
    assert "thymus" in colours


def test_predictions_are_scored_by_the_models_own_labels(clinic, tmp_path):
    patients(tmp_path / "data", labelled=2, unlabelled=0)
    for number in range(2):
        source = tmp_path / "data" / f"patient_{number:03d}" / "seg.nii.gz"
        for part in ("predictions", "references"):
            (tmp_path / part).mkdir(exist_ok=True)
            (tmp_path / part / f"p{number}.nii.gz").write_bytes(source.read_bytes())
    said = guidednet(
        *("evaluate", "predictions", "references", "--dataset", clinic / "model.pt"),
        folder=tmp_path,
    )
    assert "thymus" in said and "100.00 %" in said


def test_an_mr_data_set_with_one_labelled_case_trains_on_everything(tmp_path):
    patients(tmp_path / "mr", labelled=1, unlabelled=2, modality="MR")
    said = guidednet("init", "mr", *INIT, folder=tmp_path)
    assert "not taken for CT in HU" in said and "too few" in said
    assert json.loads((tmp_path / "mr" / "dataset.json").read_text())["modality"] == "MR"
    refused = guidednet("compare", "mr", *TINY, folder=tmp_path, status=2)
    assert "cannot be both trained on and tested" in refused
    said = guidednet(
        *("train", "--dataset", "mr", "--method", "guidednet", "--all", "--profile", "smoke"),
        folder=tmp_path,
    )
    assert "finished: " in said


def test_the_papers_tables_are_refused_for_another_data_set_in_a_sentence(clinic):
    said = guidednet(
        *("evaluate", "--dataset", "mydata", "--method", "nonsense", "--profile", "smoke"),
        folder=clinic,
        status=2,
    )
    assert said.count("\n") == 1 and "unknown method 'nonsense'" in said
