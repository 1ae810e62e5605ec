"""Figure 2: distance between features of labelled and unlabelled cases, beside each organ's Dice.

The truth of unlabelled phantoms is generated again for this figure
(guidednet.report.figures.hidden_truth). Real data have no such truth, so the network's own
predictions replace it.
"""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from torch import Tensor
from torch.nn import functional

from guidednet.config import RunConfig
from guidednet.data.case_store import CaseStore
from guidednet.data.organs import OrganSet
from guidednet.inference import predict_labels, windows
from guidednet.losses import one_hot
from guidednet.methods import Method
from guidednet.report.figures.hidden_truth import hidden_label
from guidednet.report.tables.captions import rests_on
from guidednet.runs.store import RunStore


@torch.inference_mode()
def class_centres(
    network: Callable, cases: CaseStore, labels: dict[str, np.ndarray], config: RunConfig
) -> np.ndarray:
    """Mean Layer-4 feature of each class (K,C) over the cases of `labels`, label maps (D,H,W).

    A class without voxels is NaN. Features come from the windows of inference, and a voxel counts
    once in every window that contains it.
    """
    sums, counts = torch.zeros(()), torch.zeros(())
    for case, label in labels.items():
        image = torch.from_numpy(np.asarray(cases.image(case), dtype=np.float32))
        padding = [
            x
            for size, side in zip(image.shape[::-1], config.window.size[::-1], strict=True)
            for x in (0, max(side - size, 0))
        ]
        image = functional.pad(image, padding, value=float(image.min()))
        target = functional.pad(torch.from_numpy(label.astype(np.int64)), padding, value=-1)
        for place in windows(tuple(image.shape), config.window.size, config.window.stride):
            features = network(image[place][None, None]).features
            members = _members(target[place][None], config.num_classes)
            sums = sums + torch.bmm(members, features.flatten(2).transpose(1, 2))[0].double()
            counts = counts + members.sum((0, 2)).double()
    return (sums / counts.unsqueeze(1)).numpy()


def _members(label: Tensor, num_classes: int) -> Tensor:
    """One-hot (1,K,V) of a label map (1,D,H,W) in which -1 belongs to no class."""
    return (one_hot(label.clamp_min(0), num_classes) * (label >= 0).unsqueeze(1)).flatten(2).float()


def unlabelled_labels(
    method: Method, runs: RunStore, config: RunConfig, cases: Iterable[str]
) -> dict[str, np.ndarray]:
    """A label map (D,H,W) of each unlabelled case: the truth for phantoms, else a prediction."""
    store = runs.workspace.cases(config.dataset)
    if runs.workspace.data(config.dataset).phantom is not None:
        return {case: hidden_label(runs.workspace, config.dataset, case) for case in cases}
    network, classes = method.predictors()["primary"], config.num_classes
    return {
        case: predict_labels(network, store.image(case), config.window, classes) for case in cases
    }


def feature_distances(
    config: RunConfig, runs: RunStore, scores: pd.DataFrame, most_cases: int = 8
) -> pd.DataFrame:
    """One line per organ of a finished run: organ, columns of `scores`, and distance.

    The distance is that between the organ's mean features in labelled and in unlabelled cases.
    `scores` has dice (%), its spread and its counts by the paper's column. At most `most_cases`
    unlabelled training cases are used.
    """
    method, split, organs = runs.load_method(config), runs.split(config), config.organs
    store = runs.workspace.cases(config.dataset)
    labelled = {case: np.asarray(store.label(case)) for case in split.labelled}
    unlabelled = unlabelled_labels(method, runs, config, split.unlabelled[:most_cases])
    network = method.predictors()["primary"]
    centres = [class_centres(network, store, labels, config) for labels in (labelled, unlabelled)]
    distance = np.linalg.norm(centres[0] - centres[1], axis=1)
    table = scores.loc[organs.columns].rename_axis("organ").reset_index()
    return table.assign(distance=[distance[label] for label in organs.column_labels])


def draw_feature_distance(axes: Axes, table: pd.DataFrame, organs: OrganSet) -> None:
    """Draw Dice as bars with spread over seeds, and distances as markers on a second axis."""
    colours = [
        {organ.column: organ.colour for organ in organs.by_label.values()}[name]
        for name in table["organ"]
    ]
    spread = table["sd_dice"].fillna(0)
    axes.bar(
        table["organ"],
        table["dice"].fillna(0),
        yerr=spread,
        color=colours,
        edgecolor="black",
        linewidth=0.4,
    )
    axes.set(ylabel=f"Dice (%); {rests_on(table)}", ylim=(0, 100))
    axes.tick_params(axis="x", rotation=45)
    distance = axes.twinx()
    distance.plot(
        table["organ"],
        table["distance"],
        linestyle="none",
        marker="D",
        markersize=5,
        color="black",
        markerfacecolor="white",
    )
    distance.set(ylabel="distance between feature centres (diamonds)")
    distance.set_ylim(bottom=0)
