"""A method, a metric and a data set from outside the package, each in one file, in one table."""

import importlib

import numpy as np
import pandas as pd
import pytest

from guidednet.data.datasets import DATASETS
from guidednet.methods import METHODS
from guidednet.metrics import METRICS
from guidednet.report.tables.formats import explain_columns
from guidednet.reproduce.ratio_table import write_ratio_table
from guidednet.runs.profiles import profile
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import open_workspace
from guidednet.study.rows import table1, table2
from helpers.paths import ROOT
from helpers.volumes import blobs, save

OUTSIDE = ROOT / "tests" / "outside"


@pytest.fixture
def outside(monkeypatch):
    """Registers the three, as importing their files does, and takes them back."""
    kept = [dict(registry) for registry in (METHODS, METRICS, DATASETS)]
    monkeypatch.syspath_prepend(OUTSIDE)
    try:
        for name in ("toy_method", "toy_metric", "toy_dataset"):
            importlib.reload(importlib.import_module(name))
        yield
    finally:  # also if importing fails, or every worker process of later tests would import them
        for registry, before in zip((METHODS, METRICS, DATASETS), kept, strict=True):
            registry.clear()
            registry.update(before)


@pytest.fixture
def clinic(tmp_path):
    """Scans of eight patients, five of them labelled."""
    for number in range(8):
        image, label, affine = blobs()
        image, label = np.roll(image, number, 0), np.roll(label, number, 0)
        patient = tmp_path / "data" / "clinic" / f"patient_{number:03d}"
        save(patient / "ct.nii.gz", image, affine)
        if number < 5:
            save(patient / "seg.nii.gz", label, affine)
    return tmp_path


def test_a_table_has_the_row_the_column_and_the_data_set(outside, clinic, monkeypatch):
    monkeypatch.setenv("FIGURES_DIR", str(clinic / "figures"))
    workspace = open_workspace("smoke", clinic / "data", clinic / "results")
    runs = RunStore(workspace)
    path = write_ratio_table(runs, "clinic", 50, methods=("supervised", "half_supervised"), jobs=2)
    table = pd.read_csv(path).set_index("method")
    assert list(table.columns[2:5]) == ["Liv", "Spl", "Thy"]
    finished = table[table["n_seeds"] == 1]
    assert list(finished.index) == ["Sup only", "Half supervised"]
    assert finished[["mean_dice", "volume_error_ml"]].notna().all(axis=None)
    caption = path.with_suffix(".md").read_text(encoding="utf-8").split("\n")[0]
    assert "clinic" in caption and "synthetic" not in caption
    assert "`volume_error_ml`: difference of the volumes, in ml" in explain_columns(table)


@pytest.mark.parametrize("rows", [table1, table2])
def test_a_new_method_stands_below_the_printed_rows_of_the_papers_tables(outside, rows):
    labels = [row.label for row in rows(profile("smoke"), 1)]
    printed = [kind.label for kind in METHODS.values() if kind.in_paper]
    last_printed = max(place for place, label in enumerate(labels) if label in printed)
    assert labels.index("Half supervised") > last_printed
