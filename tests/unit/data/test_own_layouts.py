"""Files of one's own: other ids, one mask per organ, a table of cases."""

import json

import numpy as np
import pandas as pd
import pytest

from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.datasets import DATASETS, resolve
from guidednet.data.layouts import find_cases
from guidednet.data.nifti import read_label, write_label
from guidednet.data.prepare import prepare, unlabelled_organs
from guidednet.data.verify import verify
from guidednet.errors import InputError
from helpers.bad_input import refused
from helpers.volumes import blobs, save

COARSE = PrepareConfig((5.0, 3.0, 3.0))


@pytest.fixture(autouse=True)
def registry():
    before = dict(DATASETS)
    yield
    DATASETS.clear()
    DATASETS.update(before)


def described(folder, **fields):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset.json").write_text(json.dumps({"labels": {"1": "liver"}} | fields))
    return resolve(str(folder))


def test_other_ids_become_classes_and_return_to_the_file(tmp_path):
    labels = {"30": "liver", "7": "spleen", "400": "thymus"}
    organs = described(tmp_path / "d", labels=labels, images="{case}.nii.gz").organs
    image, label, affine = blobs()
    ids = np.array([0, 7, 30, 400])
    path = save(tmp_path / "seg.nii.gz", ids[label].astype(np.float32) + 0.0004, affine)
    volume = read_label(path, None, organs)
    assert np.array_equal(volume.data, label)
    write_label(tmp_path / "again.nii.gz", volume.data, affine, organs.ids)
    again = read_label(tmp_path / "again.nii.gz", None, organs)
    assert np.array_equal(again.data, label)
    save(tmp_path / "odd.nii.gz", np.full(label.shape, 8, np.int16), affine)
    refused(
        "label value 8 is not one of d's 0, 7, 30, 400",
        read_label,
        tmp_path / "odd.nii.gz",
        None,
        organs,
    )


def subject(folder, name, **masks):
    image, label, affine = blobs()
    save(folder / name / "ct.nii.gz", image, affine)
    for organ, value in masks.items():
        mask = (label == value).astype(np.uint8)
        save(folder / name / "segmentations" / f"{organ}.nii.gz", mask, affine)
    return label


def test_masks_of_single_organs_are_merged_and_a_missing_one_is_not_an_absent_organ(tmp_path):
    folder = tmp_path / "masks"
    label = subject(folder, "s1", liver=1, lung_upper=2, lung_lower=3)
    subject(folder, "s2", liver=1, lung_upper=2)
    dataset = described(
        folder,
        labels={"1": "liver", "2": "lung"},
        images="{case}/ct.nii.gz",
        segmentations="{case}/segmentations/{organ}.nii.gz",
        masks={"lung": ["lung_upper", "lung_lower"]},
    )
    cases = {case.case_id: case for case in find_cases(folder, dataset.name)}
    assert cases["s2"].label is None and len(cases["s1"].masks) == 3
    prepare(folder, tmp_path / "store", dataset.name, COARSE)
    store = CaseStore(tmp_path / "store")
    assert store.labelled_ids == ["s1"]
    share = store.class_voxels(["s1"])[1:] / [(label == 1).sum(), (label >= 2).sum()]
    assert ((share > 0.8) & (share < 1.2)).all()
    assert verify(folder, tmp_path / "store", dataset.name) > 0
    subject(folder, "s1", liver=2)
    with pytest.raises(InputError, match="the masks have changed"):
        verify(folder, tmp_path / "store", dataset.name)


def test_a_table_lists_cases_and_says_what_is_wrong_with_it(tmp_path):
    folder = tmp_path / "table"
    image, label, affine = blobs()
    for name in ("a", "b"):
        save(folder / f"{name}.nii.gz", image, affine)
    save(folder / "a_label.nii.gz", label, affine)
    table = pd.DataFrame(
        {"case": ["a", "b"], "image": ["a.nii.gz", "b.nii.gz"], "label": ["a_label.nii.gz", ""]}
    )
    dataset = described(folder, cases="cases.csv")
    table.to_csv(folder / "cases.csv", index=False)
    found = find_cases(folder, dataset.name)
    assert [(case.case_id, case.label is None) for case in found] == [("a", False), ("b", True)]
    for change, message in (
        ({"image": ["a.nii.gz", "c.nii.gz"]}, "case b: .*c.nii.gz is not there"),
        ({"case": ["a", "a"]}, "case a appears twice"),
        ({"image": ["a.nii.gz", ""]}, "line 3 has no case or no image"),
    ):
        table.assign(**change).to_csv(folder / "cases.csv", index=False)
        with pytest.raises(InputError, match=message):
            find_cases(folder, dataset.name)


def test_organs_that_nobody_labelled_are_named_with_a_question(tmp_path):
    folder = tmp_path / "few"
    image, label, affine = blobs()
    save(folder / "a.nii.gz", image, affine)
    save(folder / "a_seg.nii.gz", np.where(label == 1, 1, 0).astype(np.uint8), affine)
    dataset = described(
        folder,
        labels={"1": "liver", "2": "thymus"},
        images="{case}.nii.gz",
        segmentations="{case}_seg.nii.gz",
    )
    assert len(find_cases(folder, dataset.name)) == 1  # a label is not an image
    prepare(folder, tmp_path / "store", dataset.name, COARSE)
    said = unlabelled_organs(CaseStore(tmp_path / "store"))
    assert said.startswith("1 of 2 organs of few (thymus) occur in no labelled case: is this few?")


def test_two_data_sets_of_one_name_with_other_labels_are_refused(tmp_path):
    described(tmp_path / "one" / "same", images="{case}.nii.gz")
    other = tmp_path / "two" / "same"
    other.mkdir(parents=True)
    (other / "dataset.json").write_text(
        json.dumps({"labels": {"1": "aorta"}, "images": "{case}.nii"})
    )
    refused("two data sets with different labels", resolve, str(other))
