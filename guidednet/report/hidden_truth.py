"""The labels of unlabelled phantoms, for figures alone.

A phantom is made from its name, so its truth can be made again. Training never sees it: it is in no file, no module of
training imports this one, and a test holds that so.
"""

import numpy as np

from guidednet.nifti import Volume
from guidednet.phantom import make_case
from guidednet.prepare import prepare_image
from guidednet.resample import to_grid
from guidednet.workspace import Workspace


def hidden_label(workspace: Workspace, dataset: str, case: str) -> np.ndarray:
    """The label map (D,H,W) uint8 of an unlabelled phantom, on the grid of its prepared image."""
    settings = workspace.data(dataset)
    scan = make_case(dataset, case, shifted=True, voxel_mm=settings.phantom.voxel_mm)
    image, affine = prepare_image(Volume(scan.image.astype(np.float32), scan.affine), settings.prepare)
    return to_grid(scan.label.transpose(2, 1, 0), scan.affine, image.shape[::-1], affine).transpose(2, 1, 0)
