"""Sup only with stronger augmentation: what more effort gets out of the labelled cases alone.

It is not in the paper. Readers of the field ask for it, because weak baselines explain many claimed
gains. Random rotation, scaling and shift, contrast, gamma and noise have the usual sizes of
nnU-Net's augmentation.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from guidednet.data.sampling import Batch
from guidednet.losses import supervised_loss
from guidednet.methods.base import SingleNetworkMethod
from guidednet.processes.distributed import of_first_rank


@dataclass(frozen=True)
class SupervisedAugmentedConfig:
    """The largest changes that the augmentation makes.

    `rotation` is in degrees, `scaling` and `shift` are shares of the crop, `contrast` and `gamma`
    are shares, and `noise` is an sd.
    """

    rotation: float = 15.0
    scaling: float = 0.15
    shift: float = 0.05
    contrast: float = 0.25
    gamma: float = 0.3
    noise: float = 0.05


class SupervisedAugmented(SingleNetworkMethod):
    """L_sup on augmented labelled crops."""

    label = "Sup only, strong augmentation"
    Config = SupervisedAugmentedConfig
    uses_unlabelled = False

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The supervised term on freshly augmented labelled rows."""
        image, label = augmented(batch.image[: len(batch.label)], batch.label, self.options)
        return {"supervised": supervised_loss(self.network(image).logits, label)}


def augmented(
    image: Tensor, label: Tensor, options: SupervisedAugmentedConfig
) -> tuple[Tensor, Tensor]:
    """`image` (B,1,D,H,W) and its integer `label` (B,D,H,W) under the same random changes."""
    grid = random_grid(image.shape, options, image.device).to(image.dtype)
    moved = functional.grid_sample(
        image, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    moved_label = functional.grid_sample(
        label[:, None].to(grid.dtype), grid, mode="nearest", align_corners=False
    )
    return random_intensity(moved, options), moved_label[:, 0].long()


def random_grid(
    shape: torch.Size, options: SupervisedAugmentedConfig, device: torch.device
) -> Tensor:
    """A random sampling grid (B,D,H,W,3), drawn for each row.

    It rotates about all axes, scales and shifts. Outside the crop the caller repeats the image's
    border and fills the label map with background.
    """
    rows = shape[0]
    angles = torch.deg2rad((2 * torch.rand(rows, 3, device=device) - 1) * options.rotation)
    scale = 1 + (2 * torch.rand(rows, 1, 1, device=device) - 1) * options.scaling
    shift = (2 * torch.rand(rows, 3, 1, device=device) - 1) * 2 * options.shift
    # in the order W, H, D, to rotate in voxels and not in the unit cube
    sides = torch.tensor(shape[:1:-1], dtype=angles.dtype, device=device)
    matrix = rotation_matrices(angles) * scale * (sides[None, None, :] / sides[None, :, None])
    return functional.affine_grid(
        torch.cat([matrix, shift], dim=2), list(shape), align_corners=False
    )


def rotation_matrices(angles: Tensor) -> Tensor:
    """Products (B,3,3) of the rotations about x, y and z by `angles` (B,3) in radians."""
    product = torch.eye(3, device=angles.device).expand(len(angles), 3, 3)
    for axis, (first, second) in enumerate(((1, 2), (2, 0), (0, 1))):
        turn = torch.eye(3, device=angles.device).repeat(len(angles), 1, 1)
        cos, sin = angles[:, axis].cos(), angles[:, axis].sin()
        turn[:, first, first], turn[:, first, second] = cos, -sin
        turn[:, second, first], turn[:, second, second] = sin, cos
        product = product @ turn
    return product


def random_intensity(image: Tensor, options: SupervisedAugmentedConfig) -> Tensor:
    """`image` (B,1,D,H,W) in [0, 1] with random contrast about its mean, gamma and noise.

    Contrast and gamma are drawn for each row; the result is clamped to [0, 1].
    """

    def factor(spread: float) -> Tensor:
        return 1 + (2 * torch.rand(len(image), 1, 1, 1, 1, device=image.device) - 1) * spread

    mean = image.mean(dim=(2, 3, 4), keepdim=True)
    contrasted = ((image - mean) * factor(options.contrast) + mean).clamp(0, 1)
    brightened = contrasted ** factor(options.gamma)
    # one noise level for the whole batch, on all processes
    level = options.noise * of_first_rank(torch.rand(1, device=image.device))
    return (brightened + level * torch.randn_like(image)).clamp(0, 1)
