"""Crops cut into a grid of cubes and put together again (MagicNet).

Cells are numbered with the last axis fastest: cell (i, j, k) of a grid (n_d, n_h, n_w) is (i n_h + j) n_w + k.
"""

import torch
from torch import Tensor

Grid = tuple[int, int, int]


def split(volume: Tensor, grid: Grid) -> Tensor:
    """Cubes (B, cells, C, d, h, w) of `volume` (B,C,D,H,W), in the order of the cells."""
    b, c, *size = volume.shape
    d, h, w = (side // cells for side, cells in zip(size, grid, strict=True))
    blocks = volume.reshape(b, c, grid[0], d, grid[1], h, grid[2], w)
    return blocks.permute(0, 2, 4, 6, 1, 3, 5, 7).reshape(b, -1, c, d, h, w)


def assemble(cubes: Tensor, grid: Grid) -> Tensor:
    """The volume (B,C,D,H,W) of cubes (B, cells, C, d, h, w): what `split` took apart."""
    b, _, c, d, h, w = cubes.shape
    blocks = cubes.reshape(b, *grid, c, d, h, w).permute(0, 4, 1, 5, 2, 6, 3, 7)
    return blocks.reshape(b, c, grid[0] * d, grid[1] * h, grid[2] * w)


def draw_permutations(images: int, cells: int, device: torch.device) -> Tensor:
    """For every cell a permutation of the images, (images, cells)."""
    return torch.rand(images, cells, device=device).argsort(0)


def mix(volume: Tensor, grid: Grid, permutation: Tensor) -> Tensor:
    """Volumes whose cell g comes from image permutation[., g] at the same place."""
    cubes = split(volume, grid)
    return assemble(cubes[permutation, torch.arange(permutation.shape[1], device=volume.device)], grid)


def recover(volume: Tensor, grid: Grid, permutation: Tensor, rows: Tensor | slice = slice(None)) -> Tensor:
    """What `mix` with the same permutation was made from, or those `rows` of it."""
    return mix(volume, grid, permutation.argsort(0)[rows])
