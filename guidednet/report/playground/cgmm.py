"""3D-CGMM on one slice: drag a centroid, widen a Gaussian, switch to the released likelihood."""

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from guidednet.cgmm.gaussians import class_statistics, log_posterior
from guidednet.cgmm.released import image_centroids
from guidednet.data.organs import OrganSet
from guidednet.data.sampling import BatchDataset
from guidednet.report.lessons.walkthrough import (
    class_colours,
    class_names,
    draw_feature_plane,
    fullest_slice,
    principal_plane,
)
from guidednet.report.playground.widget import Playground, png
from guidednet.report.viewer.slices import draw_slice
from guidednet.runs.record import Run
from guidednet.runs.store import RunStore

MOST_PIXELS = 6_000  # of the slice; of a larger one every second pixel is shown, or third, ...
WORDS = (
    "3D-CGMM on one slice: the plane of the class centroids, the posterior of one class, the most "
    "probable class, and the reference"
)


@dataclass(frozen=True)
class Crops:
    """Labelled crops, and what network A makes of them.

    `image` (L,1,D,H,W), `label` (L,D,H,W), `features` (L,C,D,H,W), `probabilities` (L,K,D,H,W),
    `spacing` (z,y,x) in mm. The widget shows the slice of the first crop that has most organs, and
    the Gaussians are those of all crops.
    """

    image: Tensor
    label: Tensor
    features: Tensor
    probabilities: Tensor
    organs: OrganSet
    spacing: Sequence[float]

    @property
    def place(self) -> int:
        """The slice that is shown."""
        return fullest_slice(self.label[0])

    @property
    def chosen(self) -> int:
        """The organ with the most voxels of the slice; the background if there is none."""
        plane = self.label[0, self.place]
        return int(torch.bincount(plane[plane > 0].flatten().long(), minlength=1).argmax())


def crops_of_run(run: Run, runs: RunStore) -> Crops:
    """The labelled crops of a batch of a finished run of GuidedNet."""
    config, split = run.config, runs.split(run.config)
    cases = runs.workspace.cases(config.dataset)
    batch = BatchDataset(cases, split.labelled, split.unlabelled, config.batch, seed=0)[0].to("cpu")
    image = batch.image[: len(batch.label)]
    with torch.no_grad():
        output = runs.load_method(config).network_a(image)
    spacing = runs.workspace.data(config.dataset).prepare.spacing_mm
    probabilities = output.logits.softmax(1)
    return Crops(image, batch.label, output.features, probabilities, config.organs, spacing)


def cgmm_playground(crops: Crops) -> Playground:
    """The widget: features of one slice, the Gaussians, and the centroids of the released code."""
    statistics = class_statistics(crops.features, crops.label, crops.probabilities)
    classes = crops.probabilities.shape[1]
    centroids, there = image_centroids(crops.features, crops.label, classes)
    centre, directions = principal_plane(crops.features, statistics)
    names, colours = class_names(crops.organs), class_colours(crops.organs)
    numbers = {"mean": statistics.mean, "std": statistics.std, "centroids": centroids[0]}
    data = {
        "classes": [
            {"name": name, "colour": colour} for name, colour in zip(names, colours, strict=True)
        ],
        "chosen": crops.chosen,
        "channels": crops.features.shape[1],
        "centre": centre.tolist(),
        "directions": directions.tolist(),
        # a class that only another crop shows has a Gaussian, but no centroid of this image
        "present": {"printed": statistics.present.tolist(), "released": there[0].tolist()},
        **{name: _base64(values.numpy(), np.float32) for name, values in numbers.items()},
        **_slice(crops),
    }
    return Playground("cgmm", data, _picture(crops), WORDS)


def _slice(crops: Crops) -> dict[str, Any]:
    """The slice's features, grey values and label maps, thinned out if it is large."""
    rows, columns = crops.label.shape[2:]
    step = math.ceil((rows * columns / MOST_PIXELS) ** 0.5)

    def shown(values: Tensor) -> np.ndarray:
        """A slice (...,H,W) as radiologists see it: front up, the right side at the left."""
        return values.flip(-1, -2)[..., ::step, ::step].numpy()

    label = shown(crops.label[0, crops.place])
    network = crops.probabilities[0, :, crops.place].argmax(0)
    return {
        "rows": label.shape[0],
        "columns": label.shape[1],
        "pixel": list(crops.spacing[1:]),
        "features": _base64(shown(crops.features[0, :, crops.place]), np.float32),
        "image": _base64(_greys(shown(crops.image[0, 0, crops.place])), np.uint8),
        "label": _base64(label, np.uint8),
        "network": _base64(shown(network), np.uint8),
    }


def _greys(image: np.ndarray) -> np.ndarray:
    """An image in 256 greys."""
    low, high = float(image.min()), float(image.max())
    return np.rint(255 * (image - low) / max(high - low, 1e-9))


def _base64(values: np.ndarray, kind: type) -> str:
    """An array as base64, in C order; a little-endian machine is taken for granted."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()


def _picture(crops: Crops) -> bytes:
    """The widget as it is before anything is moved."""
    statistics = class_statistics(crops.features, crops.label, crops.probabilities)
    posterior = log_posterior(crops.features[:1], statistics)[0].exp()
    figure = Figure(figsize=(11, 3.2), layout="constrained")
    plane, heat, *labelled = figure.subplots(1, 4)
    draw_feature_plane(plane, crops.features, crops.label, statistics, crops.organs)
    plane.set_title("centroids, spreads (eqs. 3, 4)", fontsize=9)
    at = (crops.spacing, "transverse", crops.place)
    draw_slice(heat, posterior[crops.chosen].numpy(), *at)
    heat.images[0].set_cmap("viridis")
    heat.set_title(f"G of {class_names(crops.organs)[crops.chosen]} (eq. 6)", fontsize=9)
    maps = {"most probable class": posterior.argmax(0), "reference": crops.label[0]}
    for axes, (name, label) in zip(labelled, maps.items(), strict=True):
        draw_slice(axes, crops.image[0, 0].numpy(), *at, label.numpy(), crops.organs)
        axes.set_title(name, fontsize=9)
    return png(figure)
