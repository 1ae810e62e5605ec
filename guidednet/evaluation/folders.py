"""Score a folder of NIfTI predictions, by this project's rules or by the challenge's."""

from pathlib import Path

import numpy as np
import pandas as pd

from guidednet.data.datasets import organ_set
from guidednet.data.file_kinds import NIFTI
from guidednet.data.nifti import canonical, read_label
from guidednet.data.organs import OrganSet
from guidednet.errors import InputError, one_of
from guidednet.evaluation.flare_challenge import challenge_scores
from guidednet.evaluation.scores import score_case
from guidednet.support.progress import Progress, silent

RULES = ("own", "challenge")


def score_folder(
    predictions: Path,
    references: Path,
    dataset: str,
    rules: str = "own",
    progress: Progress = silent,
) -> pd.DataFrame:
    """Score every prediction: one row per case and organ, with the metrics as columns.

    The columns are case, organ and the metrics (overlaps 0 to 1, hd95 in mm). Every prediction
    needs a reference of the same name. Raises InputError if a reference is missing, if the two lie
    on different grids, for label ids that `dataset` does not have, and for unknown rules.
    """
    one_of("--rules", rules, RULES)
    organs, pairs = organ_set(dataset), _pairs(predictions, references)
    parts = [
        _score(prediction, reference, organs, rules).assign(case=name)
        for name, prediction, reference in progress(pairs, len(pairs))
    ]
    table = pd.concat(parts, ignore_index=True)
    return table[["case", *table.columns.drop("case")]]


def mean_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean of every metric by organ, over the cases that have a value; the last row is over organs.

    The column `cases` counts the cases that have a Dice.
    """
    by_organ = scores.drop(columns="case").groupby("organ", sort=False)
    means = by_organ.mean()
    means.loc["mean of organs"] = means.mean()
    means.insert(
        0,
        "cases",
        by_organ["dice"].count().reindex(means.index, fill_value=scores["case"].nunique()),
    )
    return means


def _pairs(predictions: Path, references: Path) -> list[tuple[str, Path, Path]]:
    for folder in (predictions, references):
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder; give a folder of NIfTI label maps")
    files = sorted(path for path in predictions.iterdir() if path.name.endswith(NIFTI))
    if not files:
        raise InputError(
            f"{predictions}: the folder holds no NIfTI file (.nii or .nii.gz); check the path"
        )
    for file in files:
        if not (references / file.name).is_file():
            raise InputError(
                f"{references / file.name}: the reference of {file} is missing; "
                "add it or remove the prediction"
            )
    return [
        (file.name.removesuffix(".gz").removesuffix(".nii"), file, references / file.name)
        for file in files
    ]


def _score(prediction: Path, reference: Path, organs: OrganSet, rules: str) -> pd.DataFrame:
    truth = read_label(reference, None, organs)
    found = read_label(prediction, truth, organs)
    truth_map, affine = canonical(truth)
    label, spacing = canonical(found)[0], _spacing(affine)
    if rules == "challenge":
        return challenge_scores(label, truth_map, spacing, organs)
    scores = score_case(label, truth_map, spacing, organs)
    wide = scores.pivot_table(
        index="organ", columns="metric", values="value", sort=False, dropna=False
    )
    return wide.rename_axis(columns=None).reset_index()


def _spacing(affine: np.ndarray) -> tuple[float, ...]:
    return tuple(np.linalg.norm(affine[:3, :3], axis=0)[::-1].tolist())
