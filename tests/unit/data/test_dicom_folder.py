"""A folder of DICOM files is read by what its files hold: one CT volume, or one sentence."""

import shutil

import numpy as np
import pytest
import SimpleITK

from guidednet.data.dicom import read_series
from guidednet.data.scan import read_scan
from guidednet.errors import InputError
from helpers import dicom_files as files
from helpers.bad_input import refused
from helpers.dicom_files import file_of, picture, positions, slice_values, write_slices

CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
TILTED = (1.0, 0.0, 0.0, 0.0, np.cos(0.3), -np.sin(0.3))


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    return write_slices(tmp_path_factory.mktemp("slices") / "series", positions())


def volume_of(count=8):
    return np.stack([picture(index) for index in range(count)]).transpose(2, 1, 0)


def other(name, sop_class, **changes):
    """A file of another class in the series' study."""
    values = slice_values(picture(0), (0, 0, 0), series="1.2.9")
    values[0x00080016] = ("UI", sop_class)
    values |= {int(key[1:], 16): value for key, value in changes.items()}
    return name, file_of(values)


def test_a_series_is_read_slice_by_slice_at_its_own_places(series):
    volume = read_series(series)
    np.testing.assert_array_equal(volume.data, volume_of())
    assert volume.data.dtype == np.float32 and volume.notes == ()
    np.testing.assert_allclose(
        volume.affine, [[-3, 0, 0, 20], [0, -3, 0, 30], [0, 0, 5, 40], [0, 0, 0, 1]], atol=1e-9
    )


def test_a_tilted_series_has_its_shear_and_names_mean_no_order(tmp_path):
    places = positions()[::-1]
    volume = read_series(write_slices(tmp_path / "s", places, TILTED))
    np.testing.assert_array_equal(volume.data, volume_of()[:, :, ::-1])
    np.testing.assert_allclose(volume.affine[:3, 2], (0, 0, 5), atol=1e-6)
    np.testing.assert_allclose(volume.affine[:3, 1], 3 * np.array([0, -np.cos(0.3), -np.sin(0.3)]))


@pytest.mark.parametrize(
    "syntax", [files.EXPLICIT, files.IMPLICIT, files.DEFLATED, files.BIG_ENDIAN]
)
def test_every_way_to_write_the_elements_is_read(syntax, tmp_path):
    order = ">" if syntax == files.BIG_ENDIAN else "<"
    for index, place in enumerate(positions()):
        values = slice_values(picture(index), place, number=index + 1, order=order)
        (tmp_path / f"{index}").write_bytes(file_of(values, syntax))
    np.testing.assert_array_equal(read_series(tmp_path).data, volume_of())


def test_compressed_slices_are_read(series, tmp_path):
    for path in sorted(series.iterdir()):
        stored = SimpleITK.ReadImage(str(path))
        image = SimpleITK.Cast(stored, SimpleITK.sitkInt16)
        for key in stored.GetMetaDataKeys():
            image.SetMetaData(key, stored.GetMetaData(key))
        writer = SimpleITK.ImageFileWriter()
        writer.KeepOriginalImageUIDOn()
        writer.SetUseCompression(True)
        writer.SetFileName(str(tmp_path / path.with_suffix(".dcm").name))
        writer.Execute(image)
    assert b"1.2.840.10008.1.2.4." in next(tmp_path.iterdir()).read_bytes()
    np.testing.assert_array_equal(read_series(tmp_path).data, volume_of())
    cut = sorted(tmp_path.iterdir())[3]
    cut.write_bytes(cut.read_bytes()[:-20])
    refused(f"{cut.name} cannot be read as DICOM", read_series, tmp_path)


@pytest.mark.parametrize("syntax", [files.EXPLICIT, files.IMPLICIT])
def test_an_enhanced_multi_frame_ct_is_read_from_its_folder_and_by_itself(syntax, tmp_path):
    places = positions()
    values = files.enhanced_values([*places[4:], *places[:4]], TILTED)
    (tmp_path / "ct.dcm").write_bytes(file_of(values, syntax))
    for path in (tmp_path, tmp_path / "ct.dcm"):
        volume = read_scan(path)
        np.testing.assert_array_equal(volume.data, np.roll(volume_of(), 4, axis=2))
        np.testing.assert_allclose(volume.affine[:3, 2], (0, 0, 5), atol=1e-6)
        np.testing.assert_allclose(volume.affine[:3, 3], (20, 30, 40), atol=1e-6)


def test_a_multi_frame_file_that_is_cut_or_rescaled_by_frame_is_refused(tmp_path):
    path = tmp_path / "ct.dcm"
    content = file_of(files.enhanced_values(positions()))
    path.write_bytes(content[:-100])
    refused("cannot be read as DICOM", read_scan, path)
    refused("cannot be read as DICOM", read_scan, tmp_path)
    path.write_bytes(file_of(files.enhanced_values(positions(), slopes=["1"] * 7 + ["2"])))
    refused("its frames are rescaled to HU differently", read_scan, tmp_path)
    values = files.enhanced_values(positions())
    path.write_bytes(file_of(values | {0x52009230: None}))
    refused("has 8 frames without a position for each", read_scan, path)


