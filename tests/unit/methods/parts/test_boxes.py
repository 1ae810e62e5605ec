"""Boxes: their size and place, and what CutMix pastes."""

import pytest
import torch

from guidednet.methods.parts.boxes import cut_mix, random_box

CPU = torch.device("cpu")


@pytest.mark.parametrize("side", [0.0, 0.5, 2 / 3, 1.0])
def test_a_box_has_the_sides_asked_for_and_reaches_every_place(side):
    torch.manual_seed(0)
    size, places = (4, 6, 9), set()
    for _ in range(200):
        box = random_box(size, side, CPU)
        extent = [int(box.any(dim=others).sum()) for others in ((1, 2), (0, 2), (0, 1))]
        assert extent == [max(1, round(length * side)) for length in size]
        assert box.sum() == torch.tensor(extent).prod()
        places.add(tuple(box.nonzero()[0].tolist()))
    assert len({place[2] for place in places}) == size[2] - extent[2] + 1


def test_cut_mix_pastes_image_and_label_of_the_next_row_alike():
    torch.manual_seed(0)
    label = torch.arange(3).view(3, 1, 1, 1).expand(3, 8, 8, 8)
    image, mixed = cut_mix(label[:, None].float(), label)
    assert torch.equal(image[:, 0].long(), mixed)
    pasted = mixed != label
    assert 0.02 < pasted[0].float().mean() < 0.45 and torch.equal(pasted[0], pasted[1])
    assert all((mixed[row][pasted[row]] == (row + 1) % 3).all() for row in range(3))
