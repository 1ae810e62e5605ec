"""Time and memory of a GuidedNet step as batch, crop and classes grow, and of loading more cases.

The network of profile quick runs on the CPU in one thread. From a common size, one number grows at
a time. The costs should grow at most in proportion to it, and not at all with the number of cases.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.bench_loader import from_store, prepared_cases
from benchmarks.bench_steps import config_of, random_batch, training_step
from benchmarks.common import best_cpu_seconds, peak_mebibytes, using
from guidednet.data.case_store import CaseStore
from guidednet.data.sampling import BatchConfig
from guidednet.inference import Size
from guidednet.methods import MethodSetup, build_method
from guidednet.support.progress import bar


@dataclass(frozen=True)
class StepSize:
    """What the cost of a step depends on: rows of each kind, crop (D,H,W) and number of classes.

    The two kinds of rows are labelled and unlabelled; classes include the background.
    """

    rows: int = 2
    crop: Size = (16, 24, 32)
    classes: int = 14

    @property
    def voxels(self) -> int:
        """Voxels of one crop."""
        return self.crop[0] * self.crop[1] * self.crop[2]


GROWING = {
    "labelled and unlabelled rows": [StepSize(rows=rows) for rows in (1, 2, 4, 8)],
    "voxels of a crop": [
        StepSize(crop=crop) for crop in ((16, 16, 16), (16, 24, 32), (32, 32, 32), (32, 48, 48))
    ],
    "classes": [StepSize(classes=classes) for classes in (4, 8, 16, 32)],
}
CASES = (4, 16, 64)
LOADED = dict(crop=(32, 48, 48), batches=20)
SPACING_MM, VOXEL_MM = (5.0, 3.0, 3.0), 6.0


def number(name: str, size: StepSize) -> int:
    """The number of `size` that grows in the series `name`."""
    return {"voxels of a crop": size.voxels, "classes": size.classes}.get(name, size.rows)


def step_of_size(size: StepSize) -> Callable[[], None]:
    """A function that does one step of GuidedNet at `size`, after a warm-up step."""
    config = config_of("guidednet", "quick")
    sizes = BatchConfig(labelled=size.rows, unlabelled=size.rows, crop=size.crop)
    voxels = torch.ones(size.classes)
    setup = MethodSetup(
        size.classes,
        config.network,
        ramp_steps=32,
        seed=0,
        labelled_voxels=voxels,
        steps=32,
        crop=size.crop,
    )
    method = build_method("guidednet", setup, config.options)
    step = partial(
        training_step(method, config, torch.device("cpu")), random_batch(sizes, size.classes)
    )
    step()
    return step


def loading(folder: Path, crop: Size, batches: int) -> Callable[[], None]:
    """A function that loads `batches` batches from the case store in `folder`, after a warm-up."""
    work = partial(from_store, CaseStore(folder), crop, batches)
    work()
    return work


def measured(
    name: str, value: int, work: Callable[[], Callable[[], None]], repeats: int
) -> dict[str, Any]:
    """A row: what grows, its value, and processor time and added memory of what `work` returns."""
    with using(threads=1):
        seconds = best_cpu_seconds({f"{name}: {value}": work()}, repeats)
    (taken,) = seconds.values()
    return {
        "grows": name,
        "value": value,
        "seconds": float(f"{taken:.4g}"),
        "mebibytes": round(peak_mebibytes(work), 1),
        "threads": 1,
    }


def measure(quick: bool = False) -> list[dict[str, Any]]:
    """One row per size; `quick` takes only the smallest batch and the fewest cases."""
    repeats, most = (1, 1) if quick else (3, None)
    wanted = [(name, size) for name, sizes in GROWING.items() for size in sizes[:most]][:most]
    rows = [
        measured(name, number(name, size), partial(step_of_size, size), repeats)
        for name, size in bar("benchmark: growth", "size")(wanted, len(wanted))
    ]
    for cases in CASES[:most]:
        folder = prepared_cases(cases, SPACING_MM, VOXEL_MM).folder
        rows.append(measured("cases", cases, partial(loading, folder, **LOADED), repeats))
    return rows
