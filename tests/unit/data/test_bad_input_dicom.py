"""A DICOM series that is none is refused with one sentence and nothing beside it."""

import shutil

import numpy as np
import pytest
import SimpleITK

from guidednet.data.dicom import read_series
from helpers.bad_input import refused
from helpers.dicom_series import write_series
from helpers.volumes import blobs


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    write_series(folder, blobs()[0], np.diag([-3.0, -3.0, 5.0, 1.0]))
    return folder


def in_colour(folder, files):
    for file in files:
        grey = SimpleITK.Cast(SimpleITK.ReadImage(str(file)), SimpleITK.sitkUInt8)
        writer = SimpleITK.ImageFileWriter()
        writer.KeepOriginalImageUIDOn()
        writer.SetFileName(str(file))
        colour = SimpleITK.Compose(grey, grey, grey)
        for key in ("0020|000e", "0020|000d", "0008|0018", "0020|0032", "0020|0037", "0020|0013"):
            colour.SetMetaData(key, SimpleITK.ReadImage(str(file)).GetMetaData(key))
        writer.Execute(colour)


SERIES = {
    "one slice": (
        lambda folder, files: [file.unlink() for file in files[1:]],
        "holds a single slice",
    ),
    "cut off": (
        lambda folder, files: files[3].write_bytes(files[3].read_bytes()[:900]),
        "1.2.3-003.dcm cannot be read as DICOM",
    ),
    "emptied": (
        lambda folder, files: files[3].write_bytes(b""),
        "1.2.3-003.dcm cannot be read as DICOM",
    ),
    "a slice twice": (
        lambda folder, files: shutil.copy(files[3], folder / "copy.dcm"),
        "lie at the same position; remove one of them",
    ),
    "texts": (
        lambda folder, files: [file.write_text("slice") for file in files],
        "holds no DICOM series",
    ),
    "in colour": (in_colour, "its slices are in colour"),
}


@pytest.mark.parametrize("name", SERIES)
def test_a_series_that_is_none_is_one_sentence_and_nothing_beside_it(name, series, tmp_path, capfd):
    damage, message = SERIES[name]
    folder = shutil.copytree(series, tmp_path / "series")
    damage(folder, sorted(folder.iterdir()))
    refused(message, read_series, folder)
    assert capfd.readouterr().err == ""
