"""A scene of a prepared case, its centre and the organs it lists."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from guidednet.errors import InputError
from guidednet.report.viewer.scene import bounding_box, scene_of_case
from helpers.cases import BlobStore
from helpers.viewer_page import LIVER, scene


def test_a_stored_case_is_shown_with_its_reference_if_it_has_one():
    cases = pd.DataFrame({"labelled": [True, False]}, index=["l0", "u0"])
    store, label = BlobStore(), BlobStore().label("l0")
    store.row, store.settings = cases.loc.__getitem__, {"dataset": "flare22"}
    labelled, unlabelled = (scene_of_case(store, case, {"CPS": label}) for case in cases.index)
    assert (set(labelled.labels), labelled.reference) == ({"reference", "CPS"}, "reference")
    assert (set(unlabelled.labels), unlabelled.reference) == ({"CPS"}, None)
    assert labelled.spacing == (5, 3, 3) and labelled.dice("CPS")["liver"] == 1
    assert np.isnan(labelled.dice("CPS")["stomach"])
    said = r"l0: 'CPS' has shape \(9, 12, 12\), but the image has \(10, 12, 12\)"
    with pytest.raises(InputError, match=said):
        scene_of_case(store, "l0", {"CPS": label[1:]})


def test_planes_start_in_the_middle_of_the_organs_or_of_the_image():
    label = np.zeros((16, 40, 60), np.uint8)
    assert bounding_box(label) is None
    assert scene(labels={"label": label}).centre() == (8, 20, 30)
    label[2:5, 10:21, 30:33] = LIVER
    assert bounding_box(label) == (slice(2, 5), slice(10, 21), slice(30, 33))
    assert scene(labels={"label": label}).centre() == (3, 15, 31)


def test_of_many_organs_only_those_that_occur_are_listed(monkeypatch):
    case = scene()
    assert len(case.listed()) == 13
    monkeypatch.setattr("guidednet.report.viewer.scene.FEW_ORGANS", 5)
    names = [case.organs.by_label[label].name for label in case.listed()]
    assert names == ["liver", "spleen", "pancreas"]
    assert replace(case, labels={}).listed() == []
