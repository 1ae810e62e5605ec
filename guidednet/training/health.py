"""What went wrong in a training run without stopping it, as sentences for the run's record.

Tables repeat these sentences in their footnotes.
"""

import numpy as np
import pandas as pd

from guidednet.data.organs import OrganSet

EXPLODED = 100.0  # times the median norm of the gradient
FALLEN = 0.05  # of validation Dice below the best step, and
FALLEN_SHARE = 0.15  # of that step's Dice
WORSE_TEACHER = 0.02  # of Dice
TOO_MUCH = 1.3  # times the foreground of the labels
LATE = 0.75  # of the training: teachers and foreground are judged after it


def warnings(curves: pd.DataFrame, labelled_voxels: np.ndarray, organs: OrganSet) -> list[str]:
    """Name the problems that `curves` and the labelled voxels per class (K,) of a run show."""
    by_step = curves.set_index("step")
    late = by_step[by_step.index > LATE * by_step.index.max()]
    return [
        *_empty_organs(labelled_voxels, organs),
        *_collapse(by_step["validation_dice"].dropna()),
        *_teachers(late),
        *_foreground(by_step, late),
        *_explosion(by_step),
    ]


def _empty_organs(labelled_voxels: np.ndarray, organs: OrganSet) -> list[str]:
    empty = [organ.name for label, organ in organs.by_label.items() if labelled_voxels[label] == 0]
    return [f"no labelled training case has a voxel of {', '.join(empty)}"] if empty else []


def _collapse(looks: pd.Series) -> list[str]:
    """Warn if the last validation Dice is far below the best, or 0 from the start."""
    if looks.empty:
        return []
    best, fall = looks.max(), looks.max() - looks.iloc[-1]
    if best == 0:
        return ["finds no organ on the validation cases at any step (collapsed)"]
    if fall <= max(FALLEN, FALLEN_SHARE * best):
        return []
    return [
        f"collapsed after its best step: validation Dice {100 * best:.1f} % at step "
        f"{looks.idxmax()}, {100 * looks.iloc[-1]:.1f} % at the last step"
    ]


def _teachers(late: pd.DataFrame) -> list[str]:
    """Warn of class Gaussians that segment the labelled crops worse than their own network."""
    means = {name: late[name].mean() for name in late if name.startswith("cgmm/")}
    names = [name.split("/")[1] for name in means if name.endswith("/dice_posterior")]
    return [
        f"the class Gaussians of {name} are a worse teacher than {name} itself: Dice "
        f"{100 * teacher:.1f} % against {100 * pupil:.1f} % on labelled crops"
        for name in names
        if (teacher := means[f"cgmm/{name}/dice_posterior"])
        < (pupil := means[f"cgmm/{name}/dice_network"]) - WORSE_TEACHER
    ]


def _foreground(by_step: pd.DataFrame, late: pd.DataFrame) -> list[str]:
    """Warn of networks that call far more of the unlabelled voxels organ than the labels do."""
    shares = [name for name in late if name.startswith("foreground/") and "/unlabelled" in name]
    true = by_step["foreground/labels"].mean() if shares else 0
    return [
        f"{name.split('/')[1]} calls {100 * late[name].mean():.1f} % of the unlabelled voxels "
        f"organ, where {100 * true:.1f} % of the labelled ones are"
        for name in shares
        if late[name].mean() > TOO_MUCH * true
    ]


def _explosion(by_step: pd.DataFrame) -> list[str]:
    norms = by_step.get("gradient_norm", pd.Series(dtype=float)).dropna()
    if norms.empty or norms.max() <= EXPLODED * norms.median():
        return []  # or the run ended before the norm was first logged
    return [
        f"the gradient's norm rose to {norms.max():.3g} at step {norms.idxmax()}, "
        f"{norms.max() / norms.median():.0f} times its median"
    ]
