"""Splits: lists as files, 6:2:2 from what is on disk, any ratio, and no case, image or hidden label
where it should not be.
"""

import dataclasses

import pandas as pd
import pytest

from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.splits import (
    CaseLists,
    check_lists,
    choose,
    draw_six_two_two,
    read_lists,
    read_mapping,
    released_lists,
    write_lists,
)
from guidednet.errors import InputError
from guidednet.runs.profiles import DataConfig
from guidednet.runs.workspace import open_workspace
from helpers.releases import noisy, save_releases
from helpers.volumes import save_case

COARSE = PrepareConfig(spacing_mm=(10.0, 6.0, 6.0))


@pytest.mark.parametrize(
    ("labelled", "parts"),
    [(70, (42, 14, 14)), (300, (180, 60, 60)), (50, (30, 10, 10)), (3, (1, 1, 1))],
)
def test_six_two_two_is_the_papers(labelled, parts):
    cases = [f"c{number:03d}" for number in range(labelled)]
    lists = draw_six_two_two(cases, ["u0", "u1"])
    assert (len(lists.train) - 2, len(lists.validation), len(lists.test)) == parts
    assert set(lists.train[-2:]) == {"u0", "u1"} and {
        *lists.train,
        *lists.validation,
        *lists.test,
    } == {*cases, "u0", "u1"}
    assert (
        draw_six_two_two(cases, ["u0", "u1"])
        == lists
        != draw_six_two_two(cases, ["u0", "u1"], seed=1)
    )


def test_two_labelled_cases_cannot_be_divided():
    with pytest.raises(InputError, match="2 labelled cases cannot be divided"):
        draw_six_two_two(["a", "b"], ())


@pytest.mark.parametrize(
    ("settings", "share", "numbers"),
    [
        (DataConfig("flare22", 42, 14, 14), 0.5, (42, 42)),
        (DataConfig("flare22", 42, 14, 14), 0.1, (42, 378)),
        (DataConfig("flare22", 42, 14, 14), 0.05, (42, 798)),
        (DataConfig("flare22", 42, 14, 14, most_unlabelled=100), 0.1, (42, 100)),
        (DataConfig("amos", 180, 60, 60), 0.5, (90, 90)),
        (DataConfig("amos", 180, 60, 60), 0.1, (18, 162)),
        (DataConfig("amos", 180, 60, 60), 0.05, (9, 171)),
        (DataConfig("amos", 180, 60, 60), 0.02, (4, 176)),
        (DataConfig("amos", 3, 1, 1), 0.02, (1, 2)),
    ],
)
def test_any_share_of_labels(settings, share, numbers):
    assert settings.at(share) == numbers


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 10])
def test_no_share_outside_0_to_100_percent(share):
    with pytest.raises(InputError, match="is not between 0 and 100 %"):
        DataConfig("flare22", 42, 14, 14).at(share)


def test_the_released_lists_are_those_of_the_paper():
    flare22, amos = released_lists("flare22"), released_lists("amos")
    assert [len(part) for part in vars(flare22).values()] == [420, 14, 14]
    assert [len(part) for part in vars(amos).values()] == [180, 60, 60]
    # CT alone
    assert max(int(case.split("_")[1]) for part in vars(amos).values() for case in part) <= 410
    # the labelled ones stand first
    assert all(len(case) == len("train_000") for case in flare22.train[:42])


def test_lists_survive_their_file(tmp_path):
    lists = CaseLists(("c", "a"), ("b",), ("d",))
    write_lists(tmp_path / "split.csv", lists)
    assert read_lists(tmp_path / "split.csv") == lists


def test_a_mapping_renames_the_released_lists(tmp_path):
    names = [case for part in vars(released_lists("flare22")).values() for case in part]
    table = pd.DataFrame({"released": names, "case": [f"x{place}" for place in range(len(names))]})
    table.to_csv(tmp_path / "mapping.csv", index=False)
    lists = released_lists("flare22", read_mapping(tmp_path / "mapping.csv"))
    assert lists.train[0] == "x0" and lists.test[-1] == f"x{len(names) - 1}"
    table.iloc[5:].to_csv(tmp_path / "mapping.csv", index=False)
    with pytest.raises(InputError, match=f"lacks 5 of the released cases, such as {names[0]}"):
        released_lists("flare22", read_mapping(tmp_path / "mapping.csv"))


BAD_FILES = {
    "a case twice": ("case,split\na,train\nb,val\na,test\n", "case a occurs more than once"),
    "unknown part": ("case,split\na,training\n", "split is 'training': use one of train"),
    "missing column": ("case,part\na,train\n", "has no column split"),
    "empty": ("", "cannot be read as CSV"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_list_file_gets_one_sentence(name, tmp_path):
    content, message = BAD_FILES[name]
    (tmp_path / "split.csv").write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        read_lists(tmp_path / "split.csv")
    assert "split.csv" in str(caught.value) and "\n" not in str(caught.value)


def test_listed_cases_must_be_there_and_scored_ones_labelled():
    lists = CaseLists(("a", "b"), ("c",), ("d",))
    check_lists(lists, {"a", "c", "d"}, {"a", "b", "c", "d"}, "split.csv")
    with pytest.raises(InputError, match=r"split\.csv: case b does not exist"):
        check_lists(lists, {"a", "c", "d"}, {"a", "c", "d"}, "split.csv")
    with pytest.raises(InputError, match="case d has no label"):
        check_lists(lists, {"a", "c"}, {"a", "b", "c", "d"}, "split.csv")


def test_the_first_labelled_cases_are_labelled_and_the_others_hidden():
    lists = CaseLists(("l0", "u0", "l1", "l2", "u1"), ("v",), ("t",))
    split = choose(lists, {"l0", "l1", "l2", "v", "t"}, 2, 3, "here")
    assert split.labelled == ("l0", "l1") and split.unlabelled == ("u0", "u1", "l2")
    assert choose(lists, {"l0", "l1", "l2"}, 2, 1, "here").unlabelled == ("u0",)
    with pytest.raises(
        InputError,
        match="here: 3 labelled and 2 unlabelled training cases are too few for 3 labelled and 3 unlabelled",
    ):
        choose(lists, {"l0", "l1", "l2"}, 3, 3, "here")


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
