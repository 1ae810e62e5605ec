"""A DICOM SEG holds the labels of a series, slice by slice, under the names of its organs."""

import importlib.util

import nibabel as nib
import numpy as np
import pytest
import torch

from guidednet.data.dicom import series_files
from guidednet.predict import Beside, segment
from helpers.bad_input import refused
from helpers.dicom_series import write_series
from helpers.tiny_runs import save_run
from helpers.volumes import blobs, save

HAS_HIGHDICOM = importlib.util.find_spec("highdicom") is not None


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    torch.manual_seed(0)
    return save_run(tmp_path_factory.mktemp("run"), "supervised")


@pytest.fixture
def series(tmp_path):
    write_series(tmp_path / "series", blobs()[0], np.diag([-3.0, -3.0, 5.0, 1.0]))
    return tmp_path / "series"


def test_the_files_of_a_series_are_in_the_order_of_its_slices(series):
    (series / "1.2.3-000.dcm").rename(series / "z.dcm")
    names = [path.name for path in series_files(series)]
    assert names == ["z.dcm", *(f"1.2.3-{index:03d}.dcm" for index in range(1, 20))]


def test_labels_of_a_series_become_dicom_seg(run, series, tmp_path):
    """Where highdicom is not installed, one sentence says so and nothing is written."""
    output, seg = tmp_path / "out.nii.gz", tmp_path / "seg.dcm"
    if not HAS_HIGHDICOM:
        refused(
            "pip install highdicom",
            lambda: segment(series, run, output, beside=Beside(dicom_seg=seg)),
        )
        assert not output.exists() and not seg.exists()
        return
    segment(series, run, output, beside=Beside(dicom_seg=seg))
    import highdicom

    found = highdicom.seg.segread(seg)
    uids = [f"1.2.3.{index + 1}" for index in range(20)]
    frames = found.get_pixels_by_source_instance(
        uids, combine_segments=True, skip_overlap_checks=True
    )
    expected = np.asarray(nib.load(output).dataobj)
    assert len(np.unique(expected)) > 1
    np.testing.assert_array_equal(frames.transpose(2, 1, 0), expected)
    labels = {number: found.get_segment_description(number).segment_label for number in (1, 13)}
    assert labels == {1: "liver", 13: "left kidney"}


def test_a_nifti_has_no_slices_to_refer_to(run, tmp_path):
    image, _, affine = blobs()
    scan = save(tmp_path / "scan.nii.gz", image, affine)
    message = "is no folder of a DICOM series" if HAS_HIGHDICOM else "pip install highdicom"
    beside = Beside(dicom_seg=tmp_path / "seg.dcm")
    refused(message, lambda: segment(scan, run, tmp_path / "out.nii.gz", beside=beside))
