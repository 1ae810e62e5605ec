"""The 3D U-Net that every method shares.

It is the released code's `unet_3D`, rewritten from its layer table. Axis letters: b image, k class,
c feature channel, d h w voxel.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint


@dataclass(frozen=True)
class NetworkConfig:
    """Size of the U-Net.

    The paper's network has `width` 16 and `depth` 5 (16, 32, 64, 128, 256 channels). `dropout` is
    the share of features that training sets to 0, after the centre and before the classifier.
    """

    width: int = 16
    depth: int = 5
    dropout: float = 0.3


@dataclass(frozen=True)
class NetworkOutput:
    """The output of one forward pass of UNet3D.

    `logits` is (B,K,D,H,W). `decoder` holds the decoder's maps from deep to shallow (the paper's
    Layers 1 to 4 at depth 5), each at its own resolution; the last one is after dropout and feeds
    the classifier.
    """

    logits: Tensor
    decoder: tuple[Tensor, ...]

    @property
    def features(self) -> Tensor:
        """Layer 4 (B,C,D,H,W): the full-resolution map that feeds the classifier."""
        return self.decoder[-1]


HALF = (torch.float16, torch.bfloat16)


class InstanceNorm(nn.InstanceNorm3d):
    """Instance normalisation without parameters or running statistics.

    On a CPU it is group normalisation with one channel per group, which computes the same but keeps
    the channels-last layout. In half precision, copies with the channels apart take a third of the
    time of a channels-last backward pass.
    """

    def forward(self, image: Tensor) -> Tensor:
        """Normalise each channel of `image` (B,C,D,H,W) to mean 0 and variance 1."""
        if image.device.type != "cpu":
            return super().forward(image)
        if image.dtype not in HALF:
            return functional.group_norm(image, image.shape[1], eps=self.eps)
        normalised = functional.group_norm(image.contiguous(), image.shape[1], eps=self.eps)
        return normalised.contiguous(memory_format=torch.channels_last_3d)


class DoubleConvolution(nn.Sequential):
    """[3x3x3 convolution, instance normalisation without parameters, ReLU] twice."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        layers: list[nn.Module] = []
        for channels in (channels_in, channels_out):
            # In place: the backward pass of ReLU needs only its output, and one map less per layer
            # saves a quarter of all memory.
            layers += [
                nn.Conv3d(channels, channels_out, kernel_size=3, padding=1),
                InstanceNorm(channels_out),
                nn.ReLU(inplace=True),
            ]
        super().__init__(*layers)


NEVER = -1e4  # a logit whose softmax is exactly 0, and finite as a logarithm


class UNet3D(nn.Module):
    """3D U-Net with instance normalisation; 5,884,254 parameters at 14 classes, width 16, depth 5.

    Input is (B,1,D,H,W) with D, H, W divisible by 2^(depth-1); output is NetworkOutput. There are
    no running statistics: training and evaluation differ only in dropout (after the centre and
    before the classifier). The buffer `absent` (K,) marks classes of which no labelled case has a
    voxel: their probability is 0, so that they take part in no loss. With `parts` > 1 the rows of
    an image pass through encoder and decoder in so many parts, for less memory (see `in_parts`).
    """

    def __init__(
        self, num_classes: int, width: int = 16, depth: int = 5, dropout: float = 0.3
    ) -> None:
        super().__init__()
        channels = [width * 2**level for level in range(depth)]
        self.divisor, self.parts = 2 ** (depth - 1), 1
        self.encoder = nn.ModuleList(
            DoubleConvolution(i, o) for i, o in zip([1, *channels[:-1]], channels, strict=True)
        )
        pairs = list(zip(channels[:-1], channels[1:], strict=True))[::-1]
        self.decoder = nn.ModuleList(DoubleConvolution(skip + below, skip) for skip, below in pairs)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Conv3d(width, num_classes, kernel_size=1)
        self.register_buffer("absent", torch.zeros(num_classes, dtype=torch.bool))

    def encode(self, image: Tensor) -> list[Tensor]:
        """The encoder's maps of `image` (B,1,D,H,W), from full resolution to the centre.

        Dropout is applied to the centre. Raises ValueError if a side is not divisible by
        `self.divisor`.
        """
        if any(side % self.divisor for side in image.shape[2:]):
            raise ValueError(
                f"image sides {tuple(image.shape[2:])} must be divisible by {self.divisor}"
            )
        *maps, centre = in_parts(self._encode, self.parts, image)
        return [*maps, self.dropout(centre)]

    def _encode(self, image: Tensor) -> list[Tensor]:
        maps = [self.encoder[0](image)]
        for block in self.encoder[1:]:
            maps.append(block(functional.max_pool3d(maps[-1], 2)))
        return maps

    def decode(self, encoded: list[Tensor]) -> tuple[Tensor, ...]:
        """The decoder's maps from deep to shallow, the last one after dropout.

        `encoded` is the output of `encode`.
        """
        *maps, last = in_parts(self._decode, self.parts, *encoded)
        return (*maps, self.dropout(last))

    def _decode(self, *encoded: Tensor) -> list[Tensor]:
        *skips, current = encoded
        maps = []
        for block, skip in zip(self.decoder, reversed(skips), strict=True):
            upsampled = functional.interpolate(
                current, scale_factor=2, mode="trilinear", align_corners=False
            )
            current = block(torch.cat([skip, upsampled], dim=1))
            maps.append(current)
        return maps

    def forward(self, image: Tensor) -> NetworkOutput:
        """Segment `image` (B,1,D,H,W)."""
        maps = self.decode(self.encode(image))
        return NetworkOutput(self.classify(maps[-1]), maps)

    def classify(self, features: Tensor) -> Tensor:
        """Logits (B,K,D,H,W) of Layer 4's `features`; classes in `absent` are never predicted.

        Even under autocast, everything computed from logits is computed in at least float32.
        """
        logits = self.classifier(features)
        half = logits.dtype in HALF
        masked = self.absent.view(1, -1, 1, 1, 1)
        return (logits.float() if half else logits).masked_fill(masked, NEVER)


def in_parts(stage: Callable[..., list[Tensor]], parts: int, *maps: Tensor) -> Iterable[Tensor]:
    """The maps (B,...) that `stage` makes of `maps` (B,...), with the rows in `parts` parts.

    Rows do not depend on each other in a stage without random draws, so that the result is the same
    but for rounding. Only a part's input and output are kept; the backward pass computes the part
    again. It takes the activations of one part at a time instead of all rows', for a second forward
    pass.
    """
    if parts == 1:
        return stage(*maps)
    done = [
        checkpoint(stage, *part, use_reentrant=False, preserve_rng_state=False)
        for part in zip(*(rows.chunk(parts) for rows in maps), strict=True)
    ]
    return [torch.cat(rows) for rows in zip(*done, strict=True)]


Initialisation = Literal["kaiming", "xavier"]
INITIALISERS = {"kaiming": nn.init.kaiming_normal_, "xavier": nn.init.xavier_normal_}


def build_network(
    config: NetworkConfig, num_classes: int, initialisation: str, seed: int
) -> UNet3D:
    """A freshly initialised UNet3D that depends only on its arguments.

    `initialisation` is "kaiming" (network A and every single network) or "xavier" (network B),
    applied to all convolution weights. The global random state is left unchanged.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = UNet3D(num_classes, config.width, config.depth, config.dropout)
        for module in network.modules():
            if isinstance(module, nn.Conv3d):
                INITIALISERS[initialisation](module.weight)
    return network
