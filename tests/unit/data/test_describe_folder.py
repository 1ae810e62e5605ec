"""`guidednet init`: which files are images and labels, what they hold, and what looks wrong."""

import json

import numpy as np
import pytest

from guidednet.cli.parser import main
from guidednet.data.describe_folder import describe_folder
from guidednet.data.file_patterns import find_patterns
from guidednet.data.layouts import nifti_files
from guidednet.errors import InputError
from helpers.bad_input import refused
from helpers.volumes import blobs, save

LAYOUTS = {
    "a folder per patient": ("p{}/ct.nii.gz", "p{}/seg.nii.gz"),
    "two folders": ("images/case_{}.nii.gz", "labels/case_{}.nii.gz"),
    "nnU-Net": ("imagesTr/x_{}_0000.nii.gz", "labelsTr/x_{}.nii.gz"),
    "a suffix": ("scan{}.nii.gz", "scan{}_seg.nii.gz"),
    "two suffixes": ("{}_ct.nii.gz", "{}_label.nii.gz"),
    "two prefixes": ("img/img{}.nii.gz", "label/label{}.nii.gz"),
}


def filled(folder, image_path, label_path, cases=3, labelled=3):
    image, label, affine = blobs()
    image[0, 0, 0] = -1000
    for number in range(cases):
        save(folder / image_path.format(number), image, affine)
        if number < labelled:
            save(folder / label_path.format(number), label, affine)
    return folder


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_usual_layouts_are_found(name, tmp_path):
    image_path, label_path = LAYOUTS[name]
    filled(tmp_path, image_path, label_path, labelled=2)
    found = describe_folder(tmp_path, labels={1: "liver", 2: "spleen", 3: "aorta"})
    assert found.said[0] == "3 cases, 2 of them labelled", found.document
    assert "ids: 1 liver in 2, 2 spleen in 2, 3 aorta in 2" in found.said


def warnings_of(folder, **options):
    labels = options.pop("labels", {1: "liver", 2: "spleen", 3: "aorta"})
    return "\n".join(describe_folder(folder, labels=labels, **options).warnings)


def test_what_looks_wrong_is_said(tmp_path):
    folder = filled(tmp_path, "p{}/ct.nii.gz", "p{}/seg.nii.gz")
    assert warnings_of(folder) == ""
    assert "id 3 has no name" in warnings_of(folder, labels={1: "liver", 2: "spleen"})
    assert "thymus: in no labelled case" in warnings_of(
        folder, labels={1: "liver", 2: "spleen", 3: "aorta", 9: "thymus"}
    )
    assert "the organs have no names yet" in warnings_of(folder, labels=None)
    image, label, affine = blobs()
    save(folder / "p9" / "seg.nii.gz", label, affine)
    assert "p9/seg.nii.gz: has no image" in warnings_of(folder)
    save(folder / "p2" / "seg.nii.gz", label + 0.3, affine)
    assert "has values that are not ids" in warnings_of(folder)
    save(folder / "p1" / "seg.nii.gz", label[:-1], affine)
    said = warnings_of(folder)
    assert "lies on another grid" in said and "too few to hold some out" in said


def test_values_that_are_no_hounsfield_units_are_not_taken_for_ct(tmp_path):
    folder = tmp_path
    image, label, affine = blobs()
    for number in range(3):
        save(folder / f"p{number}" / "ct.nii.gz", image + 1024, affine)
        save(folder / f"p{number}" / "seg.nii.gz", label, affine)
    assert "not taken for CT in HU" in warnings_of(folder)
    assert warnings_of(folder, modality="CT") == ""


def masked(folder, **masks):
    """Three subjects with a mask file per organ: the name of the file and its value in the blobs."""
    image, label, affine = blobs()
    image[0, 0, 0] = -1000
    for number in range(3):
        save(folder / f"s{number}" / "ct.nii.gz", image, affine)
        for name, value in masks.items():
            mask = (label == value).astype(np.uint8)
            save(folder / f"s{number}" / "segmentations" / f"{name}.nii.gz", mask, affine)
    return folder


