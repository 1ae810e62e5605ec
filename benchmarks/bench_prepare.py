"""Preparing a scan against an equivalent SimpleITK script, and memory as the number of cases grows.

Both prepare the same gzipped volume and label map, each in a fresh process with one thread, as in a
worker. Ours also checks the files, hashes them and its output, and flushes the output to disk; the
script does not. Memory is the peak resident size (VmHWM, Linux), including imports; time excludes
them.
"""

import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import nibabel as nib
import numpy as np

from benchmarks.common import comparison, require_agreement

SPACING = (0.8, 0.8, 2.5)  # mm, in the order (X,Y,Z) of the shapes below


class Sizes(NamedTuple):
    """The sizes measured: one scan of `shape`, and few and many `cases` of shape `small`."""

    shape: tuple[int, int, int]
    small: tuple[int, int, int]
    cases: tuple[int, int]
    repeats: int


# A long scan, whose prepared grid has all of its slices.
FULL = Sizes((512, 512, 300), (96, 96, 40), (10, 100), repeats=2)
QUICK = Sizes((64, 64, 30), (24, 24, 12), (2, 4), repeats=1)
LARGEST_GIB = 3.0  # the most that one worker may take
SAME = 5e-3  # for intensities in [0, 1]; float16 and float32 splines differ by less


def write_case(folder: Path, number: int, shape: tuple[int, int, int]) -> None:
    """Write a made-up case in FLARE22's layout: a noisy cylinder in air, with four balls inside."""
    generator = np.random.default_rng(number)
    x, y, z = (np.linspace(-1, 1, size, dtype=np.float32) for size in shape)
    x, y = x[:, None, None], y[:, None]
    label = np.zeros(shape, np.uint8)
    for organ, (centre_x, centre_y, centre_z) in enumerate(
        generator.uniform(-0.5, 0.5, (4, 3)), start=1
    ):
        label[(x - centre_x) ** 2 + (y - centre_y) ** 2 + (z - centre_z) ** 2 < 0.04] = organ
    image = generator.integers(-20, 21, shape, dtype=np.int16) + 25 * label
    image[(x**2 + y**2)[..., 0] > 0.6] -= 1000
    affine = np.diag([*SPACING, 1.0])
    for array, name in (
        (image, f"images/FLARE22_Tr_{number:04d}_0000"),
        (label, f"labels/FLARE22_Tr_{number:04d}"),
    ):
        path = folder / f"{name}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        nib.save(nib.Nifti1Image(array, affine), path)


def ours(raw: Path, store: Path) -> None:
    """Prepare the cases of `raw` as `guidednet prepare` does in one process."""
    from guidednet.data.case_store import PrepareConfig
    from guidednet.data.prepare import prepare

    prepare(raw, store, "flare22", PrepareConfig())


def plain_script(raw: Path, store: Path) -> None:
    """Prepare the case of `raw` with a straightforward SimpleITK script."""
    import SimpleITK

    from guidednet.data.case_store import PrepareConfig

    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    config = PrepareConfig()
    scan = SimpleITK.ReadImage(next((raw / "images").iterdir()), SimpleITK.sitkFloat32)
    label = SimpleITK.ReadImage(next((raw / "labels").iterdir()))
    grid = _grid(scan, config.spacing_mm[::-1])
    clipped = SimpleITK.Clamp(scan, SimpleITK.sitkFloat32, *config.hu_window)
    stay = SimpleITK.Transform()
    image = SimpleITK.GetArrayFromImage(
        SimpleITK.Resample(clipped, grid, stay, SimpleITK.sitkBSpline, config.hu_window[0])
    )
    organs = SimpleITK.GetArrayFromImage(
        SimpleITK.Resample(label, grid, stay, SimpleITK.sitkNearestNeighbor)
    )
    low, high = np.percentile(image, config.percentiles)
    store.mkdir(parents=True, exist_ok=True)
    np.save(store / "image.npy", np.clip((image - low) / (high - low), 0, 1).astype(np.float16))
    np.save(store / "label.npy", organs)


