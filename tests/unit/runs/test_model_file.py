"""An exported model predicts what its run predicts, and a damaged one is one sentence."""

import nibabel as nib
import numpy as np
import pytest
import torch

from guidednet.errors import InputError
from guidednet.predict import segment
from guidednet.runs.model_file import export, load_model
from guidednet.training import checkpoint
from helpers.tiny_runs import save_run
from helpers.volumes import blobs, save


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    torch.manual_seed(0)
    return save_run(tmp_path_factory.mktemp("run"), "cps")


@pytest.fixture
def model(run_folder, tmp_path):
    export(run_folder, tmp_path / "model.pt")
    return tmp_path / "model.pt"


def test_an_exported_model_predicts_what_its_run_predicts(run_folder, model, tmp_path):
    image, _, affine = blobs()
    scan = save(tmp_path / "scan.nii.gz", image, affine)
    for source, name in ((run_folder, "run"), (model, "file")):
        segment(scan, source, tmp_path / f"{name}.nii.gz")
    found = [np.asarray(nib.load(tmp_path / f"{name}.nii.gz").dataobj) for name in ("run", "file")]
    np.testing.assert_array_equal(*found)
    assert (
        checkpoint.load(model)["dataset"]["labels"]["1"] == "liver"
        and load_model(model).config == load_model(run_folder).config
    )


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[: len(content) // 2], "is damaged, or is not an exported model"),
        (lambda content: b"", "is damaged, or is not an exported model"),
    ],
)
def test_a_damaged_file_is_one_sentence(model, damage, message):
    model.write_bytes(damage(model.read_bytes()))
    with pytest.raises(InputError, match=message):
        load_model(model)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"version": 2}, "newer version"), ({"format": "other"}, "the file is not an exported model")],
)
def test_other_files_and_newer_versions_are_refused(model, change, message):
    checkpoint.save(model, checkpoint.load(model) | change)
    with pytest.raises(InputError, match=message):
        load_model(model)
