"""A split leaves for nnU-Net without a hidden label, and its predictions become a row."""

import dataclasses
import json
import shutil

import nibabel as nib
import numpy as np
import pytest

from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.prepare import prepare
from guidednet.data.splits import Split
from guidednet.exports.nnunet import export_split, import_predictions
from guidednet.report.tables.captions import caption
from guidednet.report.tables.table import make_table
from guidednet.runs.store import RunStore
from guidednet.study.rows import Row
from helpers.bad_input import refused
from helpers.tiny_runs import TinyWorkspace, tiny_config
from helpers.volumes import blobs, save_five_cases

NAMES = [f"FLARE22_Tr_{number:04d}" for number in range(1, 6)]
CONFIG = dataclasses.replace(tiny_config("supervised"), n_unlabelled=0)
ROWS = [Row("Sup only", (CONFIG,)), Row("CPS", (tiny_config("cps"),))]
PREPARE = PrepareConfig((6.0, 3.0, 3.0))


@dataclasses.dataclass(frozen=True)
class RawWorkspace(TinyWorkspace):
    """Five labelled cases on disk: two train with their labels, the third hides its own."""

    def raw_folder(self, dataset):
        return self.folder / "raw"

    def data(self, dataset):
        return dataclasses.replace(super().data(dataset), prepare=PREPARE)

    def cases(self, dataset):
        return CaseStore(self.folder / "store")

    def split(self, dataset, n_labelled, n_unlabelled, partition="split"):
        return Split(tuple(NAMES[:2]), (NAMES[2],), (NAMES[3],), (NAMES[4],))

    def is_synthetic(self, dataset):
        return True


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The store of runs, and the exported split."""
    folder = tmp_path_factory.mktemp("results")
    prepare(save_five_cases(folder / "raw"), folder / "store", "flare22", PREPARE, workers=1)
    runs = RunStore(RawWorkspace(folder))
    return runs, export_split(runs, CONFIG, folder / "nnUNet_raw", 501)


@pytest.fixture
def predictions(tmp_path):
    """The reference of the test case, as if it was predicted."""
    _, label, affine = blobs()
    nib.save(nib.Nifti1Image(label, affine), tmp_path / f"{NAMES[4]}.nii.gz")
    return tmp_path


@pytest.fixture(autouse=True)
def nothing_imported(made):
    shutil.rmtree(made[0].workspace.folder / "outside", ignore_errors=True)


def test_the_split_has_the_form_of_nnunet_and_no_hidden_label(made):
    _, folder = made
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    labelled = {f"imagesTr/{name}_0000.nii.gz" for name in NAMES[:2]}
    labels = {f"labelsTr/{name}.nii.gz" for name in NAMES[:2]}
    test = {f"imagesTs/{NAMES[4]}_0000.nii.gz"}
    assert files == {"dataset.json", "guidednet.json"} | labelled | labels | test
    described = json.loads((folder / "dataset.json").read_text())
    assert described["channel_names"] == {"0": "CT"} and described["file_ending"] == ".nii.gz"
    assert described["numTraining"] == 2 and folder.name == "Dataset501_flare22"
    assert list(described["labels"].items())[:2] == [("background", 0), ("liver", 1)]
    assert sorted(described["labels"].values()) == list(range(14))


def test_images_and_labels_are_those_on_disk(made):
    runs, folder = made
    raw = runs.workspace.folder / "raw"
    image = f"{NAMES[0]}_0000.nii.gz"
    assert (folder / "imagesTr" / image).read_bytes() == (raw / "images" / image).read_bytes()
    found = nib.load(folder / "labelsTr" / f"{NAMES[0]}.nii.gz")
    wanted = nib.load(raw / "labels" / f"{NAMES[0]}.nii.gz")
    np.testing.assert_array_equal(np.asarray(found.dataobj), np.asarray(wanted.dataobj))
    assert np.allclose(found.affine, wanted.affine)


def test_a_perfect_prediction_is_a_row_of_a_hundred_percent(made, predictions):
    runs, folder = made
    import_predictions(predictions, folder, runs, "nnU-Net")
    table = make_table(ROWS, runs, "mine", "blank")
    assert table["method"].tolist() == ["Sup only", "CPS", "nnU-Net (outside)"]
    row = table.iloc[2]
    assert row["Liv"] == 100
    assert row["mean_dice"] == 100 and row["n_test_cases"] == 1 and row["n_unlabeled"] == 0
    notes = caption("Mine", ROWS, runs).notes
    assert [note for note in notes if note.startswith("nnU-Net (outside): trained by another")]


def test_a_worse_prediction_has_a_lower_score(made, predictions):
    runs, folder = made
    _, label, affine = blobs()
    nib.save(nib.Nifti1Image(np.roll(label, 3, axis=0), affine), predictions / f"{NAMES[4]}.nii.gz")
    import_predictions(predictions, folder, runs, "nnU-Net")
    assert 0 < make_table(ROWS, runs, "mine", "blank")["mean_dice"][2] < 100


def test_a_row_is_shown_beside_its_own_cases_alone(made, predictions):
    runs, folder = made
    import_predictions(predictions, folder, runs, "nnU-Net")
    others = [Row("Sup only", (dataclasses.replace(CONFIG, n_labelled=1),)), ROWS[1]]
    for rows in (others, ROWS[1:]):
        assert not make_table(rows, runs, "mine", "blank")["method"].str.contains("outside").any()
    stamp = runs.workspace.folder / "outside" / "nnu_net-flare22-3" / "scores.json"
    stamp.write_text(stamp.read_text().replace('"key": "', '"key": "0'))
    assert len(make_table(ROWS, runs, "mine", "blank")) == 2


def test_what_cannot_be_scored_is_one_sentence_and_no_row(made, predictions, tmp_path):
    runs, folder = made
    image = predictions / f"{NAMES[4]}.nii.gz"
    _, label, affine = blobs()
    nib.save(nib.Nifti1Image(label[:-1], affine), image)
    refused(
        "its shape (29, 26, 20) is not the image's",
        import_predictions,
        predictions,
        folder,
        runs,
        "n",
    )
    nib.save(nib.Nifti1Image(label + np.uint8(20), affine), image)
    refused("label value 20 is not one of", import_predictions, predictions, folder, runs, "n")
    image.unlink()
    refused("no prediction of this test case", import_predictions, predictions, folder, runs, "n")
    refused("guidednet.json: no such file", import_predictions, predictions, tmp_path, runs, "n")
    refused("is there already", export_split, runs, CONFIG, folder.parent, 501)
    assert not (runs.workspace.folder / "outside").exists()
