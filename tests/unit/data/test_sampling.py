"""Batches: labelled first, reproducible from (seed, step), every case seen equally often, no hidden
label opened.
"""

import warnings
from collections import Counter

import numpy as np
import pytest
import torch

from guidednet.data.case_store import mapped
from guidednet.data.sampling import (
    LABELLED,
    UNLABELLED,
    BatchConfig,
    BatchDataset,
    batch_loader,
    random_crop,
    stream_case,
)
from guidednet.errors import InputError
from guidednet.support.files import write_array

CONFIG = BatchConfig(labelled=2, unlabelled=3, crop=(4, 4, 4))


class MemoryStore:
    """Volumes whose voxels name their case; asking for the label of an unlabelled case fails."""

    def __init__(self, shape=(6, 7, 8)):
        self.shape = shape

    def image(self, case):
        return np.full(self.shape, int(case[1:]), np.float16)

    def label(self, case):
        assert case.startswith("l"), "the label of an unlabelled case was opened"
        return np.full(self.shape, int(case[1:]), np.uint8)


@pytest.fixture
def dataset():
    labelled, unlabelled = [f"l{i}" for i in range(5)], [f"u{i}" for i in range(100, 107)]
    return BatchDataset(MemoryStore(), labelled, unlabelled, CONFIG, seed=3)


def test_labelled_rows_come_first_and_only_they_have_labels(dataset):
    batch = dataset[0]
    assert batch.image.shape == (5, 1, 4, 4, 4) and batch.image.dtype == torch.float32
    assert batch.label.shape == (2, 4, 4, 4)
    assert (batch.image[:2] < 100).all() and (batch.image[2:] >= 100).all()
    assert torch.equal(batch.image[:2, 0], batch.label.float())


def test_supervised_batches_have_no_unlabelled_rows():
    dataset = BatchDataset(MemoryStore(), ["l0", "l1"], [], CONFIG, seed=0)
    assert dataset[0].image.shape[0] == 2


def test_batch_depends_on_seed_and_step_alone(dataset):
    expected = dataset[7].image
    np.random.seed(0)
    torch.manual_seed(0)
    assert torch.equal(dataset[7].image, expected)
    assert torch.equal(next(iter(batch_loader(dataset, 7, 8))).image, expected)
    assert torch.equal(next(iter(batch_loader(dataset, 7, 9, workers=1))).image, expected)


def test_stream_is_a_sequence_of_fresh_permutations():
    cases = list("abcde")
    seen = [stream_case(cases, 0, LABELLED, position) for position in range(50)]
    rounds = [seen[start : start + 5] for start in range(0, 50, 5)]
    assert all(sorted(one) == cases for one in rounds)
    assert len({tuple(one) for one in rounds}) > 5
    assert set(Counter(seen).values()) == {10}


def test_batches_take_the_rows_of_a_stream_one_after_the_other(dataset):
    """Ten batches of two labelled and three unlabelled rows: the first 20 and 30 places of the two
    streams.
    """
    seen = torch.stack([dataset[step].image[:, 0, 0, 0, 0] for step in range(10)]).int()
    for stream, rows in ((LABELLED, seen[:, :2]), (UNLABELLED, seen[:, 2:])):
        cases = dataset.streams[stream][0]
        assert rows.flatten().tolist() == [
            int(stream_case(cases, 3, stream, place)[1:]) for place in range(rows.numel())
        ]


def test_streams_and_seeds_differ():
    cases = [str(i) for i in range(50)]
    orders = {
        tuple(stream_case(cases, seed, stream, place) for place in range(50))
        for seed in (0, 1)
        for stream in (0, 1)
    }
    assert len(orders) == 4


def test_processes_share_the_batch_of_one(dataset):
    whole = dataset[4]
    parts = [
        BatchDataset(
            dataset.store,
            dataset.streams[0][0],
            dataset.streams[1][0],
            CONFIG,
            3,
            rank=rank,
            world_size=2,
        )[4]
        for rank in range(2)
    ]
    assert torch.equal(parts[0].image[0], whole.image[0]) and torch.equal(
        parts[1].image[0], whole.image[1]
    )
    rows = torch.cat([part.image for part in parts])
    assert sorted(rows[:, 0, 0, 0, 0].tolist()) == sorted(whole.image[:, 0, 0, 0, 0].tolist())


