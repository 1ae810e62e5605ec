"""A tiny store of made-up cases, and the split that the tests train on."""

import numpy as np

from guidednet.data.splits import Split

SPLIT = Split(
    labelled=("l0", "l1", "l2"),
    unlabelled=("u0", "u1", "u2", "u3"),
    validation=("v0",),
    test=("t0",),
)


class BlobStore:
    """Cases with a few boxes as organs. `hidden_labels` seeds the labels of the unlabelled cases,
    which nobody may need.
    """

    def __init__(self, hidden_labels=0):
        self.hidden_labels = hidden_labels

    def label(self, case):
        seed = sum(map(ord, case)) + (self.hidden_labels if case.startswith("u") else 0)
        generator = np.random.default_rng(seed)
        label = np.zeros((10, 12, 12), np.uint8)
        for organ in range(1, 6):
            z, y, x = generator.integers(0, 7, 3)
            label[z : z + 3, y : y + 4, x : x + 4] = organ
        return label

    def image(self, case):
        shown = BlobStore().label(case) / 5
        noise = np.random.default_rng(sum(map(ord, case))).normal(0, 0.05, shown.shape)
        return np.clip(shown + noise, 0, 1).astype(np.float16)

    def check(self, labelled, unlabelled):
        """Nothing here lies on a disk that could change it."""

    def spacing(self, case):
        return (5.0, 3.0, 3.0)

    def class_voxels(self, cases):
        return sum(np.bincount(self.label(case).ravel(), minlength=14) for case in cases)
