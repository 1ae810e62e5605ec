"""Sliding windows cover everything, and average the softmax."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torchio
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from guidednet.inference import (
    WindowConfig,
    predict_labels,
    predict_probabilities,
    room_for_scores,
    window_starts,
)
from guidednet.networks import UNet3D


def voxelwise(image):
    """Two classes; logits linear in the voxel's own intensity."""
    return SimpleNamespace(logits=torch.cat([image, 2 * image - 0.5], dim=1))


def contextual(image):
    """Logits that depend on the window, as a network's do."""
    mean = image.mean((1, 2, 3, 4), keepdim=True)
    return SimpleNamespace(logits=torch.cat([image, mean * 3 + image**2], dim=1))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((10, 4, 2), [0, 2, 4, 6]),
        ((9, 4, 3), [0, 3, 5]),
        ((4, 4, 2), [0]),
        ((3, 4, 2), [0]),
        ((5, 4, 2), [0, 1]),
    ],
)
def test_last_window_is_moved_back(sizes, expected):
    assert window_starts(*sizes) == expected


def test_voxelwise_network_gives_the_softmax_of_the_volume():
    image = torch.rand(9, 10, 11)
    found = predict_probabilities(voxelwise, image, (4, 5, 6), (2, 3, 4), 2)
    torch.testing.assert_close(found, voxelwise(image[None, None]).logits[0].softmax(0))


def test_windows_and_averages_are_those_of_torchio():
    image = torch.rand(11, 12, 13)
    found = predict_probabilities(contextual, image, (8, 8, 8), (4, 4, 6), 2)
    sampler = torchio.GridSampler(
        torchio.Subject(image=torchio.ScalarImage(tensor=image[None])), (8, 8, 8), (4, 4, 2)
    )
    aggregator = torchio.GridAggregator(sampler, overlap_mode="average")
    for patch in sampler:
        logits = contextual(patch["image"].data[None]).logits
        aggregator.add_batch(logits.softmax(1), patch[torchio.LOCATION][None])
    torch.testing.assert_close(found, aggregator.get_output_tensor().float(), atol=1e-5, rtol=0)


def test_small_volume_is_padded_with_air_and_cut_back():
    seen = []

    def network(image):
        seen.append(image)
        return voxelwise(image)

    image = torch.rand(3, 10, 4) + 1
    found = predict_probabilities(network, image, (8, 8, 8), (4, 4, 4), 2)
    assert found.shape == (2, 3, 10, 4) and all(window.shape[1:] == (1, 8, 8, 8) for window in seen)
    assert min(window.min() for window in seen) == image.min()


def direct_loop(network, image, window, stride):
    """Probabilities (K,D,H,W) in float64: every window that fits on the grid or ends with the
    volume, one after the other.
    """
    padded = np.full(np.maximum(image.shape, window), image.min(), np.float32)
    padded[tuple(map(slice, image.shape))] = image
    axes = zip(padded.shape, window, stride, strict=True)
    starts = [sorted({*range(0, size - side + 1, step), size - side}) for size, side, step in axes]
    total, count = 0, np.zeros(padded.shape)
    for corner in itertools.product(*starts):
        place = tuple(
            slice(start, start + side) for start, side in zip(corner, window, strict=True)
        )
        probabilities = network(torch.from_numpy(padded[place])[None, None]).logits[0].softmax(0)
        one = np.zeros((len(probabilities), *padded.shape))
        one[(slice(None), *place)] = probabilities
        total, count[place] = total + one, count[place] + 1
    return (total / count)[(slice(None), *map(slice, image.shape))]


@pytest.mark.parametrize(
    "shape", [(16, 16, 16), (17, 23, 13), (8, 9, 8), (5, 21, 3), (1, 1, 1)], ids=str
)
@pytest.mark.parametrize("stride", [(4, 4, 4), (3, 5, 8)], ids=str)
def test_probabilities_and_labels_are_those_of_a_direct_loop(shape, stride):
    torch.manual_seed(0)
    network = UNet3D(3, width=2, depth=2).eval()
    image = np.random.default_rng(0).random(shape, dtype=np.float32)
    with torch.inference_mode():
        expected = direct_loop(network, image, (8, 8, 8), stride)
    found = predict_probabilities(network, torch.from_numpy(image), (8, 8, 8), stride, 3)
    assert found.shape == (3, *shape) and np.abs(found.numpy() - expected).max() < 1e-5
    labels = predict_labels(network, image, WindowConfig((8, 8, 8), stride), 3)
    assert (
        np.take_along_axis(expected, labels[None].astype(int), 0)[0] >= expected.max(0) - 1e-5
    ).all()


class Allocations(TorchDispatchMode):
    """Bytes of every block of memory that an operation returned, by address."""

    def __init__(self):
        super().__init__()
        self.bytes = {}

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        result = function(*arguments, **(options or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self.bytes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return result


@pytest.mark.parametrize("shape", [(40, 32, 32), (41, 35, 6)], ids=str)
def test_one_score_volume_is_all_that_is_held(shape):
    image, voxels, classes = torch.rand(shape), np.prod(shape), 9

    def network(image):
        return SimpleNamespace(logits=image.expand(-1, classes, -1, -1, -1))

    for predict in (
        lambda: predict_probabilities(network, image, (8, 8, 8), (8, 8, 8), classes),
        lambda: predict_labels(network, image.numpy(), WindowConfig((8, 8, 8), (8, 8, 8)), classes),
    ):
        with Allocations() as allocations:
            predict()
        large = sorted(size for size in allocations.bytes.values() if size > 4 * voxels)
        assert large == [4 * classes * voxels]


def test_scores_go_to_the_cpu_where_they_would_fill_the_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1000, 2000))
    gpu = torch.device("cuda", 1)
    assert room_for_scores(500, gpu) == gpu and room_for_scores(501, gpu) == torch.device("cpu")
    assert room_for_scores(10**15, torch.device("cpu")) == torch.device("cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_scores_on_the_cpu_are_those_of_the_gpu():
    image = torch.rand(9, 10, 11, device="cuda")
    devices = (None, torch.device("cpu"))
    there, here = (
        predict_probabilities(contextual, image, (8, 8, 8), (4, 4, 4), 2, scores_on)
        for scores_on in devices
    )
    assert there.device.type == "cuda" and here.device.type == "cpu"
    torch.testing.assert_close(here, there.cpu())


def test_labels_are_the_most_probable_class():
    image = np.random.default_rng(0).random((9, 9, 9))
    labels = predict_labels(voxelwise, image, WindowConfig((8, 8, 8), (4, 4, 4)), 2)
    assert labels.dtype == np.uint8 and np.array_equal(labels, image > 0.5)