def test_crop_reaches_both_ends_and_the_identity():
    image = np.arange(6 * 4 * 4, dtype=np.float32).reshape(6, 4, 4)
    crops = [random_crop(image, None, CONFIG, np.random.default_rng(i))[0] for i in range(200)]
    unflipped = [
        crop[0, 0, 0] // 16
        for crop in crops
        if (np.diff(crop, axis=2) == 1).all() and (np.diff(crop, axis=0) == 16).all()
    ]
    assert set(unflipped) == {0, 1, 2}
    assert any(np.array_equal(crop, image[:4]) for crop in crops)
    assert any(np.array_equal(crop, image[2:][:, ::-1, ::-1]) for crop in crops)


def test_flips_are_in_plane_and_all_are_reached():
    """Each of the array axes 1 and 2, with p = 1/2; never head to foot."""
    image = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)
    config = BatchConfig(crop=image.shape)
    crops = [random_crop(image, None, config, np.random.default_rng(i))[0] for i in range(100)]
    flips = [(), (1,), (2,), (1, 2)]
    found = [axes for crop in crops for axes in flips if np.array_equal(crop, np.flip(image, axes))]
    assert len(found) == len(crops) and set(found) == set(flips)


def test_image_and_label_are_cropped_alike():
    volume = np.random.default_rng(0).integers(0, 200, (9, 9, 9)).astype(np.uint8)
    image, label = random_crop(volume, volume, CONFIG, np.random.default_rng(5))
    assert np.array_equal(image, label)


def test_small_volume_is_padded_with_air_and_background():
    image, label = random_crop(
        np.full((2, 4, 4), 0.25),
        np.ones((2, 4, 4)),
        BatchConfig(crop=(4, 4, 4), flip_axes=()),
        np.random.default_rng(0),
    )
    assert image.shape == (4, 4, 4) and (image == 0.25).all()
    assert (label[:2] == 1).all() and (label[2:] == 0).all()
    image = np.full((2, 8, 4), 0.25)
    image[0, 0, 0] = 0.0  # the air is not in every crop
    crops = [
        random_crop(
            image, None, BatchConfig(crop=(4, 4, 4), flip_axes=()), np.random.default_rng(seed)
        )[0]
        for seed in range(9)
    ]
    assert all((crop[2:] == 0).all() for crop in crops) and any(
        (crop[:2] == 0.25).all() for crop in crops
    )


@pytest.mark.parametrize("shape", [(6, 7, 8), (4, 4, 4), (3, 5, 2)], ids=str)
def test_batch_holds_exactly_the_stored_voxels(shape, tmp_path):
    class FileStore:
        """Float16 images as a case store keeps them: memory-mapped, read only."""

        def image(self, case):
            return np.load(tmp_path / "image.npy", mmap_mode="r")

        label = image

    np.save(tmp_path / "image.npy", np.random.default_rng(1).random(shape).astype(np.float16))
    dataset = BatchDataset(FileStore(), ["l0"], ["u0"], BatchConfig(2, 2, (4, 4, 4)), seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # torch warns of arrays that it must not write to
        batch = dataset[3]
    for row, (stream, number) in enumerate(
        [(LABELLED, 0), (LABELLED, 1), (UNLABELLED, 0), (UNLABELLED, 1)]
    ):
        generator = np.random.default_rng([0, 3, stream, number])
        expected = random_crop(np.load(tmp_path / "image.npy"), None, dataset.config, generator)[0]
        assert np.array_equal(batch.image[row, 0].numpy(), expected.astype(np.float32))


def test_crops_have_memory_of_their_own():
    volume = np.zeros((4, 4, 4), np.float32)
    (crop,) = random_crop(
        volume, None, BatchConfig(crop=(4, 4, 4), flip_axes=()), np.random.default_rng(0)
    )
    crop += 1
    assert not volume.any()


def test_a_case_that_is_prepared_again_is_read_again(tmp_path):
    path = tmp_path / "image.npy"
    write_array(path, np.zeros((2, 3, 4), np.float16))
    first = mapped(path)
    assert mapped(path) is first and not first.flags.writeable
    write_array(path, np.ones((2, 3, 4), np.float16))
    assert (mapped(path) == 1).all() and (first == 0).all()
    path.unlink()
    with pytest.raises(InputError, match="is missing"):
        mapped(path)