def test_one_mask_per_organ_is_found_and_named(tmp_path):
    folder = masked(tmp_path, liver=1, kidney_left=2, odd_thing=3)
    found = describe_folder(folder)
    assert found.document["segmentations"] == "{case}/segmentations/{organ}.nii.gz"
    assert list(found.document["labels"].values()) == ["left kidney", "liver", "odd thing"]
    assert found.document["masks"] == {"left kidney": "kidney_left"} and found.warnings == []
    assert "ids: 1 left kidney in 3, 2 liver in 3, 3 odd thing in 3" in found.said
    own = describe_folder(folder, labels={3: "liver", 7: "kidney, left"})
    assert own.document["labels"] == {"3": "liver", "7": "kidney, left"}
    assert own.document["masks"] == {"kidney, left": "kidney_left"}
    message = "no mask is called 'pancreas'; there are kidney_left, liver, odd_thing"
    with pytest.raises(InputError, match=message):
        describe_folder(folder, labels={1: "pancreas"})


def test_a_case_without_all_masks_is_named(tmp_path):
    folder = masked(tmp_path, liver=1, spleen=2, absent=9)
    (folder / "s1" / "segmentations" / "spleen.nii.gz").unlink()
    found = describe_folder(folder)
    assert found.said[0] == "3 cases, 2 of them labelled"
    said = "\n".join(found.warnings)
    assert "case s1 has no mask of spleen, so it counts as unlabelled" in said
    assert "absent: in no labelled case" in said
    (folder / "s2" / "ct.nii.gz").unlink()
    assert "s2/segmentations: has no image" in "\n".join(describe_folder(folder).warnings)


def test_folders_without_scans_are_one_sentence(tmp_path):
    refused("no such folder", describe_folder, tmp_path / "absent")
    refused("holds no NIfTI file", describe_folder, tmp_path)
    filled(tmp_path, "p{}/ct.nii.gz", "p{}/seg.nii.gz")
    with pytest.raises(Exception, match="no file matches --images"):
        describe_folder(tmp_path, images="{case}/mr.nii.gz")
    assert find_patterns(tmp_path, nifti_files(tmp_path)) == (
        "{case}/ct.nii.gz",
        "{case}/seg.nii.gz",
    )


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("liver", "not ids and names"),
        ("1=", "not ids and names"),
        ("x=liver", "not ids and names"),
        ("1=liver,1=spleen", "an id appears twice"),
    ],
)
def test_labels_that_are_none_are_one_sentence(labels, message, tmp_path, monkeypatch, capsys):
    filled(tmp_path, "p{}/ct.nii.gz", "p{}/seg.nii.gz", cases=1)
    monkeypatch.setattr("sys.argv", ["guidednet", "init", str(tmp_path), "--labels", labels])
    assert main() == 2 and message in capsys.readouterr().err
    assert not (tmp_path / "dataset.json").exists()


def test_a_description_is_not_replaced_unasked(tmp_path, monkeypatch, capsys):
    filled(tmp_path, "p{}/ct.nii.gz", "p{}/seg.nii.gz")
    words = ["guidednet", "init", str(tmp_path), "--labels", "1=liver,2=spleen,3=aorta"]
    for status, more in ((0, []), (2, []), (0, ["--force", "--name", "ward"])):
        monkeypatch.setattr("sys.argv", [*words, *more])
        assert main() == status, capsys.readouterr().err
    document = json.loads((tmp_path / "dataset.json").read_text())
    assert document["name"] == "ward" and document["images"] == "{case}/ct.nii.gz"


def test_reading_values_does_not_change_them(tmp_path):
    from guidednet.data.nifti import read_values

    image, _, affine = blobs()
    assert np.array_equal(read_values(save(tmp_path / "a.nii.gz", image, affine)), image)
