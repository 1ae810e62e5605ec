"""Estimate the disk space of a preparation from the headers of the raw files.

The estimate is made before the preparation starts, which may take hours.
"""

import math
import shutil
from collections.abc import Iterable
from pathlib import Path

from guidednet.data.case_store import PrepareConfig
from guidednet.data.layouts import RawCase
from guidednet.data.nifti import read_grid
from guidednet.data.resample import prepared_grid
from guidednet.errors import InputError
from guidednet.support.files import nearest_existing

IMAGE_BYTES, LABEL_BYTES = 2, 1  # per voxel: float16 and uint8


def check_space(store_folder: Path, cases: list[RawCase], config: PrepareConfig) -> str:
    """A sentence on the disk space that the unfinished `cases` will take in `store_folder`.

    Raises InputError if the disk has less free space.
    """
    waiting = [
        case for case in cases if not (store_folder / "cases" / case.case_id / "case.json").exists()
    ]
    if not waiting:
        return f"all {len(cases)} cases are already prepared"
    needed = needed_bytes(waiting, config)
    free = shutil.disk_usage(nearest_existing(store_folder)).free
    if needed > free:
        raise InputError(
            f"{store_folder}: {_gigabytes(needed)} is needed for {len(waiting)} cases, but only "
            f"{_gigabytes(free)} is free; make room or give a folder on another disk"
        )
    return f"about {_gigabytes(needed)} for {len(waiting)} cases, {_gigabytes(free)} free"


def needed_bytes(cases: Iterable[RawCase], config: PrepareConfig) -> int:
    """Bytes that the prepared arrays of all `cases` take."""
    return sum(_bytes_of(case, config) for case in cases)


def _bytes_of(case: RawCase, config: PrepareConfig) -> int:
    """Bytes of one case's arrays; 0 if its header is unreadable, which `prepare` reports."""
    try:
        shape, _ = prepared_grid(*read_grid(case.image), config.spacing_mm[::-1])
    except InputError:
        return 0
    return math.prod(shape) * (IMAGE_BYTES + (LABEL_BYTES if case.label else 0))


def _gigabytes(number: int) -> str:
    return f"{number / 1e9:.3g} GB" if number < 1e12 else f"{number / 1e9:.0f} GB"
