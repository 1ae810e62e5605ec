"""The phantom: organs in proportion and in place, deterministic, in the public layouts, unlabelled
cases from elsewhere.
"""

import functools
import itertools
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from guidednet.data.datasets import organ_set
from guidednet.data.layouts import find_cases
from guidednet.data.nifti import read_image, read_label
from guidednet.data.prepare import prepare_label
from guidednet.errors import InputError
from guidednet.phantom import cases as phantom_cases
from guidednet.phantom import make_case, write_phantoms
from guidednet.phantom.anatomy import ORGAN_FORMS
from guidednet.runs.profiles import profile

# Mean volumes in ml; at 5 mm a small organ is a few voxels.
VOLUMES = {
    "liver": 1500,
    "spleen": 200,
    "stomach": 300,
    "pancreas": 80,
    "aorta": 80,
    "inferior vena cava": 60,
    "oesophagus": 20,
}
VOLUMES |= {
    "right kidney": 160,
    "left kidney": 160,
    "duodenum": 70,
    "right adrenal gland": 11,
    "left adrenal gland": 11,
}
MAY_MISS = {organ.name for organ in ORGAN_FORMS if organ.missing} | {"bladder"}


@functools.cache
def cases(dataset, count, shifted=False):
    return [make_case(dataset, f"case-{number}", shifted, voxel_mm=5.0) for number in range(count)]


def canonical(scan):
    """Image and label (X,Y,Z) in RAS+, and the volume of a voxel in ml."""
    image, label = (
        nib.as_closest_canonical(nib.Nifti1Image(array, scan.affine))
        for array in (scan.image, scan.label)
    )
    return (
        np.asarray(image.dataobj),
        np.asarray(label.dataobj),
        abs(np.linalg.det(scan.affine[:3, :3])) / 1000,
    )


def organ_volumes(dataset, scan):
    _, label, voxel = canonical(scan)
    return {
        organ.name: (label == value).sum() * voxel
        for value, organ in organ_set(dataset).by_label.items()
    }


def centre(dataset, scan, name):
    """Centre of an organ in millimetres of the world (right, anterior, superior), NaN without it."""
    voxels = np.argwhere(scan.label == organ_set(dataset).label_of(name))
    found = nib.affines.apply_affine(scan.affine, voxels)
    return found.mean(0) if len(found) else np.full(3, np.nan)


def test_volumes_are_in_proportion():
    volumes = [organ_volumes("flare22", scan) for scan in cases("flare22", 12)]
    for name, expected in VOLUMES.items():
        there = [one[name] for one in volumes if one[name]]
        assert np.mean(there) == pytest.approx(expected, rel=0.3), name


def test_organs_lie_where_they_belong_in_every_axis_order():
    """NaN, the place of a missing organ, is neither before nor behind another."""
    from_the_left = ("spleen", "aorta", "inferior vena cava", "right kidney")
    pairs = [(0, *pair) for pair in itertools.pairwise(from_the_left)]
    pairs += [(0, "left kidney", "aorta"), (0, "aorta", "liver")]
    pairs += [(2, f"{side} kidney", f"{side} adrenal gland") for side in ("left", "right")]
    pairs += [(1, "left kidney", "stomach")]
    for scan in cases("amos", 12):
        place = functools.partial(centre, "amos", scan)
        for axis, low, high in pairs:
            assert not place(low)[axis] >= place(high)[axis], (low, high)
    assert len({"".join(nib.aff2axcodes(scan.affine)) for scan in cases("amos", 12)}) > 4


def test_each_organ_is_one_piece_and_present_unless_it_may_be_missing():
    for scan in cases("amos", 12):
        for value, organ in organ_set("amos").by_label.items():
            pieces = ndimage.label(scan.label == value, structure=np.ones((3, 3, 3)))[1]
            assert pieces == 1 or (pieces == 0 and organ.name in MAY_MISS), organ.name


def test_some_gallbladders_are_missing_and_some_pelves_cut_off():
    volumes = [organ_volumes("amos", scan) for scan in cases("amos", 12)]
    for name in ("gallbladder", "bladder"):
        missing = sum(one[name] == 0 for one in volumes)
        assert 1 <= missing <= 6, name


def test_patients_differ_more_than_a_handful_shows():
    """In volume, in place, in what is missing, and in contrast; this is what leaves methods a gain."""
    volumes = pd.DataFrame([organ_volumes("amos", scan) for scan in cases("amos", 12)])
    volumes = volumes.where(volumes > 0)
    spread = volumes.std() / volumes.mean()
    assert spread.drop(["right adrenal gland", "left adrenal gland"]).min() > 0.12
    assert spread[["spleen", "stomach", "gallbladder", "bladder"]].min() > 0.25
    for name in ("liver", "spleen", "left kidney", "stomach", "pancreas", "gallbladder"):
        to_aorta = [
            centre("amos", scan, name) - centre("amos", scan, "aorta") for scan in cases("amos", 12)
        ]
        assert np.nanstd(to_aorta, axis=0).mean() > 7, name  # mm
    operated = volumes[["spleen", "right kidney", "left kidney", "stomach"]].isna()
    assert 1 <= operated.to_numpy().sum() <= 8
    assert len({scan.phase for scan in cases("amos", 12)}) >= 3


@pytest.mark.parametrize(
    ("dataset", "shifted"), [("amos", False), ("flare22", False), ("flare22", True)]
)
def test_no_organ_is_smaller_than_three_voxels_where_it_is_present(dataset, shifted):
    """At the spacing of profile quick, the coarsest whose numbers mean anything."""
    prepared = profile("quick").data[dataset].prepare
    for scan in cases(dataset, 12, shifted):
        counts = np.bincount(prepare_label(scan.label, scan.affine, prepared).ravel())
        assert counts[counts > 0].min() >= 3


