"""Is the teacher better than the pupil? Dice of the class Gaussians beside that of the network.

Eq. 13 lets the posterior G of the Gaussians correct the network, which helps only where G is right
and the network is not. Labelled rows are compared in every run's curves. Unlabelled voxels of
phantoms are compared with their hidden truth, after the training, from weights kept on the way.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from guidednet.cgmm import printed, released
from guidednet.cgmm.diagnostics import mean_dice
from guidednet.data.case_store import CaseStore
from guidednet.data.sampling import Batch, BatchDataset
from guidednet.methods import Method
from guidednet.report.figures.hidden_truth import hidden_label
from guidednet.report.figures.save import DOUBLE, print_figure
from guidednet.runs.record import Run
from guidednet.runs.store import RunStore
from guidednet.training import checkpoint
from guidednet.training.device import accelerated
from guidednet.training.loop import kept_weights, make_method

COLUMNS = ["voxels", "step", "posterior", "network"]
COLOURS = {"posterior": "#d55e00", "network": "#0072b2"}
NAMES = {"posterior": "teacher: most probable under G", "network": "pupil: network A"}
BATCHES = 4  # batches whose crops each look compares


@dataclass(frozen=True)
class CasesWithTruth:
    """Unlabelled phantoms with their truth, in the place of a case store, for crops of both."""

    store: CaseStore
    truth: dict[str, np.ndarray]

    def image(self, case: str) -> np.ndarray:
        """The image (D,H,W) of a case."""
        return self.store.image(case)

    def label(self, case: str) -> np.ndarray:
        """The truth (D,H,W) of a case."""
        return self.truth[case]


def teacher_course(run: Run, kept: Run | None, runs: RunStore) -> pd.DataFrame:
    """Dice in percent of the posterior and of network A: voxels, step, posterior, network.

    "labelled" lines come from the curves of `run`. "unlabelled" lines come from the weights that
    `kept` holds of several steps, and are left out without it and for real data.
    """
    parts = [logged_course(run)]
    if kept is not None and runs.workspace.is_synthetic(kept.config.dataset):
        parts.append(unlabelled_course(kept, runs))
    return pd.concat(parts, ignore_index=True)[COLUMNS].round(2)


def logged_course(run: Run) -> pd.DataFrame:
    """What the curves of a GuidedNet run say on the labelled rows of its batches."""
    columns = {f"cgmm/network_a/dice_{name}": name for name in ("posterior", "network")}
    curves = run.curves().set_index("step")[list(columns)].rename(columns=columns).dropna()
    return (100 * curves).reset_index().assign(voxels="labelled")


def unlabelled_course(run: Run, runs: RunStore) -> pd.DataFrame:
    """Dice on unlabelled crops of phantoms at every kept step of a run."""
    batches = batches_with_truth(run, runs)
    method = accelerated(make_method(run.config), run.config.training, "cpu")
    every, last = run.config.training.keep_every, run.config.training.steps
    lines = []
    for step in range(every, last + 1, every):
        method.load_state_dict(checkpoint.load(kept_weights(run.folder, step)))
        found = pd.DataFrame([unlabelled_dice(method.eval(), *pair) for pair in batches])
        lines.append({"voxels": "unlabelled", "step": step, **found.mean()})
    return pd.DataFrame(lines, columns=COLUMNS)


def batches_with_truth(run: Run, runs: RunStore) -> list[tuple[Batch, Tensor]]:
    """Batches as in training, with the truth (U,D,H,W) of their unlabelled rows."""
    config, split = run.config, runs.split(run.config)
    store, size = runs.workspace.cases(config.dataset), config.batch.unlabelled
    shown = split.unlabelled[: size * BATCHES]
    truth = {case: hidden_label(runs.workspace, config.dataset, case) for case in shown}
    labelled = BatchDataset(store, split.labelled, (), config.batch, seed=0)
    rows = replace(config.batch, labelled=size)
    unlabelled = BatchDataset(CasesWithTruth(store, truth), shown, (), rows, seed=0)
    return [_joined(labelled[step], unlabelled[step]) for step in range(BATCHES)]


def _joined(labelled: Batch, unlabelled: Batch) -> tuple[Batch, Tensor]:
    image = torch.cat([labelled.image, unlabelled.image])
    return Batch(image, labelled.label).to("cpu"), unlabelled.label.long()


@torch.no_grad()
def unlabelled_dice(method: Method, batch: Batch, truth: Tensor) -> dict[str, float]:
    """Dice in percent of argmax G' and argmax p against `truth` (U,D,H,W), mean over its organs."""
    config, rows = method.options.cgmm, len(batch.label)
    reading = released if config.reading == "official" else printed
    output = method.network_a(batch.image)
    features = method.modelled(output)
    _, posterior = reading.posteriors(features, output.logits, batch.label, config)
    labels = {"posterior": posterior, "network": output.logits[rows:]}
    classes = output.logits.shape[1]
    return {
        name: 100 * mean_dice(values.argmax(1), truth, classes).item()
        for name, values in labels.items()
    }


def draw_teacher(course: pd.DataFrame) -> Figure:
    """Draw teacher and pupil over the steps, a panel for each kind of voxels in `course`."""
    kinds = list(course["voxels"].unique())
    figure, grid = print_figure(DOUBLE, 2.6, 1, len(kinds), sharey=True, squeeze=False)
    for axes, kind in zip(grid[0], kinds, strict=True):
        _draw_panel(axes, course[course["voxels"] == kind], f"{kind} voxels")
    grid[0, 0].set_ylabel("mean Dice (%)")
    grid[0, 0].legend(frameon=False)
    return figure


def _draw_panel(axes: Axes, course: pd.DataFrame, title: str) -> None:
    for name, colour in COLOURS.items():
        axes.plot(course["step"], course[name], color=colour, label=NAMES[name], marker=".")
    axes.fill_between(
        course["step"], course["posterior"], course["network"], color="grey", alpha=0.15
    )
    axes.set(title=title, xlabel="step", ylim=(0, 100))
    axes.grid(alpha=0.3)


def who_leads(course: pd.DataFrame) -> str:
    """A sentence on the mean Dice of teacher and pupil over the steps of `course`."""
    means = course.groupby("voxels", sort=False)[list(NAMES)].mean()
    parts = [
        f"{line.posterior:.0f} % for the posterior and {line.network:.0f} % for the network on "
        f"{line.Index} voxels"
        for line in means.itertuples()
    ]
    return f"In this run the mean Dice over the steps is {' and '.join(parts)}"
