"""Shared parts of the benchmarks: timing in turns, memory in a fresh process, rows and files."""

import ctypes
import importlib.metadata
import importlib.util
import math
import multiprocessing
import platform
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from guidednet.errors import FailedError, InputError
from guidednet.processes.workers import cores
from guidednet.runs.provenance import peak_memory, provenance, reset_peak_memory
from guidednet.runs.workspace import open_workspace
from guidednet.support.files import write_text
from guidednet.support.progress import bar

PACKAGES = ("torch", "numpy", "torchio", "monai", "h5py")
M_MMAP_THRESHOLD = -3  # from glibc's malloc.h
INSTALL = "python -m pip install -c requirements.lock"


def environment() -> dict[str, Any]:
    """The columns of every row: processor, cores, threads, any GPU, versions, commit and date.

    The commit ends with + if there are uncommitted changes.
    """
    about = provenance("cpu")
    installed = {
        name: importlib.metadata.version(name)
        for name in PACKAGES
        if importlib.util.find_spec(name)
    }
    commit = (about["commit"] or "")[:12] + ("+" if about["uncommitted_changes"] else "")
    return {
        "device": _processor(),
        **_gpu(),
        "cores": cores(),
        "threads": torch.get_num_threads(),
        "python": about["python"],
        **{name: installed.get(name, "") for name in PACKAGES},
        "commit": commit,
        "date": datetime.now(UTC).date().isoformat(),
    }


def write(name: str, rows: list[dict[str, Any]]) -> Path:
    """Print the table of `rows`, write it to figures/benchmarks/<name>.csv, and return the path.

    FIGURES_DIR sets the figures folder. The columns of `environment` are added, but do not replace
    a row's own values, such as its number of threads.
    """
    columns = environment()
    print(
        f"\n{name}: {columns['device']}, {columns['cores']} cores\n"
        f"{pd.DataFrame(rows).to_string(index=False, na_rep='')}"
    )
    path = open_workspace("quick").figures / "benchmarks" / f"{name}.csv"
    write_text(path, pd.DataFrame([row | columns | row for row in rows]).to_csv(index=False))
    return path


def comparison(
    what: str, unit: str, ours: float, other: str, theirs: float, wanted: float, threads: int
) -> dict[str, Any]:
    """A row: `ratio` is the other's cost divided by ours, `holds` whether it reaches `wanted`."""
    ratio = theirs / ours if ours else math.nan  # tiny work may take no new memory
    return {
        "what": what,
        "unit": unit,
        "ours": float(f"{ours:.4g}"),
        "other": other,
        "theirs": float(f"{theirs:.4g}"),
        "ratio": round(ratio, 2),
        "wanted": wanted,
        "holds": ratio >= wanted,
        "threads": threads,
    }


def best_cpu_seconds(works: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Least processor time in seconds of each of `works`, which take turns, after a warm-up.

    Processor time counts all threads of this process but no waiting, so other load on the machine
    adds little to it.
    """
    times = {name: [] for name in works}
    turns = list(works.items()) * (repeats + 1)
    for name, work in bar("benchmark: " + ", ".join(works), "turn")(turns, len(turns)):
        start = time.process_time()
        work()
        times[name].append(time.process_time() - start)
    return {name: min(taken[1:]) for name, taken in times.items()}


def peak_mebibytes(prepare: Callable[[], Callable[[], Any]]) -> float:
    """Peak MiB that the work returned by `prepare` adds to the resident size of a fresh process.

    The process has one thread. `prepare` must be picklable; what it imports, allocates and warms up
    does not count. With glibc on Linux, freed blocks are returned to the system at once, so the
    figure covers live tensors and not what malloc keeps.
    """
    with ProcessPoolExecutor(
        1, mp_context=multiprocessing.get_context("spawn"), initializer=_give_freed_blocks_back
    ) as pool:
        return pool.submit(_peak_of_work, prepare).result()


def _give_freed_blocks_back() -> None:
    if hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, 65536)


def _peak_of_work(prepare: Callable[[], Callable[[], Any]]) -> float:
    with using(threads=1):
        work = prepare()
        reset_peak_memory("cpu")
        before = peak_memory("cpu")
        result = work()  # bound to a name, so that the returned memory counts
        peak = peak_memory("cpu")
        del result
    return (peak - before) * 1024


@contextmanager
def using(threads: int) -> Iterator[None]:
    """Let torch compute in `threads` threads for the duration of the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def require(*packages: str) -> None:
    """Raise InputError with the command to install them if any of `packages` are missing."""
    if missing := [name for name in packages if importlib.util.find_spec(name) is None]:
        names, command = " and ".join(missing), f"{INSTALL} {' '.join(missing)}"
        raise InputError(
            f"{names}: needed for the comparison but not installed; install with: {command}"
        )


def require_agreement(what: str, difference: float, tolerance: float) -> None:
    """Raise FailedError if two ways to compute the same thing differ by more than `tolerance`.

    Comparing their times would then mean nothing.
    """
    if not difference <= tolerance:
        raise FailedError(f"{what}: results differ by {difference:.1e}, more than {tolerance:.0e}")


def _gpu() -> dict[str, Any]:
    """The model of the GPU and the version of cuDNN; nothing without a GPU."""
    if not torch.cuda.is_available():
        return {}
    return {"gpu": torch.cuda.get_device_name(), "cudnn": torch.backends.cudnn.version()}


def _processor() -> str:
    """The processor's model if Linux reports it, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()
