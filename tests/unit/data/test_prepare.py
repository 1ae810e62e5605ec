"""From raw NIfTI to the store: geometry, intensities, resume, and one sentence for whatever is
wrong with a file.
"""

import gzip
import json
import shutil

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from guidednet.data import prepare as preparation
from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.datasets import organ_set
from guidednet.data.nifti import Volume, read_image, read_label
from guidednet.data.prepare import prepare, prepare_image, scale_intensity
from guidednet.data.resample import to_grid
from guidednet.errors import InputError
from helpers.folders import files
from helpers.volumes import AXIS_ORDERS, blobs, reoriented, save, save_case

CONFIG = PrepareConfig(spacing_mm=(5.0, 3.0, 3.0))


@pytest.fixture
def raw(tmp_path):
    for number in (1, 2):
        save_case(tmp_path / "raw", number)
    save_case(tmp_path / "raw", 1, labelled=False)
    return tmp_path / "raw"


def test_store_holds_what_the_raw_files_say(raw, tmp_path):
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    store = CaseStore(tmp_path / "store")
    image, label, _ = blobs()
    assert store.labelled_ids == [
        "FLARE22_Tr_0001",
        "FLARE22_Tr_0002",
    ] and store.unlabelled_ids == ["Case_00001"]
    assert np.array_equal(store.label("FLARE22_Tr_0001"), label.transpose(2, 1, 0))
    prepared = store.image("FLARE22_Tr_0001")
    assert (
        isinstance(prepared, np.memmap)
        and prepared.dtype == np.float16
        and prepared.shape == (20, 26, 30)
    )
    assert prepared.min() == 0 and prepared.max() == 1
    expected = scale_intensity(
        np.clip(image, -325, 325).transpose(2, 1, 0).astype(float), (0.5, 99.5)
    )
    np.testing.assert_allclose(prepared, expected, atol=2e-3)
    assert store.spacing("FLARE22_Tr_0001") == (5.0, 3.0, 3.0)
    row = store.table.loc["FLARE22_Tr_0001"]
    assert (
        row["liver"] == (label == 1).sum()
        and row["spleen"] == (label == 3).sum()
        and row["pancreas"] == 0
    )
    assert pd.isna(store.table.loc["Case_00001", "liver"])
    assert list(store.class_voxels(store.labelled_ids)[:4]) == [
        2 * (label == value).sum() for value in range(4)
    ]


@pytest.mark.parametrize("order", AXIS_ORDERS[::5], ids=str)
def test_axis_order_of_the_file_does_not_matter(order):
    image, _, affine = blobs()
    expected, _ = prepare_image(Volume(image.astype(np.float32), affine), CONFIG)
    stored, stored_affine = reoriented(image, affine, order)
    found, _ = prepare_image(Volume(stored.astype(np.float32), stored_affine), CONFIG)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_resampling_keeps_places_in_the_world():
    """A ramp of 1 HU per mm along each axis stays one on the new grid, also where the file's axes
    are oblique.
    """
    turn = nib.affines.from_matvec(
        np.array([[0.98, -0.199, 0], [0.199, 0.98, 0], [0, 0, 1]]) @ np.diag([2.0, 2.0, 4.0]),
        (-20, 5, 9),
    )
    index = np.stack(np.meshgrid(*[np.arange(size) for size in (24, 28, 12)], indexing="ij"), -1)
    world = nib.affines.apply_affine(turn, index)
    volume = Volume((world @ [1.0, 2.0, 0.5]).astype(np.float32), turn)
    config = PrepareConfig(spacing_mm=(3.0, 2.5, 2.5), percentiles=(0.0, 100.0))
    prepared, affine = prepare_image(volume, config)
    places = nib.affines.apply_affine(
        affine,
        np.stack(np.meshgrid(*[np.arange(s) for s in prepared.shape[::-1]], indexing="ij"), -1),
    )
    inner = (slice(4, -4),) * 3
    slope = np.polyfit(
        (places @ [1.0, 2.0, 0.5])[inner].ravel(), prepared.transpose(2, 1, 0)[inner].ravel(), 1
    )
    fitted = np.polyval(slope, (places @ [1.0, 2.0, 0.5])[inner])
    assert slope[0] > 0 and np.abs(fitted - prepared.transpose(2, 1, 0)[inner]).max() < 1e-2