def _grid(scan: Any, spacing: tuple[float, ...]) -> Any:
    """An empty image centred on `scan` with `spacing` (x,y,z) in mm and our number of voxels."""
    import SimpleITK

    from guidednet.data.resample import prepared_grid

    shape, _ = prepared_grid(scan.GetSize(), np.diag([*scan.GetSpacing(), 1.0]), spacing)
    grid = SimpleITK.Image(shape, SimpleITK.sitkUInt8)
    grid.SetSpacing(spacing)
    grid.SetDirection(scan.GetDirection())
    middles = (
        image.TransformContinuousIndexToPhysicalPoint([(size - 1) / 2 for size in image.GetSize()])
        for image in (scan, grid)
    )
    grid.SetOrigin(np.subtract(*middles).tolist())
    return grid


def in_fresh_process(
    work: Callable[[Path, Path], None], raw: Path, store: Path
) -> tuple[float, float]:
    """Seconds that `work` takes and peak GiB of its process; `store` is deleted first."""
    shutil.rmtree(store, ignore_errors=True)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, work, raw, store).result()


def _measured(work: Callable[[Path, Path], None], raw: Path, store: Path) -> tuple[float, float]:
    import SimpleITK  # noqa: F401  what both need must be imported before the clock starts
    import torch

    import guidednet.data.prepare  # noqa: F401
    from guidednet.runs.provenance import peak_memory

    torch.set_num_threads(1)
    began = time.perf_counter()
    work(raw, store)
    return time.perf_counter() - began, peak_memory("cpu")


def difference(folder: Path) -> float:
    """Largest absolute difference between the two prepared images; infinite if shapes differ."""
    paths = (
        next((folder / "ours" / "cases").iterdir()) / "image.npy",
        folder / "script" / "image.npy",
    )
    first, second = (np.load(path).astype(np.float32) for path in paths)
    return float(np.abs(first - second).max()) if first.shape == second.shape else float("inf")


def one_scan(folder: Path, shape: tuple[int, int, int], repeats: int) -> list[dict[str, Any]]:
    """Rows for one scan: least time and largest memory of `ours` and `plain_script`, in turns."""
    write_case(folder / "raw", 1, shape)
    works = {"ours": ours, "script": plain_script}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            taken[name].append(in_fresh_process(work, folder / "raw", folder / name))
    require_agreement("this package and the SimpleITK script", difference(folder), SAME)
    seconds = {name: min(figures)[0] for name, figures in taken.items()}
    memory = {name: max(peak for _, peak in figures) for name, figures in taken.items()}
    what = f"scan {' x '.join(map(str, shape))} with label"
    return [
        comparison(
            what,
            "s",
            seconds["ours"],
            "plain SimpleITK script",
            seconds["script"],
            wanted=1,
            threads=1,
        ),
        comparison(
            what,
            "GiB",
            memory["ours"],
            "plain SimpleITK script",
            memory["script"],
            wanted=1,
            threads=1,
        ),
        comparison(
            what, "GiB", memory["ours"], "limit of a worker", LARGEST_GIB, wanted=1, threads=1
        ),
    ]


def many_scans(folder: Path, shape: tuple[int, int, int], cases: tuple[int, int]) -> dict[str, Any]:
    """Peak memory of many small cases against few: the same if one case is held at a time."""
    for number in range(1, cases[1] + 1):
        for part in ["few", "many"] if number <= cases[0] else ["many"]:
            write_case(folder / part, number, shape)
    few, many = (
        in_fresh_process(ours, folder / part, folder / f"store of {part}")[1]
        for part in ("few", "many")
    )
    return comparison(
        f"{cases[1]} scans {' x '.join(map(str, shape))}",
        "GiB",
        many,
        f"{cases[0]} of them",
        few,
        wanted=0.95,
        threads=1,
    )


def measure(quick: bool = False) -> list[dict[str, Any]]:
    """Seconds and peak memory of one long scan, and peak memory of few and of many small ones."""
    shape, small, cases, repeats = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as folder:
        return [
            *one_scan(Path(folder) / "one", shape, repeats),
            many_scans(Path(folder) / "several", small, cases),
        ]
