"""What went wrong in a training run without stopping it, as sentences for the run's record.

Tables repeat these sentences in their footnotes.
"""

import numpy as np
import pandas as pd

from guidednet.data.organs import OrganSet

EXPLODED = 100.0  # times the median norm of the gradient


def warnings(curves: pd.DataFrame, labelled_voxels: np.ndarray, organs: OrganSet) -> list[str]:
    """Name the problems that `curves` and the labelled voxels per class (K,) of a run show."""
    return [*_empty_organs(labelled_voxels, organs), *_collapse(curves), *_explosion(curves)]


def _empty_organs(labelled_voxels: np.ndarray, organs: OrganSet) -> list[str]:
    empty = [organ.name for label, organ in organs.by_label.items() if labelled_voxels[label] == 0]
    return [f"no labelled training case has a voxel of {', '.join(empty)}"] if empty else []


def _collapse(curves: pd.DataFrame) -> list[str]:
    """Warn if the Dice is exactly 0: the network predicts background everywhere."""
    looks = curves.set_index("step")["validation_dice"].dropna()
    if looks.empty or looks.iloc[-1] > 0:
        return []
    if looks.max() == 0:
        return ["finds no organ on the validation cases at any step (collapsed)"]
    return [
        "finds no organ on the validation cases at the last step "
        f"(collapsed after step {looks[looks > 0].index[-1]})"
    ]


def _explosion(curves: pd.DataFrame) -> list[str]:
    if "gradient_norm" not in curves:
        return []  # the run ended before the norm was first logged
    norms = curves.set_index("step")["gradient_norm"].dropna()
    if norms.empty or norms.max() <= EXPLODED * norms.median():
        return []
    return [
        f"the gradient's norm rose to {norms.max():.3g} at step {norms.idxmax()}, "
        f"{norms.max() / norms.median():.0f} times its median"
    ]