def test_label_there_and_back_on_a_flipped_grid():
    _, label, affine = blobs()
    for order in AXIS_ORDERS[::7]:
        stored, stored_affine = reoriented(label, affine, order)
        back = to_grid(label.transpose(2, 1, 0), affine, stored.shape, stored_affine)
        assert np.array_equal(back, stored)


def test_beyond_the_scan_is_air():
    """Where the coarse grid ends outside the scan, the padding is the window's lower end, not 0 HU."""
    image = np.full((11, 11, 11), 300.0, np.float32)
    image[0, 0, 0] = -325
    prepared, _ = prepare_image(
        Volume(image, np.eye(4)), PrepareConfig(spacing_mm=(4.0, 4.0, 4.0), percentiles=(0, 100))
    )
    assert set(np.unique(prepared.round(3))) <= {0.0, 1.0}


def test_percentiles_and_constant_volumes():
    values = np.arange(1001.0)
    scaled = scale_intensity(values, (10, 90))
    assert (
        scaled[100] == 0
        and scaled[900] == 1
        and scaled[500] == pytest.approx(0.5)
        and scaled.min() == 0
        and scaled.max() == 1
    )
    assert not scale_intensity(np.full(10, 7.0), (0.5, 99.5)).any()


def test_resume_equals_one_go(raw, tmp_path, monkeypatch):
    prepare(raw, tmp_path / "whole", "flare22", CONFIG)
    original, calls = preparation.prepare_image, []

    def killed_at_the_second(scan, config):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(scan, config)

    monkeypatch.setattr(preparation, "prepare_image", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        prepare(raw, tmp_path / "parts", "flare22", CONFIG)
    assert not (tmp_path / "parts" / "cases.csv").exists()
    prepare(raw, tmp_path / "parts", "flare22", CONFIG)
    assert len(calls) == 4  # the first case was not done again
    assert files(tmp_path / "parts") == files(tmp_path / "whole")


def test_several_processes_equal_one(raw, tmp_path):
    prepare(raw, tmp_path / "one", "flare22", CONFIG, workers=1)
    prepare(raw, tmp_path / "two", "flare22", CONFIG, workers=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")


@pytest.mark.parametrize("name", ["image.npy", "label.npy"])
def test_a_lost_array_is_made_again(name, raw, tmp_path):
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    before = files(tmp_path / "store")
    (tmp_path / "store" / "cases" / "FLARE22_Tr_0001" / name).unlink()
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    assert files(tmp_path / "store") == before


def test_a_withdrawn_label_leaves_the_store(tmp_path):
    image, label, affine = blobs()
    save(tmp_path / "raw" / "imagesTr" / "amos_0001.nii.gz", image, affine)
    save(tmp_path / "raw" / "labelsTr" / "amos_0001.nii.gz", label, affine)
    prepare(tmp_path / "raw", tmp_path / "store", "amos", CONFIG)
    assert CaseStore(tmp_path / "store").labelled_ids == ["amos_0001"]
    shutil.move(tmp_path / "raw" / "imagesTr", tmp_path / "raw" / "imagesTs")
    prepare(tmp_path / "raw", tmp_path / "store", "amos", CONFIG)
    assert CaseStore(tmp_path / "store").unlabelled_ids == ["amos_0001"]
    assert not list((tmp_path / "store").rglob("label.npy"))


def test_a_kill_between_two_sources_does_not_mix_them(raw, tmp_path, monkeypatch):
    """The new image is in place, its case.json is not, and the old source comes back."""
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    before = files(tmp_path / "store")
    image, _, _ = blobs()
    save_case(raw, 2, image=image[::-1].copy())

    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(preparation, "_write_label", killed)
        prepare(raw, tmp_path / "store", "flare22", CONFIG)
    save_case(raw, 2)
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    assert (
        files(tmp_path / "store")["cases/FLARE22_Tr_0002/image.npy"]
        == before["cases/FLARE22_Tr_0002/image.npy"]
    )


def test_a_changed_source_is_prepared_again(raw, tmp_path):
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    before = CaseStore(tmp_path / "store").table["prepared_image_sha256"]
    image, _, _ = blobs()
    save_case(raw, 2, image=image[::-1].copy())
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    changed = CaseStore(tmp_path / "store").table["prepared_image_sha256"] != before
    assert list(changed[changed].index) == ["FLARE22_Tr_0002"]


def test_fingerprint_sees_images_and_visible_labels_alone(raw, tmp_path):
    def fingerprint(name, labelled):
        prepare(raw, tmp_path / name, "flare22", CONFIG)
        return CaseStore(tmp_path / name).fingerprint(
            labelled, {"FLARE22_Tr_0001", "FLARE22_Tr_0002"} - set(labelled)
        )

    _, label, affine = blobs()
    hidden, visible = fingerprint("a", ["FLARE22_Tr_0001"]), fingerprint("a", ["FLARE22_Tr_0002"])
    save(raw / "labels" / "FLARE22_Tr_0002.nii.gz", label[::-1].copy(), affine)
    assert fingerprint("b", ["FLARE22_Tr_0001"]) == hidden
    assert fingerprint("b", ["FLARE22_Tr_0002"]) != visible


def test_a_store_of_other_settings_is_refused(raw, tmp_path):
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    with pytest.raises(InputError, match="prepared with other settings"):
        prepare(raw, tmp_path / "store", "flare22", PrepareConfig(spacing_mm=(6.0, 3.0, 3.0)))


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


@pytest.mark.parametrize(
    ("difference", "fits"), [(np.diag([0.0095, 0, 0, 0]), False), (np.eye(4, k=3) * 0.02, True)]
)
def test_image_and_label_may_lie_half_a_voxel_apart(difference, fits, tmp_path):
    """A spacing wrong by 0.0095 mm is 0.55 voxels at the far end of 30 voxels of 0.5 mm; an origin
    rounded by 0.02 mm is nothing.
    """
    image, label, _ = blobs()
    affine = np.diag([0.5, 0.5, 0.5, 1.0])
    path = save(tmp_path / "label.nii.gz", label, affine + difference)
    if fits:
        assert np.array_equal(
            read_label(path, Volume(image, affine), organ_set("flare22")).data, label
        )
    else:
        with pytest.raises(InputError, match="lie up to 0.55 voxels apart"):
            read_label(path, Volume(image, affine), organ_set("flare22"))


def test_four_dimensions_with_one_volume_are_three(tmp_path):
    image, _, affine = blobs()
    assert (
        read_image(save(tmp_path / "scan.nii.gz", image[..., None], affine)).data.shape
        == image.shape
    )


@pytest.mark.parametrize(
    ("table", "settings", "message"),
    [
        (None, None, "cases.csv: not found; prepare the data"),
        ("case_id,labelled\n", None, "store.json: not found; prepare the data"),
        ("a,b\n1,2\n", '{"dataset": "flare22"}', "cases.csv: has no column case_id"),
        ("case_id,labelled,prepared_image_sha256\n", '{"x": 1}', "is not a case store"),
        ("case_id,labelled,prepared_image_sha256\n", '{"dataset": "kits"}', "is not a case store"),
        ("case_id,labelled,prepared_image_sha256\n", "{", "is not a case store"),
        ("case_id,labelled,prepared_image_sha256\n", "[]", "is not a case store"),
        ("", '{"dataset": "flare22"}', "cases.csv: cannot be read as CSV"),
    ],
)
def test_a_folder_that_is_no_store_is_refused(table, settings, message, tmp_path):
    for name, content in (("cases.csv", table), ("store.json", settings)):
        if content is not None:
            (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message):
        CaseStore(tmp_path)


def test_source_hashes_are_in_the_table(raw, tmp_path):
    import hashlib

    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    row = CaseStore(tmp_path / "store").table.loc["FLARE22_Tr_0001"]
    assert (
        row["image_sha256"]
        == hashlib.sha256((raw / "images" / "FLARE22_Tr_0001_0000.nii.gz").read_bytes()).hexdigest()
    )
    assert json.loads(row["original_shape"]) == [30, 26, 20]


def test_no_training_on_arrays_that_have_changed(raw, tmp_path):
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    store = CaseStore(tmp_path / "store")
    labelled, unlabelled = store.labelled_ids, store.unlabelled_ids
    store.check(labelled, unlabelled)
    for case, name in ((labelled[0], "label.npy"), (unlabelled[0], "image.npy")):
        path = store.folder / "cases" / case / name
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(
            InputError, match=f"{case}/{name}: has changed since it was prepared; delete the folder"
        ):
            store.check(labelled, unlabelled)
        path.write_bytes(content)
    store.check(labelled, unlabelled)
