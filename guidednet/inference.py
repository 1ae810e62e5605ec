"""Sliding-window inference: windows over the volume, softmax averaged uniformly, argmax (section 1.9).

Torch and numpy alone, so that a machine that only trains needs no image library.
"""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from guidednet.config import WindowConfig

Size = tuple[int, int, int]


def window_starts(size: int, window: int, stride: int) -> list[int]:
    """First voxels of the windows along one axis; the last window is moved back to end with the volume."""
    last = max(size - window, 0)
    return [*range(0, last, stride), last]


def windows(shape: Size, window: Size, stride: Size) -> Iterator[tuple[slice, ...]]:
    """All windows (as slices of D, H, W) that cover a volume of `shape`."""
    starts = [window_starts(*sizes) for sizes in zip(shape, window, stride, strict=True)]
    for corner in product(*starts):
        yield tuple(slice(start, start + side) for start, side in zip(corner, window, strict=True))


@torch.inference_mode()
def predict_probabilities(network: Callable, image: Tensor, window: Size, stride: Size, num_classes: int) -> Tensor:
    """Class probabilities (K,D,H,W) of `image` (D,H,W), the mean of the softmax over all windows that see a voxel.

    `network` maps (1,1,d,h,w) to an object with `.logits`, and should be in evaluation mode. A volume smaller than
    the window is padded with its minimum (air) and cut back.
    """
    padding = [max(side - size, 0) for size, side in zip(image.shape, window, strict=True)]
    padded = functional.pad(image, [0, padding[2], 0, padding[1], 0, padding[0]], value=float(image.min()))
    total = torch.zeros(num_classes, *padded.shape, device=image.device)
    count = torch.zeros(padded.shape, device=image.device)
    for place in windows(tuple(padded.shape), window, stride):
        total[(slice(None), *place)] += network(padded[place][None, None]).logits[0].float().softmax(0)
        count[place] += 1
    return (total / count)[(slice(None), *(slice(0, size) for size in image.shape))]


def predict_labels(
    network: Callable, image: np.ndarray, window: WindowConfig, num_classes: int, device: torch.device | str = "cpu"
) -> np.ndarray:
    """Label map (D,H,W), uint8: the class of the largest mean probability at each voxel of `image` (D,H,W)."""
    tensor = torch.from_numpy(np.asarray(image, dtype=np.float32)).to(device)
    probabilities = predict_probabilities(network, tensor, window.size, window.stride, num_classes)
    return probabilities.argmax(0).to(torch.uint8).cpu().numpy()
