"""A workspace: its folders, and the cases that its data sets have on disk."""

import dataclasses
import os

import pytest

from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.splits import CaseLists, write_lists
from guidednet.errors import InputError
from guidednet.runs.workspace import open_workspace
from helpers.releases import noisy, save_releases
from helpers.volumes import save_case


def test_folders_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "RESULTS_DIR", str(tmp_path / "elsewhere"))
    assert open_workspace("smoke").runs_folder == tmp_path / "elsewhere" / "runs"
    assert (
        open_workspace("smoke", results=tmp_path / "given").runs_folder
        == tmp_path / "given" / "runs"
    )


@pytest.mark.parametrize("text", ["0", "-1", "many"])
def test_no_training_of_no_steps(text, monkeypatch):
    monkeypatch.setenv("TRAINING_STEPS", text)
    message = f"TRAINING_STEPS is '{text}'; give a whole number of at least 1, or unset it"
    with pytest.raises(InputError, match=message):
        open_workspace("smoke")


COARSE = PrepareConfig(spacing_mm=(10.0, 6.0, 6.0))


@pytest.fixture
def real(tmp_path):
    """A workspace of profile paper over small releases."""
    save_releases(tmp_path / "data")
    return lambda: open_workspace("paper", tmp_path / "data", tmp_path / "results", steps=2)


def coarse(workspace):
    """The same workspace, preparing at a voxel size that suits the small scans."""
    data = {
        name: dataclasses.replace(settings, prepare=COARSE)
        for name, settings in workspace.profile.data.items()
    }
    return dataclasses.replace(workspace, profile=dataclasses.replace(workspace.profile, data=data))


def test_numbers_follow_from_what_is_on_disk(real, tmp_path):
    workspace = real()
    assert workspace.profile.data["flare22"].ratios == ((3, 3), (3, 9))
    assert workspace.profile.data["amos"].ratios == ((2, 2), (1, 3))
    assert open_workspace("paper", tmp_path / "nothing", tmp_path / "results").profile.data[
        "flare22"
    ].ratios == ((42, 42), (42, 378))
    assert workspace.profile.training.steps == 2 and workspace.profile.training.validate_every == 2


def test_only_needed_cases_are_prepared_and_more_when_asked_for(real):
    workspace = coarse(real())
    split = workspace.split("flare22", *workspace.profile.data["flare22"].at(0.5))
    store = CaseStore(workspace.store_folder("flare22"))
    assert (len(split.labelled), len(split.unlabelled), len(split.validation), len(split.test)) == (
        3,
        3,
        1,
        1,
    )
    assert len(store.table) == 5 + 9 and set(split.labelled) <= set(store.labelled_ids)
    amos = workspace.split("amos", 1, 3)
    # of imagesTs
    assert not [
        case
        for case in CaseStore(workspace.store_folder("amos")).table.index
        if int(case[-4:]) > 200
    ]
    assert len(amos.unlabelled) == 3 and set(amos.unlabelled) <= set(
        CaseStore(workspace.store_folder("amos")).labelled_ids
    )


def test_the_plan_knows_what_the_needed_scans_will_take(real):
    workspace = coarse(real())
    expected = workspace.bytes_to_prepare("flare22")
    store = workspace.make_data("flare22")
    found = sum(path.stat().st_size - 128 for path in store.folder.rglob("*.npy"))
    assert expected == found and workspace.bytes_to_prepare("flare22") == 0


def test_a_split_stays_when_cases_come_later(real, tmp_path):
    workspace = coarse(real())
    before = workspace.split("flare22", 3, 9)
    save_case(tmp_path / "data" / "flare22", 77, image=noisy(77))
    assert coarse(real()).split("flare22", 3, 9) == before
    lists = CaseLists(before.test + before.labelled, before.validation, ("FLARE22_Tr_0077",))
    write_lists(tmp_path / "data" / "flare22" / "split.csv", lists)
    # prepared when it was asked for
    assert coarse(real()).split("flare22", 4, 0).test == ("FLARE22_Tr_0077",)


def test_the_same_image_under_two_names_is_refused(real, tmp_path):
    workspace = coarse(real())
    split = workspace.split("flare22", 3, 9)
    raw = tmp_path / "data" / "flare22"
    copied, target = (
        raw / "images" / f"{split.test[0]}_0000.nii.gz",
        raw / "unlabeled" / f"{split.unlabelled[0]}_0000.nii.gz",
    )
    target.write_bytes(copied.read_bytes())
    workspace.make_data("flare22")
    with pytest.raises(
        InputError,
        match=f"case {split.test[0]} .test. is the same image as {split.unlabelled[0]} .unlabelled.",
    ):
        workspace.split("flare22", 3, 9)
