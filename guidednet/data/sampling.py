"""The batch of each training step: which crops of which cases it contains.

A batch is a pure function of (seed, step): nothing is drawn from a global generator, so a resumed
run sees the same batches as an uninterrupted one, however many loader workers or processes it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from guidednet.data.case_store import CaseStore
from guidednet.data.distance_maps import signed_distance_maps

LABELLED, UNLABELLED = 0, 1


@dataclass(frozen=True)
class Batch:
    """The images of one step, labelled rows first, and the labels of the labelled rows.

    `image` is (B,1,D,H,W) float32; `label` is (L,D,H,W) for the L labelled rows, uint8 from the
    loader and int64 after `to`. `distance_maps` (L,K-1,D,H,W) holds the signed distance map of each
    organ if the method asks for them.
    """

    image: Tensor
    label: Tensor
    distance_maps: Tensor | None = None

    def to(self, device: torch.device) -> "Batch":
        """This batch on `device`, with int64 labels."""
        maps = self.distance_maps
        return Batch(
            self.image.to(device, non_blocking=True),
            self.label.to(device, non_blocking=True).long(),
            None if maps is None else maps.to(device, non_blocking=True),
        )

    def pin_memory(self) -> "Batch":
        """This batch in page-locked memory; the loader calls this."""
        maps = self.distance_maps
        return Batch(
            self.image.pin_memory(),
            self.label.pin_memory(),
            None if maps is None else maps.pin_memory(),
        )


@dataclass(frozen=True)
class BatchConfig:
    """The composition of a batch.

    A batch has `labelled` and `unlabelled` rows of crops with `crop` (D,H,W) voxels, each flipped
    along each of the `flip_axes` with p = 1/2. The default is that of DHC, whose settings the paper
    follows: in plane, never head to foot.
    """

    labelled: int = 4
    unlabelled: int = 4
    crop: tuple[int, int, int] = (64, 128, 128)
    flip_axes: tuple[int, ...] = (1, 2)


def stream_case(cases: Sequence[str], seed: int, stream: int, position: int) -> str:
    """The case at `position` in an endless sequence of fresh permutations of `cases`."""
    round_number, place = divmod(position, len(cases))
    order = np.random.default_rng([seed, stream, round_number]).permutation(len(cases))
    return cases[order[place]]


def random_crop(
    image: np.ndarray, label: np.ndarray | None, config: BatchConfig, generator: np.random.Generator
) -> list[np.ndarray]:
    """A randomly placed and flipped crop of `image` (D,H,W) and of `label`, if given.

    Every valid origin is equally likely. Volumes smaller than the crop are padded: the image with
    its minimum (air), the label with background.
    """
    origin = [
        int(generator.integers(0, max(size - side, 0) + 1))
        for size, side in zip(image.shape, config.crop, strict=True)
    ]
    window = tuple(
        slice(start, start + side) for start, side in zip(origin, config.crop, strict=True)
    )
    flips = [axis for axis in config.flip_axes if generator.random() < 0.5]
    crops = []
    for array, is_image in ((image, True), (label, False)):
        if array is not None:
            crop = np.asarray(array[window])
            missing = [(0, side - size) for side, size in zip(config.crop, crop.shape, strict=True)]
            if any(after for _, after in missing):
                crop = np.pad(crop, missing, constant_values=array.min() if is_image else 0)
            # a copy: even a crop of the whole volume must not share the case's memory
            crops.append(np.flip(crop, flips).copy())
    return crops


class BatchDataset(Dataset[Batch]):
    """Item i is the batch of step i, or this process's share of it.

    With several processes, process `rank` of `world_size` takes every world_size-th row of each
    stream, so that the combined batch does not depend on the number of processes.
    `distance_classes` K > 0 adds the signed distance maps of K - 1 organs; they are computed in the
    loader's workers rather than in the training step.
    """

    def __init__(
        self,
        cases: CaseStore,
        labelled: Sequence[str],
        unlabelled: Sequence[str],
        config: BatchConfig,
        seed: int,
        distance_classes: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.store, self.config = cases, config
        self.seed, self.distance_classes = seed, distance_classes
        self.streams = {
            LABELLED: (labelled, config.labelled),
            UNLABELLED: (unlabelled, config.unlabelled if unlabelled else 0),
        }
        self.rank, self.world_size = rank, world_size

    def __getitem__(self, step: int) -> Batch:
        labelled = [self._row(step, LABELLED, row) for row in self._rows(LABELLED)]
        unlabelled = [self._row(step, UNLABELLED, row) for row in self._rows(UNLABELLED)]
        images = torch.empty(len(labelled) + len(unlabelled), 1, *self.config.crop)
        for image, crops in zip(images, labelled + unlabelled, strict=True):
            # converts float16 to float32 in the same pass; numpy takes twice as long
            image[0].copy_(torch.from_numpy(crops[0]))
        labels = np.stack([crops[1] for crops in labelled])
        maps = (
            [signed_distance_maps(label, self.distance_classes) for label in labels]
            if self.distance_classes
            else None
        )
        return Batch(
            images,
            torch.from_numpy(labels),
            None if maps is None else torch.from_numpy(np.stack(maps)),
        )

    def _rows(self, stream: int) -> range:
        return range(self.rank, self.streams[stream][1], self.world_size)

    def _row(self, step: int, stream: int, row: int) -> list[np.ndarray]:
        cases, rows = self.streams[stream]
        case = stream_case(cases, self.seed, stream, step * rows + row)
        # The label of an unlabelled case is never opened.
        label = self.store.label(case) if stream == LABELLED else None
        generator = np.random.default_rng([self.seed, step, stream, row])
        return random_crop(self.store.image(case), label, self.config, generator)


def batch_loader(
    dataset: BatchDataset,
    first_step: int,
    last_step: int,
    workers: int = 0,
    pin_memory: bool = False,
) -> DataLoader:
    """A loader of the batches of steps first_step ... last_step - 1, in order."""
    return DataLoader(
        dataset,
        batch_size=None,
        sampler=range(first_step, last_step),
        num_workers=workers,
        pin_memory=pin_memory,
        # A loader draws a seed for its workers; drawing it from the global generator would change
        # dropout after a resume.
        generator=torch.Generator(),
    )
