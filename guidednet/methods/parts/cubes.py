"""Cut crops into a grid of cubes, reassemble them, and predict where a cube lay (MagicNet).

Cells are numbered with the last axis fastest: cell (i, j, k) of a grid (n_d, n_h, n_w) is
(i n_h + j) n_w + k.
"""

import torch
from torch import Tensor, nn

from guidednet.processes.distributed import is_distributed, sum_over_ranks

Grid = tuple[int, int, int]


def cut_into_cubes(volume: Tensor, grid: Grid) -> Tensor:
    """Cut `volume` (B,C,D,H,W) into cubes (B, cells, C, d, h, w), in the order of the cells."""
    b, c, *size = volume.shape
    d, h, w = (side // cells for side, cells in zip(size, grid, strict=True))
    blocks = volume.reshape(b, c, grid[0], d, grid[1], h, grid[2], w)
    return blocks.permute(0, 2, 4, 6, 1, 3, 5, 7).reshape(b, -1, c, d, h, w)


def assemble(cubes: Tensor, grid: Grid) -> Tensor:
    """The volume (B,C,D,H,W) of cubes (B, cells, C, d, h, w): the inverse of `cut_into_cubes`."""
    b, _, c, d, h, w = cubes.shape
    blocks = cubes.reshape(b, *grid, c, d, h, w).permute(0, 4, 1, 5, 2, 6, 3, 7)
    return blocks.reshape(b, c, grid[0] * d, grid[1] * h, grid[2] * w)


def draw_permutations(images: int, cells: int, device: torch.device) -> Tensor:
    """A random permutation of the images for every cell, (images, cells)."""
    return torch.rand(images, cells, device=device).argsort(0)


def mix(volume: Tensor, grid: Grid, permutation: Tensor) -> Tensor:
    """Volumes whose cell g comes from image permutation[., g] at the same place."""
    cubes = cut_into_cubes(volume, grid)
    return assemble(
        cubes[permutation, torch.arange(permutation.shape[1], device=volume.device)], grid
    )


def recover(
    volume: Tensor, grid: Grid, permutation: Tensor, rows: Tensor | slice = slice(None)
) -> Tensor:
    """Undo `mix` with the same permutation, for all rows or for `rows` only."""
    return mix(volume, grid, permutation.argsort(0)[rows])


class BatchNormOverRanks(nn.BatchNorm1d):
    """Batch normalisation with the mean and variance of the rows of all processes.

    torch's SyncBatchNorm works on GPUs only.
    """

    def forward(self, rows: Tensor) -> Tensor:
        """Normalise `rows` (N,C).

        As in torch, the variance is that of the batch, and its running average that of the
        population.
        """
        if not (self.training and is_distributed()):
            return super().forward(rows)
        count = sum_over_ranks(rows.new_tensor(len(rows)))
        mean = sum_over_ranks(rows.sum(0)) / count
        centred = rows - mean
        variance = sum_over_ranks(centred.square().sum(0)) / count
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        return centred * (variance + self.eps).rsqrt() * self.weight + self.bias


class CubeLocator(nn.Module):
    """Predicts from a cube's centre features at which of `places` in the crop it lay (MagicNet)."""

    def __init__(self, features: int, hidden: int, places: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(features, hidden),
            BatchNormOverRanks(hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, places),
        )

    def forward(self, centre: Tensor) -> Tensor:
        """Logits (N, places) of centre features (N,C,d,h,w)."""
        return self.layers(centre)