def test_what_is_no_slice_is_left_aside_and_said(series, tmp_path):
    folder = shutil.copytree(series, tmp_path / "series")
    scout = file_of(
        slice_values(picture(0), (0, 0, 42), CORONAL, number=20)
        | {0x00080008: ("CS", "ORIGINAL\\PRIMARY\\LOCALIZER")}
    )
    no_image = {f"x{files.PIXELS:08x}": None}
    for name, content in (
        ("scout", scout),
        other("dose", files.DOSE, x00080060=("CS", "RTDOSE")),
        other("plan", files.PLAN, x00080060=("CS", "RTPLAN"), **no_image),
        other("report.dcm", files.REPORT, x00080060=("CS", "SR"), **no_image),
        other("shot.dcm", files.CAPTURE),
    ):
        (folder / name).write_bytes(content)
    for name in ("DICOMDIR.txt", "._I000.dcm", "export.log"):
        (folder / name).write_text("of another program")
    volume = read_series(folder)
    np.testing.assert_array_equal(volume.data, volume_of())
    assert volume.notes == (
        f"{folder}: takes CT 'abdomen', 8 slices, such as I000.dcm; leaves aside 1 x dose (dose), "
        "1 x plan (plan), 1 x report (report.dcm), 1 x scout (scout), "
        "1 x secondary capture (shot.dcm)",
    )


def test_a_scout_that_nothing_marks_as_one_is_named(series, tmp_path):
    folder = shutil.copytree(series, tmp_path / "series")
    values = slice_values(picture(0), (0, 0, 42), CORONAL, number=20)
    (folder / "I900.dcm").write_bytes(file_of(values))
    refused("I900.dcm is not oriented like the other slices", read_series, folder)


def test_of_several_series_one_is_chosen(series, tmp_path):
    folder = shutil.copytree(series, tmp_path / "series")
    write_slices(folder, positions(5), name="thin{:03d}", series="1.2.4", x00200011=("IS", "7"))
    with pytest.raises(InputError) as caught:
        read_series(folder)
    assert str(caught.value).splitlines() == [
        f"{folder}: holds 2 DICOM series; choose one with --series NUMBER:",
        "  1: CT 'abdomen', 8 slices, such as I000.dcm",
        "  2: CT 'abdomen', 5 slices, such as thin000",
    ]
    for choice in ("2", "1.2.4", "thin003"):
        volume = read_series(folder, choice)
        assert volume.data.shape[2] == 5 and "8 x slice of another series" in volume.notes[0]
    with pytest.raises(InputError, match="has no series '3'; use one of"):
        read_series(folder, "3")


def test_other_series_are_listed_and_a_stranger_in_the_series_is_refused(series, tmp_path):
    folder = shutil.copytree(series, tmp_path / "series")
    write_slices(folder, positions(5), name="thin{:03d}", series="1.2.4", x00200011=("IS", "7"))
    name, content = other("mr", files.MR, x00080060=("CS", "MR"))
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=r"beside them: 1 x MR image \(mr\)"):
        read_series(folder)
    name, content = other("odd", "1.2.3.4", x0020000e=("UI", "1.2.3"))
    (folder / name).write_bytes(content)
    refused("odd belongs to the series but is no CT slice (CT object)", read_series, folder, "1")


def test_a_series_of_one_slice_does_not_hide_the_volume(series, tmp_path):
    folder = shutil.copytree(series, tmp_path / "series")
    write_slices(folder, positions(1), CORONAL, series="1.2.7", name="first.dcm")
    assert read_series(folder).data.shape[2] == 8


