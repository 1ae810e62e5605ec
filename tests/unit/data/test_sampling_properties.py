"""What holds for batches of any size from any cases."""

import itertools

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from guidednet.data.sampling import BatchConfig, BatchDataset, random_crop, stream_case
from helpers.strategies import SEEDS, SIDES, VOLUMES


class NumberedStore:
    """Volumes in which every voxel of every case has a number of its own; asking for the label of
    an unlabelled case fails.
    """

    def __init__(self, shape):
        self.shape = shape

    def image(self, case):
        return np.arange(np.prod(self.shape), dtype=np.float32).reshape(self.shape) + 1000 * int(
            case[1:]
        )

    def label(self, case):
        assert case.startswith("l"), "the label of an unlabelled case was opened"
        return (self.image(case) % 7).astype(np.uint8)


@st.composite
def datasets(draw):
    """The arguments of a BatchDataset over a few cases, of any size of volume, crop and batch."""
    labelled, unlabelled = (
        [f"{kind}{number}" for number in range(draw(st.integers(1, 5)))] for kind in "lu"
    )
    config = BatchConfig(
        draw(st.integers(1, 4)),
        draw(st.integers(1, 4)),
        draw(SIDES),
        tuple(draw(st.sets(st.integers(0, 2)))),
    )
    return NumberedStore(draw(VOLUMES)), labelled, unlabelled, config, draw(SEEDS)


@given(st.integers(1, 12), SEEDS, st.integers(0, 1), st.integers(0, 1000))
def test_every_epoch_is_a_permutation(number, seed, stream, epoch):
    cases = [str(case) for case in range(number)]
    seen = [stream_case(cases, seed, stream, number * epoch + place) for place in range(number)]
    assert sorted(seen) == sorted(cases)


@given(datasets(), st.integers(0, 1000), SEEDS)
def test_a_batch_depends_on_seed_and_step_alone(arguments, step, noise):
    expected = BatchDataset(*arguments)[step]
    np.random.seed(noise)
    torch.manual_seed(noise)
    dataset = BatchDataset(*arguments)
    assert torch.equal(dataset[step + 1].image, BatchDataset(*arguments)[step + 1].image)
    again = dataset[step]
    assert torch.equal(again.image, expected.image) and torch.equal(again.label, expected.label)


@given(datasets(), st.integers(0, 100), st.data())
def test_what_processes_see_together_is_what_one_sees(arguments, step, data):
    whole, config = BatchDataset(*arguments)[step], arguments[3]
    processes = data.draw(st.integers(1, min(config.labelled, config.unlabelled)))
    for rank in range(processes):
        part = BatchDataset(*arguments, rank=rank, world_size=processes)[step]
        own = [
            *range(rank, config.labelled, processes),
            *range(config.labelled + rank, len(whole.image), processes),
        ]
        assert torch.equal(part.image, whole.image[own]) and torch.equal(
            part.label, whole.label[rank::processes]
        )


@given(datasets(), st.integers(0, 100))
def test_labels_are_those_of_the_labelled_rows_and_of_no_other(arguments, step):
    config, batch = arguments[3], BatchDataset(*arguments)[step]
    assert batch.image.shape == (config.labelled + config.unlabelled, 1, *config.crop)
    assert batch.label.shape == (config.labelled, *config.crop)
    counted = batch.label > 0  # padding is background
    assert torch.equal(
        batch.label[counted], (batch.image[: config.labelled, 0] % 7).to(torch.uint8)[counted]
    )


@given(VOLUMES, SIDES, st.sets(st.integers(0, 2)), SEEDS)
def test_a_crop_lies_within_the_volume_and_beyond_it_is_air(shape, crop, flip_axes, seed):
    air = np.float32(-1)
    image = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    image[-1, -1, -1] = air
    found, label = random_crop(
        image,
        np.ones(shape),
        BatchConfig(crop=crop, flip_axes=tuple(flip_axes)),
        np.random.default_rng(seed),
    )
    assert found.shape == label.shape == crop
    places = itertools.product(
        *(range(max(size - side, 0) + 1) for size, side in zip(shape, crop, strict=True))
    )
    flips = [
        axes for number in range(4) for axes in itertools.combinations(sorted(flip_axes), number)
    ]
    candidates = []
    for corner in places:
        window = image[
            tuple(slice(start, start + side) for start, side in zip(corner, crop, strict=True))
        ]
        missing = [(0, side - size) for side, size in zip(crop, window.shape, strict=True)]
        padded, inside = (
            np.pad(window, missing, constant_values=air),
            np.pad(np.ones(window.shape), missing),
        )
        candidates += [(np.flip(padded, axes), np.flip(inside, axes)) for axes in flips]
    assert any(
        np.array_equal(found, image_crop) and np.array_equal(label, label_crop)
        for image_crop, label_crop in candidates
    )
