"""How much disk a preparation will take, from the headers of the raw files alone, before hours of
it begin.
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
    """What the `cases` that are not done yet will take in `store_folder`, as a sentence.

    Raises InputError where the disk has less than that free.
    """
    waiting = [
        case for case in cases if not (store_folder / "cases" / case.case_id / "case.json").exists()
    ]
    if not waiting:
        return f"all {len(cases)} cases have been prepared before"
    needed, free = (
        needed_bytes(waiting, config),
        shutil.disk_usage(nearest_existing(store_folder)).free,
    )
    if needed > free:
        raise InputError(
            f"{store_folder}: {_gigabytes(needed)} are needed for {len(waiting)} cases, {_gigabytes(free)} are free; "
            "make room or give a folder on another disk"
        )
    return f"about {_gigabytes(needed)} for {len(waiting)} cases, {_gigabytes(free)} free"


def needed_bytes(cases: Iterable[RawCase], config: PrepareConfig) -> int:
    """Bytes of the prepared arrays of all `cases`."""
    return sum(_bytes_of(case, config) for case in cases)


def _bytes_of(case: RawCase, config: PrepareConfig) -> int:
    """Bytes of one case's arrays; 0 where its header cannot be read, as preparing it will say."""
    try:
        shape, _ = prepared_grid(*read_grid(case.image), config.spacing_mm[::-1])
    except InputError:
        return 0
    return math.prod(shape) * (IMAGE_BYTES + (LABEL_BYTES if case.label else 0))


def _gigabytes(number: int) -> str:
    return f"{number / 1e9:.3g} GB" if number < 1e12 else f"{number / 1e9:.0f} GB"
