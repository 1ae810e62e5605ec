"""Computations and figures of the step-by-step notebooks that the library itself does not need."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from torch import Tensor

from guidednet.cgmm import cgmm_losses
from guidednet.cgmm.config import CGMMConfig
from guidednet.cgmm.gaussians import ClassStatistics
from guidednet.data.organs import OrganSet
from guidednet.methods import Method
from guidednet.report.viewer.enlarged import enlarged
from guidednet.report.viewer.scene import SCALED_WINDOWS, Overlay, Scene
from guidednet.report.viewer.slices import cut, draw_slice
from guidednet.runs.profile import Profile
from guidednet.runs.store import RunStore
from guidednet.training.device import accelerated
from guidednet.training.loop import make_method

BACKGROUND_COLOUR = "#888888"


def class_names(organs: OrganSet) -> list[str]:
    """Name of each class, background first."""
    return ["background", *(organs.by_label[label].name for label in sorted(organs.by_label))]


def class_colours(organs: OrganSet) -> list[str]:
    """Colour of each class, background first."""
    return [
        BACKGROUND_COLOUR,
        *(organs.by_label[label].colour for label in sorted(organs.by_label)),
    ]


def fullest_slice(label: Tensor) -> int:
    """Index of the transverse slice of `label` (D,H,W) that shows the most organs."""
    return int(np.argmax([len(torch.unique(plane)) for plane in label]))


def principal_plane(features: Tensor, statistics: ClassStatistics) -> tuple[np.ndarray, np.ndarray]:
    """Centre (C,) and two main directions (2,C) of the centroids of the classes present."""
    means = statistics.mean[statistics.present].detach().double().numpy()
    centre = means.mean(0)
    return centre, np.linalg.svd(means - centre, full_matrices=False)[2][:2]


def draw_feature_plane(
    axes: Axes,
    features: Tensor,
    labels: Tensor,
    statistics: ClassStatistics,
    organs: OrganSet,
    voxels: int = 150,
) -> None:
    """Draw voxel features in the principal plane of the centroids, with a circle of 1 σ per class.

    `features` is (B,C,D,H,W), `labels` is (B,D,H,W), and each class shows at most `voxels` points.
    σ is an rms distance per channel, so the circle's radius is σ √C.
    """
    centre, directions = principal_plane(features, statistics)
    flat = features.detach().movedim(1, -1).double().numpy()
    generator = np.random.default_rng(0)
    for label in torch.nonzero(statistics.present).flatten().tolist():
        points = flat[(labels == label).numpy()]
        points = (points[generator.permutation(len(points))[:voxels]] - centre) @ directions.T
        mean = (statistics.mean[label].detach().numpy() - centre) @ directions.T
        colour = class_colours(organs)[label]
        axes.scatter(*points.T, s=5, color=colour, alpha=0.5, linewidths=0)
        name = class_names(organs)[label]
        axes.scatter(
            *mean, s=90, color=colour, edgecolors="black", marker="X", zorder=3, label=name
        )
        radius = statistics.std[label].item() * features.shape[1] ** 0.5
        axes.add_patch(plt.Circle(mean, radius, fill=False, color=colour, linewidth=1.2))
    axes.set(xlabel="first direction", ylabel="second direction", aspect="equal")
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)


def draw_maps(
    maps: dict[str, Tensor],
    image: Tensor,
    spacing: Sequence[float],
    index: int,
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw transverse slice `index` of the image and then of each map (D,H,W), side by side.

    With `limits`, all maps share one colour scale. Without, a map has its own, and one of 0 and 1
    or of a single value has 0 to 1 or 0 to that value; the title then says the value.
    """
    figure, grid = plt.subplots(
        1, len(maps) + 1, figsize=(2.5 * (len(maps) + 1), 2.9), layout="constrained"
    )
    draw_slice(grid[0], image.numpy(), spacing, "transverse", index)
    grid[0].set_title("image", fontsize=9)
    for axes, (name, values) in zip(grid[1:], maps.items(), strict=True):
        shown = values.detach().numpy()
        low, high = float(shown[index].min()), float(shown[index].max())
        window = limits or _colour_range(low, high)
        draw_slice(axes, shown, spacing, "transverse", index, window=window, voxels=True)
        axes.images[0].set_cmap("viridis")
        figure.colorbar(axes.images[0], ax=axes, shrink=0.6)
        axes.set_title(name if high > low else f"{name}: {low:.3g} everywhere", fontsize=9)
    return figure


def _colour_range(low: float, high: float) -> tuple[float, float]:
    """The colours' range of a map with these extremes, never empty."""
    if high > low:
        return low, high
    return (0.0, 1.0) if low in (0.0, 1.0) else (min(0.0, low), max(0.0, high))