FAULTS = {
    "another modality": ({0x00080060: ("CS", "MR")}, "holds no CT but 8 x MR object"),
    "MR": ({0x00080016: ("UI", files.MR), 0x00080060: ("CS", "MR")}, "holds no CT but 8 x MR"),
    "captures": ({0x00080016: ("UI", files.CAPTURE)}, "holds no CT but 8 x secondary capture"),
    "no rescaling": ({0x00281052: None, 0x00281053: None}, "does not say how its values become HU"),
    "another unit": ({0x00281054: ("LO", "Z_EFF")}, "has values in 'Z_EFF' instead of HU"),
    "no position": ({0x00200032: None}, "I000.dcm has no position (Image Position Patient)"),
    "no orientation": ({0x00200037: None}, "I000.dcm has no orientation"),
    "no spacing": ({0x00280030: None}, "I000.dcm has no pixel spacing"),
    "a position of words": ({0x00200032: ("DS", "a\\b\\c")}, "I000.dcm has no position"),
    "an orientation of no plane": (
        {0x00200037: ("DS", "1\\0\\0\\1\\0\\0")},
        "has an orientation of no plane",
    ),
    "no pixels": ({files.PIXELS: None}, "I000.dcm cannot be read as DICOM, nor can any other"),
    "too few pixels": ({files.PIXELS: ("OW", bytes(100))}, "I000.dcm cannot be read as DICOM"),
    "one slice twice": ({0x00080018: ("UI", "1.5")}, "I000.dcm and I001.dcm are copies"),
    "nanometres": ({0x00280030: ("DS", "0.000003\\0.000003")}, "an extent of"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_slices_that_are_no_ct_in_hu_are_refused(name, tmp_path, capfd):
    changes, message = FAULTS[name]
    places = positions(step=(0, 0, 1e-2)) if name == "nanometres" else positions()
    write_slices(tmp_path, places, **{f"x{number:08x}": v for number, v in changes.items()})
    refused(message, read_series, tmp_path)
    assert capfd.readouterr().err == ""


def test_who_knows_better_assumes_hu(tmp_path):
    write_slices(tmp_path, positions(), x00281052=None, x00281053=None)
    assert read_series(tmp_path, assume_hu=True).data.min() == 24


@pytest.mark.parametrize("ending", ["", ".dcm", ".IMA"])
@pytest.mark.parametrize("kept", [0, 3, 131, 400, 0.9, -1])
def test_a_slice_that_is_cut_is_named_whatever_it_is_called(kept, ending, tmp_path):
    write_slices(tmp_path, positions(), name="I{:03d}" + ending)
    last = tmp_path / f"I007{ending}"
    content = last.read_bytes()
    last.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    refused(f"I007{ending} cannot be read as DICOM", read_series, tmp_path)


def test_a_single_file_and_a_folder_above_get_the_sentence_that_helps(series, tmp_path):
    slice_file = sorted(series.iterdir())[0]
    refused("is a single DICOM slice; give the folder of the whole series", read_scan, slice_file)
    (tmp_path / "study").mkdir()
    shutil.copytree(series, tmp_path / "study" / "CT 1")
    refused(f"give its folder {tmp_path / 'study' / 'CT 1'}", read_series, tmp_path / "study")
    name, content = other("plan", files.PLAN, x00080060=("CS", "RTPLAN"))
    (tmp_path / name).write_bytes(content)
    refused("is no CT but a DICOM plan", read_scan, tmp_path / name)


# A fuzz over folders


def remove(folder, paths, generator):
    """Slices inside the series vanish: that its end is missing, no file could tell."""
    for path in generator.permutation(paths[1:-1])[: generator.integers(1, len(paths) - 2)]:
        path.unlink()


def truncate(folder, paths, generator):
    path = paths[generator.integers(len(paths))]
    content = path.read_bytes()
    path.write_bytes(content[: generator.integers(1, len(content))])


def duplicate(folder, paths, generator):
    path = paths[generator.integers(len(paths))]
    shutil.copy(path, folder / ["copy", "I0001.dcm", "I900.dcm"][generator.integers(3)])


def rename(folder, paths, generator):
    for path, place in zip(paths, generator.permutation(len(paths)), strict=True):
        if generator.random() < 0.5:
            path.rename(
                folder / f"{place}{['', '.bak', '.DCM', ' (1).dcm'][generator.integers(4)]}"
            )


def foreign(folder, paths, generator):
    kinds = [files.DOSE, files.PLAN, files.REPORT, files.CAPTURE, files.MR, files.CT]
    sop_class = kinds[generator.integers(len(kinds))]
    name, content = other(f"x{generator.integers(9)}", sop_class, x00080060=("CS", "OT"))
    (folder / name).write_bytes(content[: generator.integers(200, len(content) + 1)])
    (folder / "notes.txt").write_bytes(generator.bytes(300))


def flip(folder, paths, generator):
    """A few wrong bits, but not in the pixels, where no one could tell."""
    path = paths[generator.integers(len(paths))]
    content = bytearray(path.read_bytes())
    for place in generator.integers(0, len(content) - 240, 3):
        content[place] ^= 1 << int(generator.integers(8))
    path.write_bytes(bytes(content))


DAMAGES = (remove, truncate, duplicate, foreign, rename)


@pytest.mark.parametrize("seed", range(12))
def test_no_damage_to_a_folder_gives_a_traceback_or_a_smaller_volume(seed, series, tmp_path):
    read = 0
    for number in range(25):
        generator = np.random.default_rng([seed, number])
        folder = shutil.copytree(series, tmp_path / f"{number}")
        for damage in DAMAGES:
            if generator.random() < 0.3:
                damage(folder, sorted(folder.glob("I*.dcm")), generator)
        try:
            volume = read_series(folder)
        except InputError:
            continue
        np.testing.assert_array_equal(volume.data, volume_of())
        read += 1
    assert read > 0, "the fuzz spoils every folder, so it shows little"


@pytest.mark.parametrize("seed", range(4))
def test_no_wrong_bits_in_a_header_give_a_traceback_or_fewer_slices(seed, series, tmp_path):
    for number in range(40):
        generator = np.random.default_rng([seed, number])
        folder = shutil.copytree(series, tmp_path / f"{number}")
        flip(folder, sorted(folder.iterdir()), generator)
        try:
            volume = read_series(folder)
        except InputError:
            continue
        assert volume.data.shape[2] == 8 or volume.notes
