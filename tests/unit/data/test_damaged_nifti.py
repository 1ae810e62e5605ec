"""Damaged NIfTI files: whatever bytes are wrong, a file is read as a volume or refused with one
sentence, in the memory it is worth.
"""

import gzip

import nibabel as nib
import numpy as np
import pytest

from guidednet.data.nifti import read_grid, read_image
from guidednet.errors import InputError
from helpers.damaged_nifti import (
    CONTENT_DAMAGES,
    PACKED_DAMAGES,
    damage_many,
    intact,
    read_or_refuse,
)
from helpers.volumes import blobs, save


@pytest.mark.parametrize("damage", [*CONTENT_DAMAGES, *PACKED_DAMAGES])
def test_a_damaged_file_is_read_or_refused(damage, tmp_path, recwarn):
    damage_many(tmp_path, damage, rounds=8)
    assert not recwarn.list, "a warning beside the sentence"


def lying(**fields):
    """The content of an intact file whose header says something else."""
    damaged = bytearray(intact(nib.Nifti1Header, is_label=False))
    header = np.frombuffer(damaged, nib.Nifti1Header.template_dtype, count=1)
    for name, value in fields.items():
        header[name] = value
    return bytes(damaged)


HUGE = {"dim": (3, 30_000, 30_000, 30_000, 1, 1, 1, 1)}
LARGE = {"dim": (3, 1000, 1000, 1000, 1, 1, 1, 1)}
ZEROS = gzip.compress(bytes(2**26), mtime=0)
LIES = {
    "27e12 voxels in 32 kB": lambda: lying(**HUGE),
    "27e12 voxels in 32 kB, packed": lambda: gzip.compress(lying(**HUGE)),
    "voxels that begin at a terabyte": lambda: lying(vox_offset=2.0**40),
    "voxels that begin at a terabyte, packed": lambda: gzip.compress(lying(vox_offset=2.0**40)),
    "2 GB in 3 MB": lambda: gzip.compress(
        lying(**LARGE) + np.random.default_rng(0).bytes(3_000_000)
    ),
    "4 GB behind the last voxel": lambda: gzip.compress(lying()) + 64 * ZEROS,
}


@pytest.mark.parametrize(
    ("affine", "message"),
    [
        (np.diag([90, 90, 90, 1.0]), "an extent of .2700. 2340. 1800.. mm"),
        (np.eye(4) + 1e6 * np.eye(4, k=3), "puts voxels 1e"),
    ],
)
def test_a_body_of_several_metres_or_kilometres_away_is_refused_from_its_header(
    affine, message, tmp_path
):
    """Resampled, it would fill the memory, or lose its place in the arithmetic."""
    path = save(tmp_path / "scan.nii.gz", blobs()[0], affine)
    for read in (read_image, read_grid):
        with pytest.raises(InputError, match=message):
            read(path)


@pytest.mark.parametrize("name", LIES)
def test_a_header_that_lies_costs_no_memory(name, tmp_path):
    content = LIES[name]()
    path = tmp_path / ("scan.nii" if content.startswith(lying()[:4]) else "scan.nii.gz")
    path.write_bytes(content)
    assert read_or_refuse(path, is_label=False) is None


def test_an_intact_file_is_read_at_that_expense(tmp_path):
    """Else the limits above would show nothing."""
    for name in ("scan.nii", "scan.nii.gz"):
        assert read_or_refuse(save(tmp_path / name, blobs()[0], blobs()[2]), is_label=False) == (
            30,
            26,
            20,
        )


@pytest.mark.parametrize("kind", ["<i2", ">i2", "|u1", "<u2", "<i4", "<f4", ">f4", "<f8"])
@pytest.mark.parametrize("scaling", [(np.nan, 0), (0, 7), (1, 0), (1, -1024), (2.5, -3)])
def test_an_intact_file_is_read_as_nibabel_reads_it(kind, scaling, tmp_path):
    stored = np.random.default_rng(0).integers(0, 200, (7, 6, 5)).astype(kind)
    header = nib.Nifti1Header(endianness=">" if kind[0] == ">" else "<")
    header.set_data_dtype(stored.dtype)
    header.set_data_shape(stored.shape)
    header["pixdim"][1:4] = 3
    header["vox_offset"], (header["scl_slope"], header["scl_inter"]) = 352, scaling
    content = header.binaryblock + bytes(4) + stored.tobytes("F")
    for name, written in (("scan.nii", content), ("scan.nii.gz", gzip.compress(content))):
        (tmp_path / name).write_bytes(written)
        expected, found = nib.load(tmp_path / name), read_image(tmp_path / name)
        assert np.array_equal(
            found.data, np.asarray(expected.dataobj, np.float32)
        ) and np.array_equal(found.affine, expected.affine)


def test_an_extension_is_skipped_and_padding_is_no_damage(tmp_path):
    image, _, affine = blobs()
    scan = nib.Nifti1Image(image, affine)
    scan.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"from a scanner" * 100))
    path = tmp_path / "scan.nii.gz"
    path.write_bytes(gzip.compress(scan.to_bytes() + bytes(5000)))
    assert np.array_equal(read_image(path).data, image)


def test_a_file_that_is_no_nifti_is_one_sentence_and_nothing_beside_it(tmp_path, capfd):
    (tmp_path / "scan.nii").write_text("patient,age\n" * 100)
    assert read_or_refuse(tmp_path / "scan.nii", is_label=False) is None
    assert capfd.readouterr() == ("", "")
