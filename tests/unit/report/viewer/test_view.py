"""What `guidednet.view` takes: prepared cases with runs or label maps, scenes, one's own data."""

import numpy as np
import pandas as pd
import pytest

from guidednet import InputError, view
from guidednet.data.case_store import CaseStore
from guidednet.runs.record import Run
from helpers.cases import BlobStore
from helpers.viewer_page import scene


class Store(BlobStore, CaseStore):
    """Prepared cases of which two have been tested on."""

    settings = {"dataset": "flare22"}
    folder = "store"
    table = pd.DataFrame({"labelled": True}, index=["l0", "l1", "l2"])


def run_tested_on(*cases):
    run = Run(None, None, {})
    object.__setattr__(run, "scores", lambda: pd.DataFrame({"case": cases}))
    return run


def test_of_runs_all_cases_can_be_chosen_that_they_were_tested_on(monkeypatch):
    opened = []
    monkeypatch.setattr(
        "guidednet.report.viewer.view._predicted",
        lambda cases, case, runs, others: opened.append((case, list(runs))) or scene(case),
    )
    runs = {"CPS": run_tested_on("l2", "l1"), "DHC": run_tested_on("l1", "l2", "l0")}
    assert list(view(Store(), runs).scenes) == ["l1", "l2"]
    assert list(view(Store(), runs, case="l2").scenes) == ["l2", "l1"]
    assert opened == [("l1", ["CPS", "DHC"]), ("l2", ["CPS", "DHC"])], "others wait to be chosen"


def test_a_prepared_case_is_shown_with_label_maps():
    label = BlobStore().label("l1")
    shown = view(Store(), {"mine": label}, case="l1").shown
    assert list(shown.labels) == ["reference", "mine"] and shown.title == "l1"


@pytest.mark.parametrize(
    ("labels", "case", "message"),
    [
        ({}, "l9", "has no case 'l9'"),
        ({"mine": "label.nii.gz"}, "l0", "mine: a label map of a prepared case is an array"),
        ({"mine": np.zeros((1, 1, 1), np.uint8)}, "l0", r"'mine' has shape \(1, 1, 1\)"),
    ],
)
def test_what_does_not_fit_is_one_sentence(labels, case, message):
    with pytest.raises(InputError, match=message) as caught:
        view(Store(), labels, case=case)
    assert "\n" not in str(caught.value)
