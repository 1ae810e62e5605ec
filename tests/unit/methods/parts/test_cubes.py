"""Volumes are cut into cubes, mixed and put together again."""

import numpy as np
import pytest
import torch

from guidednet.methods.parts.cubes import assemble, cut_into_cubes, draw_permutations, mix, recover


@pytest.mark.parametrize("grid", [(2, 4, 4), (1, 2, 3), (2, 2, 2)])
def test_cubes_are_taken_apart_and_put_together(grid):
    volume = torch.rand(3, 2, 4, 8, 12 if grid[2] == 3 else 8)
    cubes = cut_into_cubes(volume, grid)
    assert torch.equal(assemble(cubes, grid), volume)
    d, h, w = (side // cells for side, cells in zip(volume.shape[2:], grid, strict=True))
    for cell, (i, j, k) in enumerate(np.ndindex(*grid)):
        assert torch.equal(
            cubes[:, cell],
            volume[:, :, i * d : (i + 1) * d, j * h : (j + 1) * h, k * w : (k + 1) * w],
        )
    permutation = draw_permutations(3, cubes.shape[1], volume.device)
    assert all(sorted(column) == [0, 1, 2] for column in permutation.T.tolist())
    mixed = mix(volume, grid, permutation)
    assert torch.equal(recover(mixed, grid, permutation), volume)
    assert torch.equal(cut_into_cubes(mixed, grid)[1, 0], cubes[permutation[1, 0], 0])
