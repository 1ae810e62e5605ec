"""Sliding-window inference: windows over the volume, softmax averaged uniformly, argmax.

Only torch and numpy are used, so that a machine that only trains needs no image library.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from guidednet.errors import InputError

Size = tuple[int, int, int]
# In voxels: up to this size, torch convolves a single row on a CPU without oneDNN, which takes
# longer than two rows.
SMALL_WINDOW = 100_000


@dataclass(frozen=True)
class WindowConfig:
    """Sliding window of inference.

    `size` and `stride` (D,H,W) are in voxels; windows overlap where the stride is the smaller one.
    Raises InputError if the stride would leave voxels out.
    """

    size: tuple[int, int, int] = (64, 160, 160)
    stride: tuple[int, int, int] = (32, 80, 80)

    def __post_init__(self) -> None:
        if not all(
            1 <= stride <= side for stride, side in zip(self.stride, self.size, strict=True)
        ):
            raise InputError(
                f"window stride is {self.stride}: "
                f"give numbers from 1 to the window size {self.size}"
            )


def window_starts(size: int, window: int, stride: int) -> list[int]:
    """The first voxel of each window along one axis.

    The last window is moved back so that it ends with the volume.
    """
    last = max(size - window, 0)
    return [*range(0, last, stride), last]


def windows(shape: Size, window: Size, stride: Size) -> Iterator[tuple[slice, ...]]:
    """All windows (as slices of D, H, W) that cover a volume of `shape`."""
    starts = [window_starts(*sizes) for sizes in zip(shape, window, stride, strict=True)]
    for corner in product(*starts):
        yield tuple(slice(start, start + side) for start, side in zip(corner, window, strict=True))


def windows_per_voxel(shape: Size, window: Size, stride: Size) -> Tensor:
    """Number of windows that see each voxel (D,H,W), float32: the product of counts per axis."""
    counts = [torch.zeros(size) for size in shape]
    for count, *sizes in zip(counts, shape, window, stride, strict=True):
        for start in window_starts(*sizes):
            count[start : start + sizes[1]] += 1
    return torch.einsum("d,h,w->dhw", *counts)


@torch.inference_mode()
def summed_scores(
    network: Callable,
    image: Tensor,
    window: Size,
    stride: Size,
    num_classes: int,
    scores_on: torch.device | None = None,
) -> Tensor:
    """The softmax (K,D,H,W), float32, summed over all windows that see a voxel.

    The sum lies on the device `scores_on` (default: the image's) and is the only volume of K
    channels in memory. Windows that reach beyond a small volume see its minimum (air) there.
    """
    scores = torch.zeros(num_classes, *image.shape, device=scores_on or image.device)
    air, places = float(image.min()), list(windows(tuple(image.shape), window, stride))
    rows = rows_at_once(window, image.device)
    for first in range(0, len(places), rows):
        chosen = places[first : first + rows]
        crops = [padded(image[place], window, air) for place in chosen]
        crops += crops[:1] * (rows - len(crops))
        logits = network(torch.stack(crops)[:, None]).logits
        for place, row in zip(chosen, logits, strict=False):
            d, h, w = image[place].shape
            scores[(slice(None), *place)] += row.float().softmax(0)[:, :d, :h, :w].to(scores.device)
    return scores


def rows_at_once(window: Size, device: torch.device) -> int:
    """How many windows pass the network together: two small ones on a CPU, else one."""
    return 2 if device.type == "cpu" and math.prod(window) <= SMALL_WINDOW else 1


def padded(inside: Tensor, window: Size, air: float) -> Tensor:
    """`inside` (d,h,w) with `air` behind it up to the size `window`."""
    behind = [side - inner for side, inner in zip(window, inside.shape, strict=True)]
    return functional.pad(inside, [0, behind[2], 0, behind[1], 0, behind[0]], value=air)


@torch.inference_mode()
def predict_probabilities(
    network: Callable,
    image: Tensor,
    window: Size,
    stride: Size,
    num_classes: int,
    scores_on: torch.device | None = None,
) -> Tensor:
    """Class probabilities (K,D,H,W) of `image` (D,H,W): the mean softmax of all windows on a voxel.

    `network` maps (B,1,d,h,w), with B of 1 or 2, to an object with `.logits`, and should be in
    evaluation mode. A volume smaller than the window is padded with its minimum (air) and cut back.
    `scores_on` is as for `summed_scores`.
    """
    scores = summed_scores(network, image, window, stride, num_classes, scores_on)
    return scores.div_(windows_per_voxel(tuple(image.shape), window, stride).to(scores.device))


def predict_labels(
    network: Callable,
    image: np.ndarray,
    window: WindowConfig,
    num_classes: int,
    device: torch.device | str = "cpu",
) -> np.ndarray:
    """Label map (D,H,W), uint8: the most probable class at each voxel of `image` (D,H,W)."""
    tensor = torch.from_numpy(np.asarray(image, dtype=np.float32)).to(device)
    scores_on = room_for_scores(num_classes * tensor.nbytes, tensor.device)
    scores = summed_scores(network, tensor, window.size, window.stride, num_classes, scores_on)
    # The class with the largest sum has the largest mean. It is found slab by slab because the
    # indices are int64, and by `max` because `argmax` takes five times as long.
    return (
        torch.cat([slab.max(0).indices.to(torch.uint8) for slab in scores.split(8, dim=1)])
        .cpu()
        .numpy()
    )


def room_for_scores(wanted_bytes: int, device: torch.device) -> torch.device:
    """`device`, or the CPU if the scores would take more than half of a GPU's free memory.

    The network needs the rest.
    """
    if device.type == "cuda" and wanted_bytes > torch.cuda.mem_get_info(device)[0] / 2:
        return torch.device("cpu")
    return device
