"""Labels of unlabelled phantoms come from the phantom, out of training's reach."""

import subprocess
import sys

import numpy as np
import pytest

from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.datasets import organ_set
from guidednet.data.prepare import prepare
from guidednet.phantom import make_case, write_phantoms
from guidednet.report.figures.hidden_truth import hidden_label
from guidednet.runs.profile import DataConfig, PhantomConfig, Profile
from guidednet.runs.workspace import Workspace


def small_workspace(tmp_path):
    settings = DataConfig(
        "flare22",
        1,
        0,
        0,
        prepare=PrepareConfig(spacing_mm=(17.0, 22.0, 24.0)),
        phantom=PhantomConfig(1, 2, 9.0),
    )
    return Workspace(
        Profile("small", {"flare22": settings}, 1),
        tmp_path / "data",
        tmp_path,
        tmp_path / "figures",
    )


def test_hidden_truth_is_the_phantom_on_the_prepared_grid(tmp_path):
    workspace = small_workspace(tmp_path)
    raw, folder = workspace.raw_folder("flare22"), workspace.store_folder("flare22")
    write_phantoms(raw, "flare22", cases=2, labelled=1, voxel_mm=9.0)
    prepare(raw, folder, "flare22", workspace.data("flare22").prepare)
    store = CaseStore(folder)
    truth = hidden_label(workspace, "flare22", "Case_00001")
    assert (
        truth.shape == store.image("Case_00001").shape
        and not (folder / "cases" / "Case_00001" / "label.npy").exists()
    )
    scan = make_case("flare22", "Case_00001", shifted=True, voxel_mm=9.0)
    liver = organ_set("flare22").label_of("liver")
    millilitres = (scan.label == liver).sum() * abs(np.linalg.det(scan.affine[:3, :3])) / 1000
    assert (truth == liver).sum() * np.prod(store.spacing("Case_00001")) / 1000 == pytest.approx(
        millilitres, rel=0.2
    )


def test_training_does_not_import_the_hidden_truth():
    code = "import sys, guidednet.training.loop, guidednet.runs.store, guidednet.runs.side_by_side, guidednet.study.test_selection\n"
    code += "print([name for name in sys.modules if 'hidden' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
