"""The labels of unlabelled phantoms, for figures only.

A phantom is generated from its name, so its truth can be generated again. Training never sees it:
it is not in any file, and a test checks that no training module imports this one.
"""

import numpy as np

from guidednet.data.prepare import prepare_label
from guidednet.phantom import make_case
from guidednet.runs.workspace import Workspace


def hidden_label(workspace: Workspace, dataset: str, case: str) -> np.ndarray:
    """The label map (D,H,W) uint8 of an unlabelled phantom, on the grid of its prepared image."""
    settings = workspace.data(dataset)
    # where labels are hidden, unlabelled cases are drawn like labelled ones
    shifted = not settings.hides_labels
    scan = make_case(dataset, case, shifted, voxel_mm=settings.phantom.voxel_mm)
    return prepare_label(scan.label, scan.affine, settings.prepare)