def draw_mixture(
    mixture: Tensor,
    sources: Tensor,
    spacing: Sequence[float],
    index: int,
    names: Sequence[str],
) -> Figure:
    """Draw transverse slice `index` of an image (D,H,W) that is mixed from several crops.

    `sources` (D,H,W) holds the number of the crop that each voxel comes from; `names` are theirs.
    Left the mixture in grey, right with the colour of each voxel's crop.
    """
    figure, (plain, coloured) = plt.subplots(1, 2, figsize=(6.4, 2.9), layout="constrained")
    colours = plt.get_cmap("Set2", len(names))
    for axes in (plain, coloured):
        draw_slice(axes, mixture.numpy(), spacing, "transverse", index, voxels=True)
    extent = coloured.images[0].get_extent()
    shown = cut(sources.numpy(), "transverse", index)
    limits = {"vmin": -0.5, "vmax": len(names) - 0.5, "alpha": 0.45}
    coloured.imshow(shown, cmap=colours, extent=extent, interpolation="nearest", **limits)
    present = np.unique(shown).tolist()
    patches = [Patch(color=colours(number), label=names[number]) for number in present]
    coloured.legend(handles=patches, fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    plain.set_title("mixture", fontsize=9)
    coloured.set_title("where each cube comes from", fontsize=9)
    return figure


def crop_scene(
    title: str,
    image: Tensor,
    spacing: Sequence[float],
    organs: OrganSet,
    maps: Mapping[str, Tensor],
    numbers: Mapping[str, Tensor] | None = None,
) -> Scene:
    """A crop for the viewer: its image, label maps by name, and maps of numbers as overlays.

    All are (D,H,W) on a grid of `spacing` (z,y,x) in mm; the first label map is what the others are
    compared with. Large voxels are divided, so that organs have smooth outlines.
    """
    crop = Scene(
        title=title,
        image=image.numpy(),
        labels={name: label.numpy().astype(np.uint8) for name, label in maps.items()},
        affine=np.diag([*spacing[::-1], 1.0]),
        organs=organs,
        windows=SCALED_WINDOWS,
        unit="scaled, 0 to 1",
        reference=next(iter(maps)) if len(maps) > 1 else None,
        overlays={
            name: Overlay(values.detach().numpy(), (0.0, max(float(values.max()), 1e-9)))
            for name, values in (numbers or {}).items()
        },
    )
    return enlarged(crop)


def gradient_reach(outputs: Sequence[Tensor], labels: Tensor, config: CGMMConfig) -> pd.DataFrame:
    """Norm of the gradient of each CGMM term (rows) with respect to each input of A (columns).

    `outputs` are the features and logits of network A, then those of network B; in each, the
    labelled rows of the batch come first.
    """
    inputs = [tensor.detach().clone().requires_grad_() for tensor in outputs]
    rows = len(labels)
    norms = {}
    for name, value in cgmm_losses(*inputs, labels, config).items():
        features, logits = torch.autograd.grad(
            value, inputs[:2], retain_graph=True, allow_unused=True, materialize_grads=True
        )
        norms[name] = {
            "labelled features": features[:rows].norm().item(),
            "labelled probabilities": logits[:rows].norm().item(),
            "unlabelled features": features[rows:].norm().item(),
            "unlabelled probabilities": logits[rows:].norm().item(),
        }
    return pd.DataFrame(norms).T


def half_precision_gradient(images: int, voxels: int, present_classes: int, weight: float) -> float:
    """The gradient that a float16 mean over `images` x `voxels` sends to one probability of 1/2.

    The steps follow the released code: the mean's own gradient is weight / (images x voxels), the
    class average divides it by the number of classes present, and the cross-entropy by two. Each
    step is rounded to float16, whose smallest positive number is 6e-8.
    """
    gradient = torch.tensor(weight / (images * voxels)).half()
    for factor in (1 / present_classes, 0.5):
        gradient = (gradient.float() * factor).half()
    return gradient.item()


def ready_method(
    name: str, profile: Profile, ratio: tuple[int, int], runs: RunStore, on_missing: str
) -> Method:
    """The method `name` before its first step, after the shared warm start if the profile has one.

    Parents of the warm start are loaded from `runs`; `on_missing` says what to do without them.
    """
    config = profile.run("flare22", name, ratio, seed=0)
    voxels = runs.workspace.cases("flare22").class_voxels(runs.split(config).labelled)
    method = accelerated(make_method(config, voxels), config.training, "cpu")
    parents = {
        scheme: runs.get(parent, on_missing)
        for scheme, parent in runs.identity.warm_start(config).items()
    }
    found = {scheme: run for scheme, run in parents.items() if run is not None}
    method.start_from(
        {
            scheme: runs.load_method(run.config).warm_start_networks()[scheme].state_dict()
            for scheme, run in found.items()
        }
    )
    return method
