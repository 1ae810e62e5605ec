"""Crops with made-up features for the playgrounds, and pages that show them."""

import numpy as np
import torch

from guidednet.data.datasets import organ_set
from guidednet.report.playground import Crops, cgmm_playground, gap_playground, ktcps_playground

CLASSES, CHANNELS = 14, 6
ABSENT = 5  # a class that no crop shows
ONLY_SECOND = 9  # one that the first crop lacks


def crops(seed=0):
    """Two crops of blocks of classes; the features of a class scatter around its own centre."""
    generator = np.random.default_rng(seed)
    label = np.zeros((2, 3, 12, 16), np.int64)
    for k in set(range(1, CLASSES)) - {ABSENT}:
        row, column = divmod(k - 1, 4)
        images = [1] if k == ONLY_SECOND else [0, 1]
        label[images, :, 3 * row : 3 * row + 2, 4 * column : 4 * column + 3] = k
    centres = generator.normal(0, 1.5, (CLASSES, CHANNELS))
    features = centres[label] + generator.normal(0, 1, (*label.shape, CHANNELS))
    logits = torch.from_numpy(generator.normal(0, 1, (2, CLASSES, *label.shape[1:])))
    return Crops(
        image=torch.from_numpy(generator.random((2, 1, *label.shape[1:]))).float(),
        label=torch.from_numpy(label),
        features=torch.from_numpy(np.moveaxis(features, -1, 1)).float(),
        probabilities=logits.softmax(1).float(),
        organs=organ_set("flare22"),
        spacing=(5.0, 2.0, 1.5),
    )


def playgrounds():
    return [cgmm_playground(crops()), ktcps_playground(), gap_playground()]


def write_page(folder, pieces):
    """A page of pieces of HTML, and its address on disk."""
    path = folder / "playgrounds.html"
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    body = "".join(f"<section>{piece}</section>" for piece in pieces)
    path.write_text(f'<!doctype html><html lang="en">{head}<body>{body}</body>', encoding="utf-8")
    return path.as_uri()
