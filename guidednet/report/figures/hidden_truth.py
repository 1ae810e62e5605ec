"""The labels of unlabelled phantoms, for figures alone.

A phantom is made from its name, so its truth can be made again. Training never sees it: it is in no
file, no module of training imports this one, and a test holds that so.
"""

import numpy as np

from guidednet.data.prepare import prepare_label
from guidednet.phantom import make_case
from guidednet.runs.workspace import Workspace


def hidden_label(workspace: Workspace, dataset: str, case: str) -> np.ndarray:
    """The label map (D,H,W) uint8 of an unlabelled phantom, on the grid of its prepared image."""
    settings = workspace.data(dataset)
    scan = make_case(dataset, case, shifted=True, voxel_mm=settings.phantom.voxel_mm)
    return prepare_label(scan.label, scan.affine, settings.prepare)
