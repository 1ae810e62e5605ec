"""A discriminator of (map, image) pairs, and a way to use it without training it."""

import math

import torch
from torch import Tensor, nn


class PairDiscriminator(nn.Module):
    """Decides from a map and its image whether the case was labelled (DAN, SASSnet).

    Map (B,M,D,H,W) and image (B,1,D,H,W) each pass through a strided convolution, are added, and
    pass through up to three more; a global mean and a linear layer then give logits (B,2). The
    published `width` is 64. There are four levels, or fewer for crops that would shrink to nothing.
    Dropout follows all levels but the last.
    """

    def __init__(self, map_channels: int, crop: tuple[int, int, int], width: int = 64) -> None:
        super().__init__()
        levels = min(4, int(math.log2(min(crop))))
        self.of_map = nn.Conv3d(map_channels, width, kernel_size=4, stride=2, padding=1)
        self.of_image = nn.Conv3d(1, width, kernel_size=4, stride=2, padding=1)
        layers: list[nn.Module] = []
        for level in range(1, levels):
            layers += [nn.LeakyReLU(0.2), nn.Dropout3d(0.5)]
            layers += [
                nn.Conv3d(
                    width * 2 ** (level - 1), width * 2**level, kernel_size=4, stride=2, padding=1
                )
            ]
        self.deeper = nn.Sequential(
            *layers, nn.LeakyReLU(0.2), nn.AdaptiveAvgPool3d(1), nn.Flatten()
        )
        self.classifier = nn.Linear(width * 2 ** (levels - 1), 2)

    def forward(self, maps: Tensor, image: Tensor) -> Tensor:
        """Logits (B,2): 0 for an unlabelled, 1 for a labelled case."""
        return self.classifier(self.deeper(self.of_map(maps) + self.of_image(image)))


def with_frozen(module: nn.Module, *inputs: Tensor) -> Tensor:
    """Call `module(*inputs)` with a gradient for the inputs but not for the module's parameters."""
    frozen = {
        name: value.detach()
        for name, value in (*module.named_parameters(), *module.named_buffers())
    }
    return torch.func.functional_call(module, frozen, inputs)
