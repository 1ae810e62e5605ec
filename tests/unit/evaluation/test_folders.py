"""A folder of predictions is scored like its cases."""

import numpy as np
import pandas as pd
import pytest

from guidednet.cli.score_text import folder_text
from guidednet.errors import InputError
from guidednet.evaluation.folders import mean_scores, score_folder
from helpers.volumes import blobs, save


def test_a_folder_is_scored_like_its_cases(tmp_path):
    image, label, affine = blobs()
    wrong = label.copy()
    wrong[label == 3] = 0
    save(tmp_path / "references" / "a.nii.gz", label, affine)
    save(tmp_path / "predictions" / "a.nii.gz", wrong, affine)
    own = score_folder(tmp_path / "predictions", tmp_path / "references", "flare22").set_index(
        "organ"
    )
    assert (
        own.loc["liver", "dice"] == 1
        and own.loc["spleen", "dice"] == 0
        and np.isnan(own.loc["pancreas", "dice"])
    )
    rules = score_folder(
        tmp_path / "predictions", tmp_path / "references", "flare22", "challenge"
    ).set_index("organ")
    assert rules.loc["pancreas", "dice"] == 1 and rules.loc["spleen", "nsd"] == 0
    means = mean_scores(pd.concat([own.reset_index()]))
    assert means.loc["mean of organs", "dice"] == pytest.approx(own["dice"].mean())
    assert (
        means.loc["mean of organs", "cases"] == means.loc["liver", "cases"] == 1
        and means.loc["pancreas", "cases"] == 0
    )
    assert "no interval over a single case" in folder_text(own.reset_index(), means)


@pytest.mark.parametrize(
    ("dataset", "rules", "remove", "message"),
    [
        ("flare22", "best", None, "use one of own, challenge"),
        ("kits", "own", None, "unknown data set"),
        ("flare22", "own", "references/a.nii.gz", "a.nii.gz: the reference of"),
        ("flare22", "own", "predictions/a.nii.gz", "holds no NIfTI file"),
    ],
)
def test_wrong_folders_of_predictions_are_one_sentence(dataset, rules, remove, message, tmp_path):
    _, label, affine = blobs()
    for folder in ("predictions", "references"):
        save(tmp_path / folder / "a.nii.gz", label, affine)
    if remove:
        (tmp_path / remove).unlink()
    with pytest.raises(InputError, match=message):
        score_folder(tmp_path / "predictions", tmp_path / "references", dataset, rules)
