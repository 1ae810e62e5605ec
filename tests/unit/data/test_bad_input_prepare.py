"""Preparation refuses a bad file with one sentence, and leaves nothing half-written."""

import gzip
import shutil

import nibabel as nib
import numpy as np
import pytest

from guidednet.data.case_store import PrepareConfig
from guidednet.data.prepare import prepare
from guidednet.errors import InputError
from helpers.volumes import blobs, save, save_case

CONFIG = PrepareConfig(spacing_mm=(5.0, 3.0, 3.0))


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[-6] ^= 1  # of the checksum, which is all that tells a changed voxel from a true one
    path.write_bytes(bytes(content))


def flat(value):
    return lambda: np.full((30, 26, 20), value, np.float32)


BAD_CASES = {
    "truncated image": (
        lambda image, label: truncate(image),
        "_0000.nii.gz: cannot be read as NIfTI",
    ),
    "trailer cut off": (
        lambda image, label: image.write_bytes(image.read_bytes()[:-4]),
        "cannot be read as NIfTI",
    ),
    "flipped bit": (lambda image, label: flip_a_bit(image), "cannot be read as NIfTI"),
    "text for a NIfTI": (lambda image, label: image.write_text("hello"), "cannot be read as NIfTI"),
    "empty gzip": (
        lambda image, label: image.write_bytes(gzip.compress(b"")),
        "cannot be read as NIfTI",
    ),
    "2-D image": (
        lambda image, label: save(image, np.ones((30, 26), np.int16), np.eye(4)),
        r"shape \(30, 26\), but a 3-D volume is needed",
    ),
    "4-D image": (
        lambda image, label: save(image, np.ones((30, 26, 20, 2), np.int16), np.eye(4)),
        "a 3-D volume is needed",
    ),
    "NaN": (lambda image, label: save(image, flat(np.nan)(), blobs()[2]), "not finite numbers"),
    "constant": (
        lambda image, label: save(image, flat(-1000)(), blobs()[2]),
        "every voxel is -1000",
    ),
    "complex voxels": (
        lambda image, label: save(image, flat(1)().astype(np.complex64), blobs()[2]),
        "has voxels of type complex64",
    ),
    "singular affine": (lambda image, label: break_affine(image), "affine is singular"),
    "label of other shape": (
        lambda image, label: save(label, blobs()[1][:-1], blobs()[2]),
        r"its shape \(29, 26, 20\) is not the image's",
    ),
    "label elsewhere": (
        lambda image, label: save(label, blobs()[1], blobs()[2] + np.eye(4, k=3) * 9),
        "its affine is not the image's",
    ),
    "label out of range": (
        lambda image, label: save(label, blobs()[1] * 9, blobs()[2]),
        "label value 18 is not one of flare22's 0 to 13",
    ),
    "fractional label": (
        lambda image, label: save(label, blobs()[1] / np.float32(2), blobs()[2]),
        "label value 0.5 is not",
    ),
    "missing label": (
        lambda image, label: label.unlink(),
        "the label of case FLARE22_Tr_0001 is missing",
    ),
    "missing folder": (
        lambda image, label: shutil.rmtree(image.parent.parent),
        "raw: no such folder",
    ),
    "empty folder": (
        lambda image, label: [shutil.rmtree(image.parent), shutil.rmtree(label.parent)],
        "no image",
    ),
}


def break_affine(path):
    image = nib.load(path)
    data, header = np.asarray(image.dataobj), image.header.copy()
    header["srow_x"] = header["srow_y"] = (3, 0, 0, 0)
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[:348] = header.binaryblock
    path.write_bytes(gzip.compress(bytes(content)))
    assert data.size


@pytest.mark.parametrize("name", BAD_CASES)
def test_bad_input_gets_one_sentence_and_leaves_nothing_half_written(name, tmp_path):
    damage, message = BAD_CASES[name]
    paths = save_case(tmp_path / "raw")
    damage(*paths)
    with pytest.raises(InputError, match=message) as caught:
        prepare(tmp_path / "raw", tmp_path / "store", "flare22", CONFIG)
    assert "\n" not in str(caught.value)
    left = [path.name for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert set(left) <= {"store.json"}
