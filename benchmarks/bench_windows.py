"""Sliding-window inference against MONAI's.

Both use the same windows one at a time, a uniform mean, and softmax in the predictor. The network
is the paper's, or a 1x1x1 convolution in its place, so that only cutting, softmax and adding take
time. Probabilities are compared first. Label maps are compared with MONAI's followed by argmax.
"""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from benchmarks.common import (
    best_cpu_seconds,
    comparison,
    peak_mebibytes,
    require,
    require_agreement,
    using,
)
from guidednet.inference import Size, WindowConfig, predict_labels, predict_probabilities
from guidednet.networks import UNet3D


class Sizes(NamedTuple):
    """The sizes measured: time at `shape` (D,H,W), and at half of it for a U-Net of `width`.

    Memory is measured at `memory_shape`, where windows are small beside the volume.
    """

    shape: Size
    window: Size
    memory_shape: Size
    memory_window: Size
    width: int
    repeats: int


FULL = Sizes((96, 240, 240), (64, 160, 160), (150, 300, 300), (32, 64, 64), width=16, repeats=3)
QUICK = Sizes((64, 80, 80), (64, 64, 64), (40, 60, 60), (16, 16, 16), width=2, repeats=1)
WANTED = 1.0  # MONAI should take at least our time, and the allowed volumes our memory
CLASSES = 14


class Pointwise(nn.Conv3d):
    """A stand-in for a network, whose logits depend only on the voxel."""

    def __init__(self) -> None:
        super().__init__(1, CLASSES, kernel_size=1)

    def forward(self, image: Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=super().forward(image))


def ours(network: Callable, image: Tensor, window: Size) -> Tensor:
    """Probabilities (K,D,H,W) by guidednet.inference, with a stride of half the window."""
    return predict_probabilities(network, image, window, half(window), CLASSES)


def our_labels(network: Callable, image: Tensor, window: Size) -> Tensor:
    """Label map (D,H,W) by guidednet.inference."""
    return torch.from_numpy(
        predict_labels(network, image.numpy(), WindowConfig(window, half(window)), CLASSES)
    )


@torch.inference_mode()
def monai(network: Callable, image: Tensor, window: Size) -> Tensor:
    """The same probabilities by MONAI."""
    from monai.inferers import sliding_window_inference

    softmax = lambda patch: network(patch).logits.softmax(1)  # noqa: E731
    return sliding_window_inference(
        image[None, None], window, 1, softmax, overlap=0.5, mode="constant"
    )[0]


def monai_labels(network: Callable, image: Tensor, window: Size) -> Tensor:
    """The same labels by MONAI."""
    return monai(network, image, window).argmax(0).to(torch.uint8)


FUNCTIONS = {"ours": ours, "MONAI": monai, "our labels": our_labels, "MONAI's labels": monai_labels}


def half(window: Size) -> Size:
    """Half of each side; for a window, this is the stride of the paper's inference."""
    return tuple(side // 2 for side in window)


def volume(shape: Size) -> Tensor:
    """An image (D,H,W) of noise from a fixed seed."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def pointwise_work(name: str, shape: Size, window: Size) -> Callable[[], Tensor]:
    """The function `name` with a 1x1x1 convolution, after a tiny run that loads the kernels."""
    torch.manual_seed(0)
    network = Pointwise()
    FUNCTIONS[name](network, volume((9, 9, 9)), (8, 8, 8))
    return partial(FUNCTIONS[name], network, volume(shape), window)


def measure(quick: bool = False) -> list[dict[str, Any]]:
    """Time and peak memory, in one thread."""
    require("monai")
    sizes = QUICK if quick else FULL
    with using(threads=1):
        times = time_rows(sizes.shape, sizes.window, sizes.width, sizes.repeats)
    return times + memory_rows(sizes.memory_shape, sizes.memory_window)


def time_rows(shape: Size, window: Size, width: int, repeats: int) -> list[dict[str, Any]]:
    """Processor seconds per volume: U-Net at half size, 1x1x1 convolution, and labels from it."""
    torch.manual_seed(0)
    arguments = (UNet3D(CLASSES, width).eval(), volume(half(shape)), half(window))
    require_agreement(
        "probabilities of this package and of MONAI",
        (ours(*arguments) - monai(*arguments)).abs().max().item(),
        1e-5,
    )
    with_unet = best_cpu_seconds(
        {name: partial(FUNCTIONS[name], *arguments) for name in ("ours", "MONAI")}, repeats
    )
    alone = best_cpu_seconds(
        {name: pointwise_work(name, shape, window) for name in FUNCTIONS}, 2 * repeats
    )
    return [
        time_row("U-Net", half(shape), with_unet["ours"], "MONAI", with_unet["MONAI"]),
        time_row("windows alone", shape, alone["ours"], "MONAI", alone["MONAI"]),
        time_row(
            "labels, windows alone",
            shape,
            alone["our labels"],
            "MONAI, argmax",
            alone["MONAI's labels"],
        ),
    ]


def time_row(what: str, shape: Size, taken: float, other: str, others: float) -> dict[str, Any]:
    """A row of processor seconds at `shape` (D,H,W)."""
    return comparison(
        f"{what}, {'x'.join(map(str, shape))}", "CPU s", taken, other, others, WANTED, threads=1
    )


def memory_rows(shape: Size, window: Size) -> list[dict[str, Any]]:
    """Peak MiB beyond the image, against MONAI's and against the memory allowed.

    Allowed are one score volume, a channel for counts, and what a window takes.
    """
    peaks = {
        name: peak_mebibytes(partial(pointwise_work, name, shape, window)) for name in FUNCTIONS
    }
    channel = volume(shape).nbytes / 2**20
    # The window, its logits and probabilities, and a working copy.
    one_window = volume(window).nbytes / 2**20 * (2 * CLASSES + 2)
    size, allowed = "x".join(map(str, shape)), (CLASSES + 1) * channel + one_window
    held = "one score volume, a channel, a window"
    return [
        comparison(
            f"peak memory, {size}", "MiB", peaks["ours"], "MONAI", peaks["MONAI"], WANTED, threads=1
        ),
        comparison(f"peak memory, {size}", "MiB", peaks["ours"], held, allowed, WANTED, threads=1),
        comparison(
            f"peak memory, labels, {size}",
            "MiB",
            peaks["our labels"],
            held,
            allowed,
            WANTED,
            threads=1,
        ),
    ]
