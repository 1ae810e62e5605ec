"""A DICOM series is read as one volume, or refused with one sentence."""

import numpy as np
import pytest

from guidednet.data.dicom import read_series
from guidednet.errors import InputError
from helpers.dicom_series import write_series
from helpers.volumes import blobs


def test_a_dicom_series_is_the_volume_it_was_made_from(tmp_path):
    image, _, _ = blobs()
    affine = np.diag([-3.0, -3.0, 5.0, 1.0])
    affine[:3, 3] = [40, 30, -20]
    write_series(tmp_path / "series", image, affine)
    volume = read_series(tmp_path / "series")
    np.testing.assert_array_equal(volume.data, image.astype(np.int16))
    np.testing.assert_allclose(volume.affine, affine, atol=1e-3)


def test_a_series_with_a_gap_two_series_and_none_are_refused(tmp_path):
    image, affine = blobs()[0], np.diag([-3.0, -3.0, 5.0, 1.0])
    write_series(tmp_path / "gap", image, affine, leave_out=(4, 5))
    with pytest.raises(
        InputError, match="slices are missing between 1.2.3-003.dcm and 1.2.3-006.dcm"
    ):
        read_series(tmp_path / "gap")
    write_series(tmp_path / "two", image, affine)
    write_series(tmp_path / "two", image, affine, series="1.2.4")
    with pytest.raises(InputError, match="holds 2 DICOM series"):
        read_series(tmp_path / "two")
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="no DICOM series"):
        read_series(tmp_path / "none")


def test_contours_and_hidden_files_beside_the_slices_are_passed_over(tmp_path):
    write_series(tmp_path, blobs()[0], np.diag([-3.0, -3.0, 5.0, 1.0]))
    head = (tmp_path / "1.2.3-000.dcm").read_bytes()
    contours = head.replace(b"1.2.840.10008.5.1.4.1.1.2\0", b"1.2.840.10008.5.1.4.1.1.481.3\0"[:26])
    (tmp_path / "contours.dcm").write_bytes(contours[:400])
    (tmp_path / "._1.2.3-000.dcm").write_bytes(b"of another system")
    assert read_series(tmp_path).data.shape == blobs()[0].shape


@pytest.mark.parametrize("number", [7, 19], ids=["in the middle", "the last"])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_damaged_slice_is_named_wherever_it_lies(number, share, tmp_path):
    write_series(tmp_path, blobs()[0], np.diag([-3.0, -3.0, 5.0, 1.0]))
    slice_file = tmp_path / f"1.2.3-{number:03d}.dcm"
    content = slice_file.read_bytes()
    slice_file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=f"{slice_file.name} cannot be read as DICOM"):
        read_series(tmp_path)


def test_a_single_slice_and_slices_of_two_sizes_are_refused(tmp_path):
    image, affine = blobs()[0], np.diag([-3.0, -3.0, 5.0, 1.0])
    write_series(tmp_path / "one", image, affine, leave_out=range(1, 20))
    with pytest.raises(InputError, match="holds a single slice; give all slices"):
        read_series(tmp_path / "one")
    write_series(tmp_path / "two", image, affine)
    write_series(tmp_path / "two", image[:20], affine, leave_out=range(19))
    with pytest.raises(InputError, match="cannot be read as one volume; export the series again"):
        read_series(tmp_path / "two")
