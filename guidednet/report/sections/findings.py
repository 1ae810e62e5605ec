"""What was found in the paper and in its released code, each with the numbers it rests on."""

from dataclasses import dataclass

import pandas as pd
import torch

from guidednet.ktcps import printed_weights
from guidednet.published.checks import dice_ranks, row_means, stated_numbers
from guidednet.report.figures.candidates import DATASETS, candidate_tables
from guidednet.report.lessons.walkthrough import half_precision_gradient
from guidednet.report.sections.contents import Contents
from guidednet.report.sections.markup import Section, text

CROPS, CROP_VOXELS, CROP_CLASSES = 4, 64 * 128 * 128, 14  # a batch as published
PUBLISHED_LAMBDA = 0.3
FEW_COUNTS = (900.0, 90.0, 9.0)  # voxels got right, for any three classes
SELECTION = "selection.csv"
KTCPS = {"printed": "KT-CPS alone, as printed", "mean": "KT-CPS alone, background mean"}


@dataclass(frozen=True)
class Finding:
    """One thing found: a short sentence, what it means, and the notebook that shows it."""

    anchor: str
    short: str
    meaning: str
    notebook: str


def findings(contents: Contents) -> list[Finding]:
    """Everything found, in the order of its weight; what has no numbers here is left out."""
    found = [
        _stated(),
        _rectification(),
        _vacuous(),
        _collapse(contents),
        _teacher(contents),
        _selection(contents),
    ]
    return [one for one in found if one is not None]


def _stated() -> Finding:
    stated = stated_numbers()
    wrong = stated[stated["difference"] != 0]
    means = row_means("table2")["difference"].abs().max()
    ranks = dice_ranks("Sto")["rank"]
    never = "in no row" if not (ranks == 11).any() else f"in {(ranks == 11).sum()} rows"
    return Finding(
        "found-numbers",
        f"{len(wrong)} of {len(stated)} numbers in the running text differ from the paper's own "
        "tables",
        f"The largest differs by {wrong['difference'].abs().max():.2f} points. The means of Table "
        f"2 differ from the organs beside them by up to {means:.2f} points, and the stomach, which "
        f"the introduction calls eleventh in Dice, is eleventh {never} of the {len(ranks)} of "
        "Table 1.",
        "25_the_papers_own_numbers",
    )


def _rectification() -> Finding | None:
    gradient = half_precision_gradient(CROPS, CROP_VOXELS, CROP_CLASSES, PUBLISHED_LAMBDA)
    if gradient != 0:
        return None
    return Finding(
        "found-gradient",
        "The loss term that is to correct errors (eq. 13) has a gradient of exactly zero in the "
        "released code",
        "A network learns from a loss term through its gradient. The code computes this one in "
        f"half precision: over {CROPS} crops of {CROP_VOXELS:,} voxels the gradient of a voxel is "
        "smaller than the smallest number that half precision can hold, and is rounded to zero. "
        "The term is reported in the loss, and nothing is learned from it.",
        "24_two_readings",
    )


def _vacuous() -> Finding:
    weights = printed_weights(torch.tensor(FEW_COUNTS)).tolist()
    zeros = sum(weight == 0 for weight in weights)
    return Finding(
        "found-equations",
        "Equations 7, 16 and 17 cannot be computed as printed",
        "Eq. 7 sums probabilities over all classes, and such a sum is always 1. Eqs. 16 and 17 "
        "are to give difficult organs more weight; for any counts they give 0, and 0/0 for the "
        f"largest class: of {len(weights)} classes with different counts, {zeros} have the weight "
        f"0 and {len(weights) - zeros} has none. This project computes the nearest reading that is "
        "defined, and the released code's beside it.",
        "03_kt_cps_step_by_step",
    )


def _collapse(contents: Contents) -> Finding | None:
    runs = candidate_tables(contents.workspace)["runs"]
    parts, falls = [], []
    for dataset, name in DATASETS.items():
        means = runs[runs["dataset"] == dataset].groupby("reading")[
            ["best_validation", "last_validation"]
        ]
        table = means.mean().reindex(KTCPS.values())
        if table.isna().any(axis=None):
            return None
        (best, last), (mean_best, mean_last) = table.to_numpy()
        falls.append(best - last)
        parts.append(
            f"on {name} it falls from {best:.0f} to {last:.0f} % Dice, and from {mean_best:.0f} to "
            f"{mean_last:.0f} % once background weighs as much as an average organ"
        )
    return Finding(
        "found-collapse",
        f"The paper's class weighting (KT-CPS) destroys what was learned: −{min(falls):.0f} to "
        f"−{max(falls):.0f} points of Dice by the end of a training from scratch",
        "It gives the background the weight 0. Nothing then tells the network that a voxel is no "
        "organ, and organs grow over the unlabelled scans. The background's weight is the cause, "
        f"because changing it alone cures it: {'; '.join(parts)}. Validation cases, means over "
        "seeds.",
        "03_kt_cps_step_by_step",
    )


def _teacher(contents: Contents) -> Finding | None:
    """Dice of the class Gaussians and of the network on labelled crops, where both are known."""
    curves = candidate_tables(contents.workspace)["curves"]
    if not {"reading", "posterior_dice", "network_dice"} <= set(curves):
        return None
    known = curves[curves["reading"] == "as printed"].dropna(subset=["posterior_dice"])
    ends = known.sort_values("step").groupby(["dataset", "seed"]).last()
    ends = ends.groupby("dataset")[["posterior_dice", "network_dice"]].mean()
    worse = ends[ends["posterior_dice"] < ends["network_dice"]]
    if worse.empty or len(worse) < len(ends):
        return None
    parts = [
        f"{line.posterior_dice:.0f} % against {line.network_dice:.0f} % on {DATASETS[line.Index]}"
        for line in ends.loc[[name for name in DATASETS if name in ends.index]].itertuples()
    ]
    ahead = 100 * (known["posterior_dice"] > known["network_dice"]).mean()
    return Finding(
        "found-teacher",
        "The feature model (3D-CGMM), which is to correct the network, is less often right than "
        "the network",
        "Where the truth is known, on labelled crops, its Dice at the end of a training as printed "
        f"is {' and '.join(parts)}. It is ahead at {ahead:.0f} % of the steps looked at.",
        "02_cgmm_step_by_step",
    )


def _selection(contents: Contents) -> Finding | None:
    path = contents.workspace.figure_folder / SELECTION
    if not path.exists():
        return None
    table = pd.read_csv(path)
    if table.empty:
        return None
    looks, cases = table["looks"].max(), table["n_test_cases"].max()
    gain = f"{table['gain'].max():.1f}"
    adds = "nothing" if gain == "0.0" else f"up to {gain} points of Dice"
    return Finding(
        "found-selection",
        "Choosing the training step on the test cases, as the released code does, adds "
        f"{adds} here",
        "The released code keeps the step that scores best on the cases that it then reports, so "
        "that the test is no longer one. Here the step is chosen on validation cases. The gain is "
        f"the best of {looks} steps on {cases} test cases, against the step that validation chose.",
        "24_two_readings",
    )


def found_section(found: list[Finding], contents: Contents) -> Section:
    """Every finding with its meaning and its notebook."""
    parts = [
        f'<article id="{one.anchor}"><h3>{text(one.short)}</h3><p>{text(one.meaning)} '
        f"{contents.notebook_link(one.notebook, 'See the notebook')}.</p></article>"
        for one in found
    ]
    return Section("found", "Found in the paper and its code", "".join(parts))