def test_tissues_have_their_hounsfield_units():
    for scan in cases("flare22", 12):
        image, label, _ = canonical(scan)
        organs = organ_set("flare22")
        liver = image[ndimage.binary_erosion(label == organs.label_of("liver"))]
        assert 40 < np.median(liver) < 135
        assert image.min() <= -990 and image.max() > 250  # air and bone
        stomach = image[label == organs.label_of("stomach")]
        # gas above, food and fluid below
        assert stomach.min() < -400 and np.percentile(stomach, 60) > -50
        fat = (image > -130) & (image < -80)
        assert 0.05 < fat.mean() < 0.6


def test_air_in_the_stomach_is_on_top():
    for scan in cases("flare22", 12):
        image, label, _ = canonical(scan)
        stomach = label == organ_set("flare22").label_of("stomach")
        gas, rest = np.argwhere(stomach & (image < -500)), np.argwhere(stomach & (image > -100))
        assert gas[:, 1].mean() > rest[:, 1].mean()


def test_unlabelled_cases_come_from_another_distribution():
    phases = [[scan.phase for scan in cases("flare22", 12, shifted)] for shifted in (False, True)]
    assert phases[0].count("portal venous") > 6 > phases[1].count("portal venous")

    def noise(scan):
        image, label, _ = canonical(scan)
        liver = ndimage.binary_erosion(label == 1, iterations=2)
        return np.std(image[liver])

    labelled, shifted = (
        np.mean([noise(scan) for scan in cases("flare22", 12, which)]) for which in (False, True)
    )
    assert shifted > 1.2 * labelled


def written(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.nii.gz")}


def test_a_case_depends_on_seed_and_id_alone(tmp_path):
    write_phantoms(tmp_path / "two", "flare22", cases=2, labelled=1, voxel_mm=9.0)
    write_phantoms(tmp_path / "four", "flare22", cases=4, labelled=3, voxel_mm=9.0, workers=2)
    write_phantoms(tmp_path / "seed", "flare22", cases=2, labelled=1, voxel_mm=9.0, seed=1)
    two, four, other = (written(tmp_path / name) for name in ("two", "four", "seed"))
    assert len(two) == 3 and two.items() <= four.items()
    assert not set(two.values()) & set(other.values())


@pytest.mark.parametrize(
    ("dataset", "labelled", "unlabelled"),
    [
        (
            "flare22",
            ("images/FLARE22_Tr_0001_0000.nii.gz", "labels/FLARE22_Tr_0001.nii.gz"),
            "unlabeled/Case_00001_0000.nii.gz",
        ),
        (
            "amos",
            ("imagesTr/amos_0001.nii.gz", "labelsTr/amos_0001.nii.gz"),
            "imagesTs/amos_0002.nii.gz",
        ),
    ],
)
def test_layouts_are_the_public_ones(dataset, labelled, unlabelled, tmp_path):
    written_cases = write_phantoms(tmp_path, dataset, cases=2, labelled=1, voxel_mm=9.0)
    assert set(written(tmp_path)) == {Path(name) for name in (*labelled, unlabelled)}
    assert written_cases == find_cases(tmp_path, dataset)
    scan = read_image(written_cases[0].image)
    assert nib.load(written_cases[0].image).get_data_dtype() == np.int16
    assert read_label(written_cases[0].label, scan, organ_set(dataset)).data.max() > 0
    assert written_cases[1].label is None


def test_a_killed_writing_goes_on(tmp_path, monkeypatch):
    write_phantoms(tmp_path / "whole", "flare22", cases=3, labelled=2, voxel_mm=9.0)
    original, calls = phantom_cases.make_case, []

    def killed_at_the_second(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(phantom_cases, "make_case", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        write_phantoms(tmp_path / "parts", "flare22", cases=3, labelled=2, voxel_mm=9.0)
    write_phantoms(tmp_path / "parts", "flare22", cases=3, labelled=2, voxel_mm=9.0)
    assert len(calls) == 4 and written(tmp_path / "parts") == written(tmp_path / "whole")


def test_a_folder_of_other_settings_is_refused(tmp_path):
    write_phantoms(tmp_path, "flare22", cases=1, labelled=1, voxel_mm=9.0)
    with pytest.raises(InputError, match="made with other settings"):
        write_phantoms(tmp_path, "flare22", cases=1, labelled=1, voxel_mm=8.0)


def test_a_matrix_gives_square_slices_and_keeps_the_case():
    """The same patient on 96 x 96 pixels: cut out of the air around, it is the case of that voxel
    size.
    """
    voxel_mm = 384 / 0.85 / 96
    square, plain = (
        make_case("flare22", "case-1", voxel_mm=voxel_mm, matrix=matrix) for matrix in (96, None)
    )
    assert sorted(square.image.shape)[1:] == [96, 96]
    volumes = [np.bincount(scan.label.ravel(), minlength=14)[1:] for scan in (square, plain)]
    assert np.array_equal(*volumes)
    places = [
        [
            nib.affines.apply_affine(scan.affine, np.argwhere(scan.label == organ)).mean(0)
            for organ in (1, 3)
        ]
        for scan in (square, plain)
    ]
    centres = [liver - spleen for liver, spleen in places]
    np.testing.assert_allclose(*centres, atol=1e-3)
    assert (square.image == -1024).sum() > (plain.image == -1024).sum()
