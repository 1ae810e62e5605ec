"""One's own data in every form: paths, nibabel images, arrays; wrong ones in one sentence."""

import nibabel as nib
import numpy as np
import pytest

from guidednet.errors import InputError
from guidednet.report.viewer.own_data import scene_of
from helpers.viewer_page import SPACING, body

AFFINE = np.diag([*SPACING[::-1], 1.0])


def save(path, array):
    nib.save(nib.Nifti1Image(array.transpose(2, 1, 0), AFFINE), path)


@pytest.fixture
def files(tmp_path):
    image, label = body()
    save(tmp_path / "image.nii.gz", image)
    save(tmp_path / "label.nii.gz", label)
    save(tmp_path / "small.nii.gz", label[:-1])
    save(tmp_path / "unnamed.nii.gz", np.where(label > 0, 77, 0).astype(np.uint8))
    nib.save(nib.Nifti1Image(np.stack([image, image], -1), np.eye(4)), tmp_path / "four.nii.gz")
    return tmp_path


def flipped(array):
    """A (D,H,W) RAS+ array as (X,Y,Z) in LAS+, and its affine."""
    affine = AFFINE @ np.diag([-1, 1, 1, 1.0])
    affine[0, 3] = (array.shape[2] - 1) * AFFINE[0, 0]
    return array.transpose(2, 1, 0)[::-1], affine


def test_every_form_gives_the_same_scene(files):
    image, label = body()
    array, affine = flipped(image)
    paths = scene_of(files / "image.nii.gz", {"a": files / "label.nii.gz"}, "flare22")
    loaded = scene_of(
        nib.load(files / "image.nii.gz"), {"a": nib.load(files / "label.nii.gz")}, "flare22"
    )
    arrays = scene_of(array, {"a": flipped(label)[0].astype(np.int64)}, "flare22", affine)
    for scene in (paths, loaded, arrays):
        np.testing.assert_array_equal(scene.image, image)
        np.testing.assert_array_equal(scene.labels["a"], label)
        assert scene.labels["a"].dtype == np.uint8 and scene.unit == "HU"
        np.testing.assert_allclose(scene.affine, AFFINE, atol=1e-6)
    assert paths.title == "image.nii.gz" and paths.reference is None


def test_of_several_maps_the_first_is_the_reference_unless_another_is_named(files):
    maps = dict.fromkeys(("expert", "CPS"), files / "label.nii.gz")
    assert scene_of(files / "image.nii.gz", maps, "flare22").reference == "expert"
    named = scene_of(files / "image.nii.gz", maps, "flare22", reference="CPS")
    assert named.reference == "CPS"


@pytest.mark.parametrize(
    ("image", "label", "reference", "message"),
    [
        ("image", "small", None, "small.nii.gz"),
        ("image", "unnamed", None, "unnamed.nii.gz.*77"),
        ("four", "label", None, "four.nii.gz"),
        ("nowhere", "label", None, "nowhere.nii.gz: no such file"),
        ("image", "nowhere", None, "nowhere.nii.gz: no such file"),
        ("image", "label", "other", "reference 'other': not one of the label maps"),
    ],
)
def test_bad_files_are_one_sentence(files, image, label, reference, message):
    paths = files / f"{image}.nii.gz", {"label": files / f"{label}.nii.gz"}
    with pytest.raises(InputError, match=message) as caught:
        scene_of(*paths, "flare22", reference=reference)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"affine": None}, "scan: a volume is a path, a nibabel image, or an array .*affine"),
        ({"maps": {"a": np.zeros((2, 2, 2), int)}}, r"a: its shape \(2, 2, 2\)"),
        ({"maps": {"a": np.full((60, 40, 16), 77)}}, "a: label value 77"),
        ({"overlays": {"u": np.zeros((2, 2, 2))}}, "'u' has shape"),
        ({"image": np.full((60, 40, 16), np.nan)}, "scan: has voxels that are not finite"),
    ],
)
def test_bad_arrays_are_one_sentence(change, message):
    values = {"image": body()[0].T, "maps": {}, "dataset": "flare22", "affine": AFFINE}
    with pytest.raises(InputError, match=message) as caught:
        scene_of(**(values | change))
    assert "\n" not in str(caught.value)


def test_a_scaled_image_is_not_called_hounsfield():
    image = np.linspace(0, 1, 60 * 40 * 16).reshape(60, 40, 16).astype(np.float32)
    scene = scene_of(image, {}, "flare22", AFFINE)
    assert scene.unit == "scaled, 0 to 1" and next(iter(scene.windows.values())) == (0, 1)
