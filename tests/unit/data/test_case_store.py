"""The store of prepared cases: its fingerprint, and what is no store."""

import pytest

from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.prepare import prepare
from guidednet.errors import InputError
from helpers.volumes import blobs, save, save_three_cases

CONFIG = PrepareConfig(spacing_mm=(5.0, 3.0, 3.0))


@pytest.fixture
def raw(tmp_path):
    return save_three_cases(tmp_path / "raw")


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
