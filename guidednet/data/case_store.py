"""The case store: prepared cases as memory-mapped arrays, and a table of them.

store.json                      data set and PrepareConfig
cases.csv                       one row per case, written when all are prepared
broken.csv                      cases left out with --skip-broken, and why
cases/<case id>/case.json       the case's row, written after its arrays
cases/<case id>/image.npy       (D,H,W) float16 in [0, 1], or as z-score
cases/<case id>/label.npy       (D,H,W) uint8, where the case has a label
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from guidednet.data.case_ids import check_case_ids
from guidednet.data.datasets import organ_set
from guidednet.errors import InputError
from guidednet.support.csv_files import read_csv
from guidednet.support.files import file_hash

SMALLEST_MM, LARGEST_MM = 0.1, 100  # what a voxel may measure


@dataclass(frozen=True)
class ZScore:
    """Fixed intensity scaling: clip to `hu_window`, subtract `mean`, divide by `standard_deviation`
    (HU); the released code's constants.
    """

    hu_window: tuple[float, float] = (-22.0, 325.0)
    mean: float = 214.68231
    standard_deviation: float = 100.240135


@dataclass(frozen=True)
class PrepareConfig:
    """How cases are prepared: voxel size (z,y,x) in mm, window in HU before resampling, scaling
    after it; the paper's section 4.1.

    The `percentiles` of each volume become 0 and 1, unless `z_score` scales all volumes alike.
    """

    spacing_mm: tuple[float, float, float] = (2.5, 1.25, 1.25)
    hu_window: tuple[float, float] = (-325.0, 325.0)
    percentiles: tuple[float, float] = (0.5, 99.5)
    z_score: ZScore | None = None

    def __post_init__(self) -> None:
        if not all(SMALLEST_MM <= size <= LARGEST_MM for size in self.spacing_mm):
            raise InputError(
                f"voxels of {self.spacing_mm} mm cannot be: give sizes (spacing) from {SMALLEST_MM} to {LARGEST_MM} mm"
            )
        for name, (low, high) in (("hu_window", self.hu_window), ("percentiles", self.percentiles)):
            if not low < high:
                raise InputError(
                    f"{name} is ({low}, {high}): the first number must be below the second"
                )

    @classmethod
    def official(cls) -> "PrepareConfig":
        """What the released code computes, see the differences in docs/two-readings.md."""
        return cls(spacing_mm=(2.5, 1.22250766, 1.22250766), z_score=ZScore())


# that every case table has
COLUMNS = {"case_id": str, "labelled": bool, "prepared_image_sha256": str}
PRESETS = {"paper": PrepareConfig, "official": PrepareConfig.official}


def store_settings(dataset: str, config: PrepareConfig) -> dict[str, Any]:
    """What store.json holds of a data set prepared with `config`; what is None is left out, as
    stores older than its field do.
    """
    fields = {
        name: value for name, value in dataclasses.asdict(config).items() if value is not None
    }
    return {"dataset": dataset, **json.loads(json.dumps(fields))}


def mapped(path: Path) -> np.ndarray:
    """The array of a .npy file, memory-mapped; the same map as before while the file is the same.
    Raises InputError for a damaged one.
    """
    try:
        return _map(path, _version(path))
    except (FileNotFoundError, ValueError, EOFError) as error:
        raise InputError(f"{path}: is missing or damaged; {_remedy(path)}") from error


def check_array(path: Path, sha256: str) -> None:
    """Raise InputError where the array in a .npy file is missing, damaged or has another hash. A
    file is hashed once while it stays.
    """
    mapped(path)
    if _hash(path, _version(path)) != sha256:
        raise InputError(f"{path}: has changed since it was prepared; {_remedy(path)}")


def _version(path: Path) -> tuple[int, ...]:
    """What changes with a file."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


def _remedy(path: Path) -> str:
    return f"delete the folder {path.parent} and {path.parents[2] / 'cases.csv'}, and the case is prepared again"


@lru_cache(maxsize=4096)
def _hash(path: Path, version: tuple[int, ...]) -> str:
    return file_hash(path)


# A new map finds every page anew, which takes longer than copying the crop. Each map keeps a file
# open, of which a process may often have 1,024; the pages are the system's file cache, which it
# takes back when it needs memory.
@lru_cache(maxsize=256)
def _map(path: Path, version: tuple[int, ...]) -> np.ndarray:
    # knows no pickled objects, which np.load may be told to load
    return np.lib.format.open_memmap(path, mode="r")


