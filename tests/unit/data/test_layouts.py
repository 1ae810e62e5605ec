"""Which files of a release are cases: where the archives put them, CT alone, one sentence for
another layout.
"""

import pytest

from guidednet.data.layouts import find_cases
from guidednet.errors import InputError


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def amos(folder, *numbers):
    return touch(
        folder,
        *[
            f"{name}/amos_{number:04d}.nii.gz"
            for number in numbers
            for name in ("imagesTr", "labelsTr")
        ],
    )


def found(folder, dataset):
    return [(case.case_id, case.label is not None) for case in find_cases(folder, dataset)]


FLARE22_FOLDERS = {
    "as the archives unpack": (
        "Training/FLARE22_LabeledCase50/",
        "Training/FLARE22_UnlabeledCase1-1000/",
        "Validation/",
        "Validation/",
    ),
    "flat": ("", "unlabeled/", "tuning/images/", "tuning/"),
}


@pytest.mark.parametrize("name", FLARE22_FOLDERS)
def test_flare22_is_found_wherever_its_archives_unpack(name, tmp_path):
    training, unlabelled, tuning, tuning_labels = FLARE22_FOLDERS[name]
    touch(
        tmp_path,
        f"{training}images/FLARE22_Tr_0001_0000.nii.gz",
        f"{training}labels/FLARE22_Tr_0001.nii.gz",
    )
    touch(
        tmp_path,
        f"{unlabelled}Case_00001_0000.nii.gz",
        f"{unlabelled}._Case_00001_0000.nii.gz",
        f"{tuning}FLARETs_0001_0000.nii.gz",
    )
    touch(
        tmp_path,
        f"{tuning}FLARETs_0002_0000.nii.gz",
        f"{tuning_labels}labels/FLARETs_0002.nii.gz",
        "predictions/Case_00001.nii.gz",
    )
    expected = {
        ("FLARE22_Tr_0001", True),
        ("FLARETs_0002", True),
        ("FLARETs_0001", False),
        ("Case_00001", False),
    }
    assert set(found(tmp_path, "flare22")) == expected and [
        label for _, label in found(tmp_path, "flare22")
    ][:2] == [True, True]


def test_amos_is_found_in_the_folder_of_its_archive(tmp_path):
    amos(tmp_path / "amos22", 1)
    touch(
        tmp_path / "amos22",
        "imagesVa/amos_0008.nii.gz",
        "labelsVa/amos_0008.nii.gz",
        "imagesTs/amos_0300.nii.gz",
        "dataset.json",
    )
    assert found(tmp_path, "amos") == [
        ("amos_0001", True),
        ("amos_0008", True),
        ("amos_0300", False),
    ]


def test_folders_behind_links_are_searched(tmp_path):
    amos(tmp_path / "elsewhere", 1)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "amos22").symlink_to(tmp_path / "elsewhere")
    assert found(tmp_path / "raw", "amos") == [("amos_0001", True)]


def test_the_mri_of_amos_stay_out(tmp_path):
    assert found(amos(tmp_path, 1, 410, 507, 600), "amos") == [
        ("amos_0001", True),
        ("amos_0410", True),
    ]


def other_layout(folder):
    return touch(folder, "images/FLARE22_Tr_0001_0000.nii.gz", "labels/FLARE22_Tr_0001.nii.gz")


def twice(folder):
    return touch(amos(folder, 1), "imagesVa/amos_0001.nii.gz", "labelsVa/amos_0001.nii.gz")


def test_a_label_that_the_release_has_is_expected_where_it_would_be(tmp_path):
    (case,) = find_cases(touch(tmp_path, "imagesVa/amos_0008.nii.gz"), "amos")
    assert case.label == tmp_path / "labelsVa" / "amos_0008.nii.gz" and not case.label.exists()


BAD_FOLDERS = {
    "MRI alone": (lambda folder: amos(folder, 507, 600), "contains only cases from number 507 on"),
    "another layout": (other_layout, "files named like those of flare22; use --dataset flare22"),
    "no image": (lambda folder: touch(folder, "readme.txt"), "no image .* found; check --dataset"),
    "no folder": (lambda folder: folder / "absent", "absent: no such folder"),
    "a case twice": (twice, "case amos_0001 also exists as .*imagesTr"),
}


@pytest.mark.parametrize("name", BAD_FOLDERS)
def test_a_folder_that_is_no_release_gets_one_sentence(name, tmp_path):
    make, message = BAD_FOLDERS[name]
    with pytest.raises(InputError, match=message) as caught:
        find_cases(make(tmp_path), "amos")
    assert "\n" not in str(caught.value)
