"""Predict one scan: on the prepared grid, then back on the scan's own.

The labels are the same whatever else is asked for: only mirrored windows and the choice of the
largest component change them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from guidednet.config import RunConfig
from guidednet.data.organs import OrganSet
from guidednet.data.prepare import prepare_image
from guidednet.data.resample import linear_to_grid, probabilities_to_grid, to_grid
from guidednet.data.volume import Volume
from guidednet.errors import InputError, one_of
from guidednet.inference import (
    predict_labels,
    room_for_scores,
    summed_scores,
    windows_per_voxel,
)
from guidednet.methods.base import Predictor, TwoNetworkMethod
from guidednet.runs.model_file import Model
from guidednet.training.device import accelerated

# Axes (D,H,W) to mirror for a run that was trained without mirrored crops: those of the paper's
# settings (BatchConfig).
MIRRORED = (1, 2)
DISAGREEMENT = (
    "disagreement of networks A and B: half the sum over classes of the absolute difference of "
    "their probabilities, from 0 (the same) to 1"
)
ENTROPY = (
    "entropy of the probabilities: divided by ln K, from 0 (sure of one class) to 1 (all K classes "
    "equally likely)"
)


@dataclass(frozen=True)
class Extras:
    """What a prediction gives beside the labels, and what changes them.

    `probabilities` and `uncertainty` ask for these maps. `flips` averages over the scan and its
    mirror images. Of each organ named in `largest_component` only the largest connected part stays.
    """

    probabilities: bool = False
    uncertainty: bool = False
    flips: bool = False
    largest_component: tuple[str, ...] = ()

    @property
    def needs_scores(self) -> bool:
        """Whether the class scores are needed, and not their maximum alone."""
        return self.probabilities or self.uncertainty or self.flips


@dataclass(frozen=True)
class Prediction:
    """What was predicted of a scan (X,Y,Z), on its own grid.

    `labels` are in the form of the scan. `probabilities` (K,X,Y,Z), float32, sum to 1 over the
    classes, of which the background is the first; `uncertainty` (X,Y,Z), float32, is 0 to 1, and
    `uncertainty_is` says what it measures. The two are None unless they were asked for.
    """

    labels: Any
    probabilities: np.ndarray | None = None
    uncertainty: np.ndarray | None = None
    uncertainty_is: str = ""


PLAIN = Extras()


def segment_volume(
    volume: Volume, model: Model, network: Predictor, device: str = "cpu"
) -> np.ndarray:
    """Predict the classes 0 ... K-1 (X,Y,Z) on the grid of `volume`."""
    return predict_volume(volume, model, network, PLAIN, device).labels


def predict_volume(
    volume: Volume, model: Model, network: Predictor, extras: Extras = PLAIN, device: str = "cpu"
) -> Prediction:
    """Predict classes 0 ... K-1, uint8 (X,Y,Z), and the `extras` on the grid of `volume`.

    Beyond the edge of the prepared grid is background. Raises InputError for an organ that the
    model does not know.
    """
    config = model.config
    kept = [_label_of(name, config.organs) for name in extras.largest_component]
    image, affine = prepare_image(volume, model.prepare)
    if extras.needs_scores:
        tensor = torch.from_numpy(np.asarray(image, np.float32)).to(device)
        found = _with_maps(tensor, model, network, extras)
    else:
        found = Prediction(
            predict_labels(network, image, config.window, config.num_classes, device)
        )
    grid = affine, volume.data.shape, volume.affine
    return Prediction(
        keep_largest(to_grid(found.labels, *grid), kept),
        None if found.probabilities is None else probabilities_to_grid(found.probabilities, *grid),
        None if found.uncertainty is None else linear_to_grid(found.uncertainty, *grid),
        found.uncertainty_is,
    )


@torch.inference_mode()
def _with_maps(image: Tensor, model: Model, network: Predictor, extras: Extras) -> Prediction:
    """The labels, and the maps of `extras`, on the grid of `image` (D,H,W)."""
    axes = mirrorings(model.config) if extras.flips else [()]
    scores, windows = mirrored_scores(network, image, model.config, axes)
    # before the division, whose rounding could make two classes equal
    label = torch.cat([slab.max(0).indices.to(torch.uint8) for slab in scores.split(8, dim=1)])
    probabilities = scores.div_(windows)
    uncertainty, meaning = None, ""
    if extras.uncertainty:
        uncertainty, meaning = _uncertainty(probabilities, image, model, axes)
    return Prediction(
        label.cpu().numpy(),
        probabilities.cpu().numpy() if extras.probabilities else None,
        None if uncertainty is None else uncertainty.cpu().numpy(),
        meaning,
    )


def mirrorings(config: RunConfig) -> list[tuple[int, ...]]:
    """The sets of axes (of D, H, W) along which a scan is mirrored; the empty one comes first.

    They are those along which the run's crops were mirrored in training.
    """
    axes = config.batch.flip_axes or MIRRORED
    return list(chain.from_iterable(combinations(axes, size) for size in range(len(axes) + 1)))


def mirrored_scores(
    network: Predictor, image: Tensor, config: RunConfig, axes: list[tuple[int, ...]]
) -> tuple[Tensor, Tensor]:
    """Softmax (K,D,H,W) summed over all windows of all mirror images, and their number (D,H,W)."""
    window, classes = config.window, config.num_classes
    place = room_for_scores(classes * image.nbytes, image.device)
    scores = torch.zeros(classes, *image.shape, device=place)
    number = windows_per_voxel(tuple(image.shape), window.size, window.stride).to(place)
    total = torch.zeros_like(number)
    for mirrored in axes:
        found = summed_scores(
            network, image.flip(mirrored), window.size, window.stride, classes, place
        )
        scores += found.flip([axis + 1 for axis in mirrored])
        total += number.flip(mirrored)
    return scores, total


def _uncertainty(
    probabilities: Tensor, image: Tensor, model: Model, axes: list[tuple[int, ...]]
) -> tuple[Tensor, str]:
    """The uncertainty (D,H,W), 0 to 1, and what it measures."""
    method, meaning = model.method, uncertainty_of(model)
    if meaning == ENTROPY:
        return torch.special.entr(probabilities).sum(0) / math.log(len(probabilities)), meaning
    a, b = (
        torch.div(*mirrored_scores(network, image, model.config, axes))
        for network in (method.network_a, method.network_b)
    )
    return (a - b).abs().sum(0) / 2, meaning


def uncertainty_of(model: Model) -> str:
    """What the uncertainty of a model measures: disagreement of its two networks, or entropy."""
    return DISAGREEMENT if isinstance(model.method, TwoNetworkMethod) else ENTROPY


def keep_largest(labels: np.ndarray, values: list[int]) -> np.ndarray:
    """`labels` (X,Y,Z) with the largest connected part of each of the `values` alone.

    Voxels that share a face, an edge or a corner are connected.
    """
    kept = labels.copy()
    for value in values:
        parts, number = ndimage.label(labels == value, np.ones((3, 3, 3)))
        if number > 1:
            largest = 1 + np.bincount(parts.ravel())[1:].argmax()
            kept[(parts > 0) & (parts != largest)] = 0
    return kept


def check_extras(extras: Extras, config: RunConfig, say: Callable[[str], None]) -> None:
    """Tell by `say` what is doubtful about `extras` for a model of this configuration."""
    if extras.flips and not config.batch.flip_axes:
        say(
            "this model was not trained on mirrored crops, so that it may take an organ in a "
            "mirror image for the one of the other side; compare with a prediction without flips"
        )


def organ_names(wanted: str | list[str] | tuple[str, ...], organs: OrganSet) -> tuple[str, ...]:
    """The organs that `wanted` names: a list, a text separated by commas, or "all".

    Raises InputError for an organ that is not one of `organs`.
    """
    names = wanted.split(",") if isinstance(wanted, str) else wanted
    if tuple(names) == ("all",):
        return tuple(organs.column_names)
    stripped = tuple(str(name).strip() for name in names)
    for name in stripped:
        _label_of(name, organs)
    return stripped


def _label_of(name: str, organs: OrganSet) -> int:
    return organs.label_of(one_of("organ", name, organs.column_names))


def predictor_of(model: Model, source: object, name: str, device: str) -> Predictor:
    """The predictor called `name` ("primary", "ensemble") of `model` on `device`.

    Raises InputError, which names `source`, if the method has no such predictor, and if torch
    cannot use the device.
    """
    predictors = accelerated(model.method, model.config.training, check_device(device)).predictors()
    if name not in predictors:
        raise InputError(
            f"{source}: method {model.config.method} has no {name} predictor; leave out --ensemble"
        )
    return predictors[name]


def check_device(name: str) -> str:
    """Return `name` if torch can compute on this device; raises InputError otherwise."""
    try:
        torch.ones(1, device=name).item()
    except (RuntimeError, AssertionError) as error:  # a CPU build of torch asserts
        raise InputError(
            f"--device {name}: torch cannot use it on this machine; use cpu"
        ) from error
    return name