class CaseStore:
    """A folder of prepared cases; raises InputError where `folder` is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        for name in ("cases.csv", "store.json"):
            if not (self.folder / name).is_file():
                raise InputError(
                    f"{self.folder / name}: not there; prepare the data with 'guidednet prepare' first"
                )
        self.settings = self._checked_settings()

    def _checked_settings(self) -> dict[str, Any]:
        """What `store_settings` wrote; raises InputError for another program's files of the same
        names.
        """
        try:
            settings = json.loads((self.folder / "store.json").read_text(encoding="utf-8"))
            organ_set(settings["dataset"])
        except (ValueError, KeyError, TypeError, InputError) as error:
            raise InputError(
                f"{self.folder}: holds no case store of ours; give the folder that 'guidednet prepare' wrote"
            ) from error
        read_csv(self.folder / "cases.csv", dict.fromkeys(COLUMNS, str), nrows=0)
        return settings

    @cached_property
    def table(self) -> pd.DataFrame:
        """The case table, by case id: labelled, shape, spacing, original geometry, voxels per
        organ, hashes.
        """
        path = self.folder / "cases.csv"
        table = read_csv(path, COLUMNS, index_col="case_id")
        if table.index.has_duplicates:
            raise InputError(
                f"{path}: case {table.index[table.index.duplicated()][0]} stands twice; prepare the data again"
            )
        check_case_ids(table.index, path)
        return table

    def row(self, case: str) -> pd.Series:
        """What the case table says of `case`; raises InputError for a case that is not there."""
        if case not in self.table.index:
            raise InputError(
                f"{self.folder}: has no case '{case}'; use one of those in cases.csv, such as {self.table.index[0]}"
            )
        return self.table.loc[case]

    @property
    def labelled_ids(self) -> list[str]:
        """Cases with a label."""
        return list(self.table.index[self.table["labelled"]])

    @property
    def unlabelled_ids(self) -> list[str]:
        """Cases without a label."""
        return list(self.table.index[~self.table["labelled"]])

    def image(self, case: str) -> np.ndarray:
        """The image (D,H,W) float16, scaled as the settings say, memory-mapped."""
        return self._array(case, "image.npy")

    def label(self, case: str) -> np.ndarray:
        """The label map (D,H,W), memory-mapped."""
        return self._array(case, "label.npy")

    def _array(self, case: str, name: str) -> np.ndarray:
        check_case_ids([case], self.folder)  # some come from lists and scores that others wrote
        return mapped(self.folder / "cases" / case / name)

    def check(self, labelled: Iterable[str], unlabelled: Iterable[str]) -> None:
        """Raise InputError where an array that a training reads is not as it was prepared; hidden
        labels are not looked at.
        """
        folder, labelled = self.folder / "cases", tuple(labelled)
        for case in (*labelled, *unlabelled):
            check_array(folder / case / "image.npy", self.row(case)["prepared_image_sha256"])
        for case in labelled:
            check_array(folder / case / "label.npy", self.row(case)["prepared_label_sha256"])

    def spacing(self, case: str) -> tuple[float, float, float]:
        """Voxel size (z,y,x) in mm."""
        return tuple(json.loads(self.row(case)["spacing"]))

    def class_voxels(self, cases: Iterable[str]) -> np.ndarray:
        """Voxels of each class (K,) over labelled `cases`, background first."""
        organs = organ_set(self.settings["dataset"])
        names = ["background"] + [
            organs.by_label[label].name for label in range(1, organs.num_classes)
        ]
        return self.table.loc[list(cases), names].sum().to_numpy(dtype=np.int64)

    def fingerprint(self, labelled: Iterable[str], unlabelled: Iterable[str]) -> str:
        """Hash of what training reads: images of all, labels of `labelled` alone; a hidden label
        never enters.
        """
        entries = [
            (
                case,
                self.table.loc[case, "prepared_image_sha256"],
                self.table.loc[case, "prepared_label_sha256"],
            )
            for case in sorted(labelled)
        ]
        entries += [
            (case, self.table.loc[case, "prepared_image_sha256"]) for case in sorted(unlabelled)
        ]
        return hashlib.sha256(json.dumps(entries).encode()).hexdigest()
