"""Score NIfTI predictions, one or a folder, by this project's rules or by the challenge's."""

from pathlib import Path

import numpy as np
import pandas as pd

from guidednet.data.datasets import organ_set
from guidednet.data.file_kinds import is_nifti_name, other_volumes, stem
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

    `predictions` and `references` are two folders, in which files of the same name make a pair, or
    two files. The columns are case, organ and the metrics (overlaps 0 to 1, hd95 in mm). Raises
    InputError if one of a pair is missing, if the two lie on different grids, for label ids that
    `dataset` does not have, and for unknown rules.
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
    """(case, prediction, reference) of two files or of two folders."""
    for path in (predictions, references):
        if not path.exists():
            raise InputError(f"{path}: no such file or folder; give NIfTI label maps")
    if predictions.is_dir() != references.is_dir():
        raise InputError(
            f"{predictions}: one of this and {references} is a file and the other a folder; "
            "give two files or two folders"
        )
    if predictions.is_file():
        return [(stem(predictions.name), predictions, references)]
    found, wanted = _by_name(predictions), _by_name(references)
    if not found:
        others = other_volumes(predictions)
        but = f" but {others}" if others else ""
        raise InputError(
            f"{predictions}: the folder holds no NIfTI file (.nii or .nii.gz){but}; check the path"
        )
    for name, file in found.items():
        if name not in wanted:
            raise InputError(
                f"{references / file.name}: the reference of {file} is missing; "
                "add it or remove the prediction"
            )
    if missing := [wanted[name] for name in wanted if name not in found]:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise InputError(
            f"{missing[0]}{more}: {len(missing)} of {len(wanted)} references have no prediction, "
            "and the means would leave them out; add the predictions or move the references away"
        )
    return [(name, file, wanted[name]) for name, file in found.items()]


def _by_name(folder: Path) -> dict[str, Path]:
    """The NIfTI files in a folder by their names without ending, sorted."""
    found: dict[str, Path] = {}
    for path in sorted(filter(is_nifti_name, folder.iterdir())):
        if (other := found.setdefault(stem(path.name), path)) != path:
            raise InputError(f"{path}: is the same case as {other.name}; move one of them away")
    return found


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
