"""What holds for sliding windows of any size over any volume."""

from types import SimpleNamespace

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from guidednet.inference import (
    WindowConfig,
    predict_labels,
    predict_probabilities,
    windows,
    windows_per_voxel,
)
from helpers.strategies import SIDES


@st.composite
def grids(draw):
    """Shape, window and stride of a sliding-window prediction; a stride is at most the window."""
    window = draw(SIDES)
    stride = tuple(draw(st.integers(1, side)) for side in window)
    return draw(st.tuples(*[st.integers(1, 11)] * 3)), window, stride


@given(grids())
def test_windows_cover_every_voxel_and_stay_within_the_padded_volume(grid):
    shape, window, _ = grid
    padded, count = np.maximum(shape, window), np.zeros(shape)
    for place in windows(*grid):
        assert all(
            0 <= part.start and part.stop <= size for part, size in zip(place, padded, strict=True)
        )
        assert [part.stop - part.start for part in place] == list(window)
        count[place] += 1
    assert count.min() >= 1
    np.testing.assert_array_equal(windows_per_voxel(*grid), count)


@given(grids(), st.lists(st.integers(-5, 5), min_size=2, max_size=4, unique=True))
def test_a_constant_network_gives_a_constant_answer(grid, logits):
    shape, window, stride = grid
    levels = torch.tensor(logits, dtype=torch.float32).view(1, -1, 1, 1, 1)

    def network(image):
        return SimpleNamespace(logits=levels.expand(len(image), -1, *image.shape[2:]))

    image = np.linspace(0, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    probabilities = predict_probabilities(
        network, torch.from_numpy(image), window, stride, len(logits)
    )
    torch.testing.assert_close(probabilities, levels[0].softmax(0).expand(-1, *shape))
    assert (
        predict_labels(network, image, WindowConfig(window, stride), len(logits))
        == np.argmax(logits)
    ).all()
