"""Images in memory are segmented as their files are, and come back in the same form."""

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
import torch
import torchio

import guidednet
from guidednet.predict.images import volume_of
from helpers.bad_input import refused
from helpers.tiny_runs import save_run
from helpers.volumes import blobs, reoriented, save

ORDER = np.array([[2, -1], [0, 1], [1, -1]])


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    torch.manual_seed(0)
    return guidednet.load(save_run(tmp_path_factory.mktemp("run"), "cps"))


@pytest.fixture(scope="module")
def scan():
    """A scan (X,Y,Z) in an unusual axis order, and its affine."""
    image, _, affine = blobs()
    return reoriented(image, affine, ORDER)


@pytest.fixture(scope="module")
def file(scan, tmp_path_factory):
    return save(tmp_path_factory.mktemp("scan") / "scan.nii.gz", *scan)


@pytest.fixture(scope="module")
def expected(model, file):
    """What `guidednet predict` writes for the file."""
    output = file.with_name("out.nii.gz")
    guidednet.segment(file, model.source, output)
    found = nib.load(output)
    assert len(np.unique(np.asarray(found.dataobj))) > 1
    return found


def test_five_lines_on_a_nibabel_image_give_the_labels_of_the_command(model, file, expected):
    found = model.predict(nib.load(file))
    np.testing.assert_array_equal(np.asarray(found.dataobj), np.asarray(expected.dataobj))
    np.testing.assert_array_equal(found.affine, expected.affine)
    assert isinstance(found, nib.Nifti1Image) and found.get_data_dtype() == np.uint8


def test_a_path_gives_a_nibabel_image_that_can_be_saved(model, file, expected, tmp_path):
    nib.save(model.predict(str(file)), tmp_path / "out.nii.gz")
    found = nib.load(tmp_path / "out.nii.gz")
    np.testing.assert_array_equal(np.asarray(found.dataobj), np.asarray(expected.dataobj))
    assert found.header["sform_code"] == expected.header["sform_code"]


def test_an_array_gives_an_array(model, scan, expected):
    found = model.predict(scan[0], affine=scan[1])
    assert type(found) is np.ndarray and found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.asarray(expected.dataobj))


def test_torchio_gives_a_label_map_and_a_subject_keeps_its_images(model, file, expected):
    image = torchio.ScalarImage(file)
    found = model.predict(image)
    assert isinstance(found, torchio.LabelMap) and np.allclose(found.affine, image.affine)
    np.testing.assert_array_equal(found.data[0].numpy(), np.asarray(expected.dataobj))
    subject = model.predict(torchio.Subject(ct=image, age=50))
    assert set(subject) == {"ct", "age", "prediction"}
    assert torch.equal(subject["prediction"].data, found.data)


def test_simple_itk_gives_an_image_on_the_same_grid(model, file, expected):
    image = SimpleITK.ReadImage(str(file))
    found = model.predict(image)
    assert isinstance(found, SimpleITK.Image) and found.GetDirection() == image.GetDirection()
    labels = SimpleITK.GetArrayFromImage(found).T
    # ITK rounds the transform of a file
    assert (labels == np.asarray(expected.dataobj)).mean() > 0.9999


def test_the_labels_are_those_of_the_data_set(model):
    assert model.labels[1] == "liver" and len(model.labels) == 13 and 0 not in model.labels


def test_a_micrometre_header_is_read_as_the_file_is(scan, file):
    image = nib.Nifti1Image(scan[0], scan[1] @ np.diag([1000, 1000, 1000, 1]))
    image.header.set_xyzt_units("micron")
    found = volume_of(image).affine
    assert np.allclose(np.abs(np.linalg.det(found)), np.abs(np.linalg.det(scan[1])), rtol=1e-4)


BAD = {
    "an array without an affine": (lambda scan: (scan[0], None), "needs its affine (4,4) to RAS"),
    "a list": (lambda scan: ([1, 2], None), "not a list; convert it to one of them"),
    "an image with another affine": (
        lambda scan: (nib.Nifti1Image(*scan), np.eye(4)),
        "this image has its own, so leave it out",
    ),
    "two dimensions": (lambda scan: (scan[0][0], scan[1]), "but a 3-D volume is needed"),
    "a blank scan": (lambda scan: (scan[0] * 0, scan[1]), "the image: every voxel is 0"),
    "a hole": (lambda scan: (scan[0] * np.nan, scan[1]), "voxels that are not finite numbers"),
    "text": (lambda scan: (scan[0].astype(str), scan[1]), "give real numbers"),
    "no size": (lambda scan: (scan[0], np.zeros((4, 4))), "the image: its affine is singular"),
    "grey values": (lambda scan: (scan[0] + 1024, scan[1]), "the image: its lowest value is"),
    "two scans": (
        lambda scan: (
            torchio.Subject(
                a=torchio.ScalarImage(tensor=scan[0][None].copy()),
                b=torchio.ScalarImage(tensor=scan[0][None].copy()),
            ),
            None,
        ),
        "the Subject has 2 scans (a, b)",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_scan_is_one_sentence(name, model, scan):
    make, message = BAD[name]
    image, affine = make(scan)
    refused(message, lambda: model.predict(image, affine=affine))


def test_other_values_are_for_those_who_know_better(model, scan):
    model.predict(scan[0] + 1024, affine=scan[1], assume_hu=True)
