"""Loading crops from the case store against whole gzipped HDF5 volumes and torchio's Queue.

The released code loads HDF5 volumes. All three use the same prepared phantoms, a warm file cache,
and one process with one thread, as in a loader's worker. A crop is image (float32) and label
together. Our crops and those from HDF5 are flipped at random. Those from torchio are not, and its
volumes are in memory, so it neither reads nor decodes files.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from benchmarks.common import best_cpu_seconds, comparison, require, using
from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.prepare import prepare
from guidednet.data.sampling import BatchConfig, BatchDataset, random_crop
from guidednet.errors import InputError
from guidednet.inference import Size
from guidednet.phantom import write_phantoms
from guidednet.processes.workers import cores
from guidednet.runs.workspace import open_workspace
from guidednet.support.progress import bar


class Sizes(NamedTuple):
    """The sizes measured: crops (D,H,W) of prepared phantoms.

    Phantoms are made at `voxel_mm` and resampled to `spacing_mm` (z,y,x).
    """

    cases: int
    crop: Size
    spacing_mm: tuple[float, float, float]
    voxel_mm: float
    repeats: int


FULL = Sizes(6, (64, 128, 128), (2.5, 1.25, 1.25), voxel_mm=3.0, repeats=5)
QUICK = Sizes(2, (16, 24, 24), (10.0, 5.0, 5.0), voxel_mm=6.0, repeats=1)
WANTED = {"HDF5": 50, "Queue": 1}  # the smallest acceptable ratio of the other's time to ours
BATCH = 4
QUEUE_LENGTH = 48
CROPS_PER_VOLUME = (8, 32)  # for torchio's Queue: more crops are faster but less well mixed


def prepared_cases(
    cases: int, spacing_mm: tuple[float, float, float], voxel_mm: float
) -> CaseStore:
    """Prepared phantoms with labels, kept in results/benchmarks for later runs.

    Raises InputError if that folder contains another number of cases.
    """
    folder = open_workspace("quick").results / "benchmarks" / f"amos-{cases}-{voxel_mm:g}mm"
    workers = cores()
    phantoms = bar("benchmark: synthetic CT", "case")
    write_phantoms(
        folder / "raw", "amos", cases, cases, voxel_mm=voxel_mm, workers=workers, progress=phantoms
    )
    prepare(
        folder / "raw",
        folder / "store",
        "amos",
        PrepareConfig(spacing_mm),
        workers,
        bar("benchmark: prepare", "case"),
    )
    store = CaseStore(folder / "store")
    if len(store.labelled_ids) != cases:
        raise InputError(
            f"{folder}: contains {len(store.labelled_ids)} prepared cases instead of {cases}; "
            "delete the folder and run the benchmark again"
        )
    return store


def from_store(cases: CaseStore, crop: Size, batches: int) -> None:
    """Load `batches` labelled batches as training does."""
    dataset = BatchDataset(
        cases, cases.labelled_ids, [], BatchConfig(labelled=BATCH, unlabelled=0, crop=crop), seed=0
    )
    for step in range(batches):
        dataset[step]


def write_hdf5(cases: CaseStore) -> list[Path]:
    """Write a gzipped HDF5 file with image (float32) and label (uint8) into each case's folder."""
    import h5py

    paths = [cases.folder / "cases" / case / "case.h5" for case in cases.labelled_ids]
    for case, path in zip(cases.labelled_ids, paths, strict=True):
        with h5py.File(path, "w") as file:
            file.create_dataset(
                "image", data=np.asarray(cases.image(case), np.float32), compression="gzip"
            )
            file.create_dataset("label", data=cases.label(case), compression="gzip")
    return paths


def from_hdf5(paths: list[Path], crop: Size) -> None:
    """Read each file whole and take one crop of it."""
    import h5py

    generator = np.random.default_rng(0)
    for path in paths:
        with h5py.File(path) as file:
            image, label = random_crop(
                file["image"][:], file["label"][:], BatchConfig(crop=crop), generator
            )
        torch.from_numpy(image), torch.from_numpy(label)


def queue(cases: CaseStore, crop: Size, crops_per_volume: int) -> Callable[[], None]:
    """A function that iterates once through torchio's Queue over the same arrays."""
    import torchio  # here, so that other benchmarks can use these cases without it

    subjects = [
        torchio.Subject(
            image=torchio.ScalarImage(
                tensor=torch.from_numpy(cases.image(case).astype(np.float32))[None]
            ),
            label=torchio.LabelMap(tensor=torch.from_numpy(cases.label(case).copy())[None]),
        )
        for case in cases.labelled_ids
    ]

    def once() -> None:
        patches = torchio.Queue(
            torchio.SubjectsDataset(subjects),
            QUEUE_LENGTH,
            crops_per_volume,
            torchio.UniformSampler(crop),
        )
        for _ in torchio.SubjectsLoader(patches, batch_size=BATCH):
            pass

    return once


def measure(quick: bool = False) -> list[dict[str, Any]]:
    """Processor seconds per labelled crop, in one thread."""
    require("h5py")
    cases, crop, spacing_mm, voxel_mm, repeats = QUICK if quick else FULL
    store = prepared_cases(cases, spacing_mm, voxel_mm)
    works = {"ours": (partial(from_store, store, crop, batches=2 * cases), 2 * cases * BATCH)}
    works["gzipped HDF5"] = (partial(from_hdf5, write_hdf5(store), crop), cases)
    for number in CROPS_PER_VOLUME:
        works[f"torchio Queue, {number} crops a volume"] = (
            queue(store, crop, number),
            number * cases,
        )
    with using(threads=1):
        seconds = best_cpu_seconds({name: work for name, (work, _) in works.items()}, repeats)
    per_crop = {name: seconds[name] / crops for name, (_, crops) in works.items()}
    ours = per_crop.pop("ours")
    return [
        comparison(
            described(store, crop),
            "CPU s",
            ours,
            name,
            taken,
            WANTED["Queue" if "Queue" in name else "HDF5"],
            threads=1,
        )
        for name, taken in per_crop.items()
    ]


def described(cases: CaseStore, crop: Size) -> str:
    """A description: crop size, number of volumes, and their mean size in voxels."""
    mean = np.mean([cases.image(case).shape for case in cases.labelled_ids], axis=0)
    return (
        f"crop {'x'.join(map(str, crop))} of {len(cases.labelled_ids)} volumes, "
        f"on average {'x'.join(f'{side:.0f}' for side in mean)}"
    )
