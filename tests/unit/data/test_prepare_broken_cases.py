"""Broken cases among good ones: they stop no other, and are left out where that is asked for."""

import numpy as np
import pandas as pd
import pytest

from guidednet.data import prepare as preparation
from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.prepare import prepare
from guidednet.data.verify import verify
from guidednet.errors import InputError
from helpers.command_line import call_prepare
from helpers.folders import files
from helpers.volumes import blobs, image_of, save, save_case, save_five_cases

CONFIG = PrepareConfig(spacing_mm=(5.0, 3.0, 3.0))
SPACING = ["--spacing", 5, 3, 3]


@pytest.fixture
def raw(tmp_path):
    return save_five_cases(tmp_path / "raw")


def damage(raw):
    """One file cut short, one image with NaN; three cases are left."""
    image_of(raw, 2).write_bytes(image_of(raw, 2).read_bytes()[:500])
    save(image_of(raw, 4), np.full((30, 26, 20), np.nan, np.float32), blobs()[2])


@pytest.mark.parametrize("workers", [1, 2])
def test_broken_cases_stop_no_other(workers, raw, tmp_path):
    damage(raw)
    with pytest.raises(InputError) as caught:
        prepare(raw, tmp_path / "store", "flare22", CONFIG, workers)
    headline, *lines = str(caught.value).splitlines()
    assert "2 of 5 cases cannot be used" in headline and len(lines) == 2
    assert (
        "0002_0000.nii.gz: cannot be read as NIfTI" in lines[0]
        and "0004_0000.nii.gz: has voxels that are not finite" in lines[1]
    )
    done = sorted(path.parent.name for path in (tmp_path / "store").rglob("case.json"))
    assert done == [f"FLARE22_Tr_{number:04d}" for number in (1, 3, 5)]
    assert not (tmp_path / "store" / "cases.csv").exists()


def test_mended_cases_complete_the_store_and_the_others_are_not_done_again(
    raw, tmp_path, monkeypatch
):
    whole = prepare(raw, tmp_path / "whole", "flare22", CONFIG)
    damage(raw)
    with pytest.raises(InputError):
        prepare(raw, tmp_path / "store", "flare22", CONFIG)
    for number in (2, 4):
        save_case(raw, number)
    original, calls = preparation.prepare_image, []
    monkeypatch.setattr(
        preparation, "prepare_image", lambda *arguments: calls.append(1) or original(*arguments)
    )
    assert prepare(raw, tmp_path / "store", "flare22", CONFIG) == whole == []
    assert len(calls) == 2 and files(tmp_path / "store") == files(tmp_path / "whole")


def test_a_case_that_breaks_later_takes_the_table_away(raw, tmp_path):
    """Else a training would go on with what the table says, and never know."""
    prepare(raw, tmp_path / "store", "flare22", CONFIG)
    damage(raw)
    with pytest.raises(InputError):
        prepare(raw, tmp_path / "store", "flare22", CONFIG)
    with pytest.raises(InputError, match="cases.csv: not found"):
        CaseStore(tmp_path / "store")


def test_skip_broken_leaves_them_out_and_says_so(raw, tmp_path, monkeypatch, capsys):
    damage(raw)
    store = tmp_path / "store"
    assert call_prepare(monkeypatch, raw, store, *SPACING) == 2
    assert "2 of 5 cases cannot be used" in capsys.readouterr().err
    assert call_prepare(monkeypatch, raw, store, *SPACING, "--skip-broken") == 0
    error = capsys.readouterr().err
    assert "2 cases are left out" in error and "0002_0000.nii.gz: cannot be read" in error
    assert CaseStore(store).labelled_ids == [f"FLARE22_Tr_{number:04d}" for number in (1, 3, 5)]
    broken = pd.read_csv(store / "broken.csv")
    assert (
        list(broken["case_id"]) == ["FLARE22_Tr_0002", "FLARE22_Tr_0004"]
        and "not finite" in broken["reason"][1]
    )
    for number in (2, 4):
        save_case(raw, number)
    assert call_prepare(monkeypatch, raw, store, *SPACING) == 0
    assert len(CaseStore(store).table) == 5 and not (store / "broken.csv").exists()


def test_no_table_of_no_cases(raw, tmp_path):
    for number in range(1, 6):
        image_of(raw, number).write_text("hello")
    with pytest.raises(InputError, match="5 of 5 cases"):
        prepare(raw, tmp_path / "store", "flare22", CONFIG, skip_broken=True)
    assert not (tmp_path / "store" / "cases.csv").exists()


def test_only_some_cases_with_a_broken_one_elsewhere(raw, tmp_path):
    damage(raw)
    prepare(raw, tmp_path / "store", "flare22", CONFIG, only={"FLARE22_Tr_0001", "FLARE22_Tr_0003"})
    assert CaseStore(tmp_path / "store").labelled_ids == ["FLARE22_Tr_0001", "FLARE22_Tr_0003"]
    assert verify(raw, tmp_path / "store", "flare22") == 8
