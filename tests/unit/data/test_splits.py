"""Splits: lists as files, 6:2:2, and hidden labels of labelled cases."""

import pandas as pd
import pytest

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
