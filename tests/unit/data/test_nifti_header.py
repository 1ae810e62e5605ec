"""A label map lies on its scan in every viewer, whatever the scan's header says; doubts are said."""

from itertools import product

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from guidednet.data.dicom import read_series
from guidednet.data.nifti import read_grid, read_image, write_label
from helpers.bad_input import refused
from helpers.dicom_files import positions, write_slices
from helpers.volumes import blobs, save

CODES = list(product((0, 1, 2, 4), repeat=2))
SFORM = np.array([[0, -3.0, 0, 40], [3.0, 0, 0, -20], [0, 0, 5.0, 7], [0, 0, 0, 1]])
QFORM = np.diag([-3.0, -3.0, 5.0, 1.0])


def write_scan(path, sform, qform, codes, kind=nib.Nifti1Image, unit="mm", order="<"):
    """A scan whose header has two transforms with (sform, qform) codes."""
    header = kind.header_class(endianness=order)
    header.set_data_dtype(np.dtype("i2").newbyteorder(order))
    header["pixdim"][1:4] = 3, 3, 5
    header.set_xyzt_units(unit)
    header.set_qform(qform, 1)
    header.set_sform(sform, 1)
    header["sform_code"], header["qform_code"] = codes
    nib.save(kind(blobs()[0], None, header), path)
    return path


def labelled(path, folder):
    """The file of a label map on the scan at `path`."""
    scan, out = read_image(path), folder / "label.nii.gz"
    write_label(out, blobs()[1], scan.affine, None, scan.header)
    return out


def geometry(path):
    image = SimpleITK.ReadImage(str(path))
    return [*image.GetOrigin(), *image.GetSpacing(), *image.GetDirection()]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("codes", CODES, ids=str)
def test_a_label_map_lies_on_its_scan_in_itk_and_in_nibabel(codes, order, tmp_path):
    scan = write_scan(tmp_path / "scan.nii", SFORM, QFORM, codes, order=order)
    label = labelled(scan, tmp_path)
    assert geometry(label) == geometry(scan)
    stored, found = nib.load(scan), nib.load(label)
    np.testing.assert_array_equal(found.affine, stored.affine)
    for name in ("sform_code", "qform_code", "xyzt_units"):
        assert found.header[name] == stored.header[name]
    assert found.header.get_slope_inter() == (None, None)
    np.testing.assert_array_equal(np.asarray(found.dataobj), blobs()[1])


@given(
    turns=st.tuples(*[st.tuples(*[st.floats(-180, 180)] * 3)] * 2),
    places=st.tuples(*[st.tuples(*[st.floats(-400, 400)] * 3)] * 2),
    codes=st.sampled_from(CODES),
    unit=st.sampled_from(["mm", "meter", "micron"]),
)
def test_so_it_does_for_any_two_transforms(turns, places, codes, unit, tmp_path_factory):
    folder, transforms = tmp_path_factory.mktemp("any"), []
    for turn, place in zip(turns, places, strict=True):
        affine = np.eye(4)
        affine[:3, :3] = Rotation.from_euler("xyz", turn, degrees=True).as_matrix() * (3, 3, 5)
        affine[:3, 3] = place
        transforms.append(affine)
    scale = {"mm": 1, "meter": 1e-3, "micron": 1e3}[unit]
    scan = write_scan(folder / "scan.nii.gz", *transforms, codes, unit=unit)
    stored = nib.load(scan)
    header = stored.header.copy()
    for name in ("qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z"):
        header[name] = header[name] * scale
    header["pixdim"][1:4] *= scale
    nib.save(nib.Nifti1Image(blobs()[0], None, header), scan)
    label = labelled(scan, folder)
    assert geometry(label) == geometry(scan)
    np.testing.assert_array_equal(nib.load(label).affine, nib.load(scan).affine)
    np.testing.assert_allclose(read_grid(scan)[1], stored.affine, rtol=1e-4, atol=2e-3)


def test_a_nifti_2_scan_keeps_its_kind(tmp_path):
    scan = write_scan(tmp_path / "scan.nii", SFORM, QFORM, (2, 1), nib.Nifti2Image)
    found = nib.load(labelled(scan, tmp_path))
    assert isinstance(found, nib.Nifti2Image)
    np.testing.assert_array_equal(found.affine, nib.load(scan).affine)
    np.testing.assert_array_equal(found.get_qform(), nib.load(scan).get_qform())


@pytest.mark.parametrize("angle", [0, 0.3])
def test_a_label_map_lies_on_its_dicom_series_in_itk_too(angle, tmp_path):
    """ITK leaves out the tilt of a gantry, of the series as of the label map."""
    plane = (1.0, 0.0, 0.0, 0.0, np.cos(angle), -np.sin(angle))
    folder, out = write_slices(tmp_path / "series", positions(), plane), tmp_path / "label.nii.gz"
    volume = read_series(folder)
    write_label(out, (volume.data > -1000).astype(np.uint8), volume.affine)
    series = SimpleITK.ReadImage(SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))
    label = SimpleITK.ReadImage(str(out))
    for name in ("GetOrigin", "GetSpacing", "GetDirection"):
        np.testing.assert_allclose(getattr(label, name)(), getattr(series, name)(), atol=1e-4)
    np.testing.assert_allclose(nib.load(out).affine, volume.affine, atol=1e-4)


def moved(by):
    return SFORM + by * np.eye(4, k=3)


@pytest.mark.parametrize(
    ("sform", "qform", "codes", "said"),
    [
        (SFORM, SFORM, (0, 0), "has no orientation in its header (both codes are 0)"),
        (SFORM, moved(40), (2, 1), "lie 13.3 voxels apart; the sform is used"),
        (SFORM, moved(1.0), (2, 1), None),
        (SFORM, moved(40), (2, 0), None),
        (SFORM, moved(40), (0, 1), None),
    ],
)
def test_what_is_doubtful_about_a_place_is_said(sform, qform, codes, said, tmp_path):
    notes = read_image(write_scan(tmp_path / "scan.nii", sform, qform, codes)).notes
    assert notes == () if said is None else len(notes) == 1 and said in notes[0]


@pytest.mark.parametrize(
    ("unit", "voxel", "message"),
    [
        ("mm", 0.0007, "too little for a scan; repair its voxel size or its unit"),
        ("micron", 3, "too little for a scan"),
        ("meter", 3, "too much for a scan; repair its voxel size or its unit"),
        ("mm", 150, "too much for a scan"),
    ],
)
def test_a_body_of_no_humans_size_is_refused(unit, voxel, message, tmp_path):
    image = nib.Nifti1Image(blobs()[0], np.diag([voxel, voxel, voxel, 1.0]))
    image.header.set_xyzt_units(unit)
    nib.save(image, tmp_path / "scan.nii.gz")
    refused(message, read_image, tmp_path / "scan.nii.gz")


@pytest.mark.parametrize("shape", [(1,), (1, 1), (1, 1, 1)])
def test_more_axes_of_length_one_are_one_volume(shape, tmp_path):
    image, _, affine = blobs()
    path = save(tmp_path / "scan.nii.gz", image.reshape(*image.shape, *shape), affine)
    np.testing.assert_array_equal(read_image(path).data, image)
    path = save(tmp_path / "two.nii.gz", np.stack([image, image], -1), affine)
    refused("has shape (30, 26, 20, 2), but a 3-D volume is needed", read_image, path)
