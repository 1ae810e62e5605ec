"""Masks of every kind: blobs, scattered voxels, none and all."""

import numpy as np

MASKS = {
    "blob": np.linalg.norm(np.indices((16, 14, 12)).T - (6, 7, 8), axis=-1).T < 4,
    "scattered": np.random.default_rng(0).random((12, 12, 12)) < 0.1,
    "one voxel": np.indices((9, 9, 9)).sum(0) == 0,
    "at the edge": np.indices((10, 10, 10))[0] < 3,
    "absent": np.zeros((8, 8, 8), bool),
    "full": np.ones((8, 8, 8), bool),
}
