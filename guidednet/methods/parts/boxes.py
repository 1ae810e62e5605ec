"""Boxes that are pasted from one crop into another (BCP, CutMix)."""

import torch
from torch import Tensor

from guidednet.processes.distributed import of_first_rank, own_places, rows_of_all


def random_box(size: torch.Size, side: float | Tensor, device: torch.device) -> Tensor:
    """Whether each voxel of a crop (D,H,W) lies in a randomly placed box; boolean (D,H,W).

    The box takes `side` (0 to 1) of each side of the crop. All processes get the same box.
    """
    inside = torch.ones((), dtype=torch.bool, device=device)
    for length, draw in zip(size, of_first_rank(torch.rand(3, device=device)), strict=True):
        extent = torch.as_tensor(length * side, device=device).round().clamp(1, length)
        start = (draw * (length - extent + 1)).floor()
        place = torch.arange(length, device=device)
        inside = inside.unsqueeze(-1) & (place >= start) & (place < start + extent)
    return inside


def cut_mix(
    image: Tensor, label: Tensor, smallest: float = 0.02, largest: float = 0.4
) -> tuple[Tensor, Tensor]:
    """CutMix (Yun et al., 2019): images and labels with a box of the next row pasted in.

    The box takes a share of the volume that is uniform from `smallest` to `largest`. `image`
    (B,1,D,H,W) and integer `label` (B,D,H,W) are this process's unlabelled rows; the next row is
    that of the whole batch, of the last row the first.
    """
    draw = of_first_rank(torch.rand(1, device=image.device))[0]
    share = smallest + (largest - smallest) * draw
    box = random_box(image.shape[2:], share ** (1 / 3), image.device)
    places, total = own_places(0, len(image))
    image, label = (
        torch.where(box, rows_of_all(rows, places, total).roll(-1, 0)[places], rows)
        for rows in (image, label)
    )
    return image, label
