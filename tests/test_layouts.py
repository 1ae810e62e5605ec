"""Which files of a release are cases: CT alone."""

import pytest

from guidednet.errors import InputError
from guidednet.layouts import find_cases


def amos(folder, *numbers):
    for number in numbers:
        for name in ("imagesTr", "labelsTr"):
            (folder / name).mkdir(parents=True, exist_ok=True)
            (folder / name / f"amos_{number:04d}.nii.gz").touch()
    return folder


def test_the_mri_of_amos_stay_out(tmp_path):
    cases = find_cases(amos(tmp_path, 1, 410, 507, 600), "amos")
    assert [case.case_id for case in cases] == ["amos_0001", "amos_0410"]


def test_a_release_of_mri_alone_has_no_case(tmp_path):
    with pytest.raises(InputError, match="no image"):
        find_cases(amos(tmp_path, 507, 600), "amos")
