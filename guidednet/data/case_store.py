"""The case store: prepared cases as memory-mapped arrays, and a table of them.

store.json                      data set and PrepareConfig
cases.csv                       one row per case, written when all are prepared
broken.csv                      cases left out with --skip-broken, and why
cases/<case id>/case.json       the case's row, written after its arrays
cases/<case id>/image.npy       (D,H,W) float16 in [0, 1], or as z-score
cases/<case id>/label.npy       (D,H,W) uint8, if the case has a label
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
from guidednet.data.datasets import dataset_of, labels_of, organ_set
from guidednet.errors import InputError
from guidednet.support.csv_files import read_csv
from guidednet.support.files import file_hash

SMALLEST_MM, LARGEST_MM = 0.1, 100  # limits of a voxel's side


@dataclass(frozen=True)
class ZScore:
    """Fixed intensity scaling in HU, with the constants of the released code.

    Clip to `hu_window`, subtract `mean`, divide by `standard_deviation`.
    """

    hu_window: tuple[float, float] = (-22.0, 325.0)
    mean: float = 214.68231
    standard_deviation: float = 100.240135


@dataclass(frozen=True)
class PrepareConfig:
    """How cases are prepared (section 4.1 of the paper).

    `spacing_mm` is the voxel size (z,y,x), `hu_window` the range to clip to before resampling, if
    any. Then the `percentiles` of each volume become 0 and 1, unless `z_score` scales all volumes
    alike.
    """

    spacing_mm: tuple[float, float, float] = (2.5, 1.25, 1.25)
    hu_window: tuple[float, float] | None = (-325.0, 325.0)
    percentiles: tuple[float, float] = (0.5, 99.5)
    z_score: ZScore | None = None

    def __post_init__(self) -> None:
        if not all(SMALLEST_MM <= size <= LARGEST_MM for size in self.spacing_mm):
            raise InputError(
                f"spacing is {self.spacing_mm} mm: give numbers from {SMALLEST_MM} to {LARGEST_MM}"
            )
        for name, pair in (("hu_window", self.hu_window), ("percentiles", self.percentiles)):
            if pair is not None and not pair[0] < pair[1]:
                raise InputError(f"{name} is {pair}: the first number must be below the second")

    @classmethod
    def official(cls) -> "PrepareConfig":
        """The preparation of the released code; see docs/two-readings.md."""
        return cls(spacing_mm=(2.5, 1.22250766, 1.22250766), z_score=ZScore())


# columns of every case table
COLUMNS = {"case_id": str, "labelled": bool, "prepared_image_sha256": str}
PRESETS = {"paper": PrepareConfig, "official": PrepareConfig.official}


def store_settings(dataset: str, config: PrepareConfig) -> dict[str, Any]:
    """The settings that store.json holds for a data set prepared with `config`.

    A field that is None is left out, because case stores written before the field existed lack it.
    Case stores of data sets that do not come with the package also hold the labels.
    """
    fields = {
        name: value for name, value in dataclasses.asdict(config).items() if value is not None
    }
    own = dataset_of(dataset)
    labels = {"labels": [[*pair] for pair in labels_of(own)]} if own.folder is not None else {}
    return {"dataset": dataset, **json.loads(json.dumps(fields)), **labels}


def mapped(path: Path) -> np.ndarray:
    """The array in a .npy file, memory-mapped; an unchanged file keeps its map.

    Raises InputError if the file is missing or damaged.
    """
    try:
        return _map(path, _version(path))
    except (FileNotFoundError, ValueError, EOFError) as error:
        raise InputError(f"{path}: is missing or damaged; {_remedy(path)}") from error


def check_array(path: Path, sha256: str) -> None:
    """Raise InputError if a .npy file is missing or damaged, or has a hash other than `sha256`.

    A file is hashed only once unless it changes.
    """
    mapped(path)
    if _hash(path, _version(path)) != sha256:
        raise InputError(f"{path}: has changed since it was prepared; {_remedy(path)}")


def _version(path: Path) -> tuple[int, ...]:
    """The inode, modification time and size of a file, which tell whether it has changed."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


def _remedy(path: Path) -> str:
    return (
        f"delete the folder {path.parent} and {path.parents[2] / 'cases.csv'} "
        "to have the case prepared again"
    )


@lru_cache(maxsize=4096)
def _hash(path: Path, version: tuple[int, ...]) -> str:
    return file_hash(path)


# A new map must find every page again, which takes longer than copying the crop. Each map keeps a
# file open, and a process may often open only 1,024. The pages belong to the system's file cache,
# which the system frees when it needs memory.
@lru_cache(maxsize=256)
def _map(path: Path, version: tuple[int, ...]) -> np.ndarray:
    # never loads pickled objects, which np.load may be told to load
    return np.lib.format.open_memmap(path, mode="r")


class CaseStore:
    """A folder of prepared cases; raises InputError if `folder` is not a case store."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        for name in ("cases.csv", "store.json"):
            if not (self.folder / name).is_file():
                raise InputError(
                    f"{self.folder / name}: not found; prepare the data with 'guidednet prepare' "
                    "first"
                )
        self.settings = self._checked_settings()

    def _checked_settings(self) -> dict[str, Any]:
        """The settings in store.json; raises InputError if another program wrote that file."""
        try:
            settings = json.loads((self.folder / "store.json").read_text(encoding="utf-8"))
            organ_set(settings["dataset"])
        except (ValueError, KeyError, TypeError, InputError) as error:
            raise InputError(
                f"{self.folder}: is not a case store; "
                "give the folder that 'guidednet prepare' wrote"
            ) from error
        read_csv(self.folder / "cases.csv", dict.fromkeys(COLUMNS, str), nrows=0)
        return settings

    @cached_property
    def table(self) -> pd.DataFrame:
        """The case table by case id.

        Its columns are labelled, shape, spacing, original geometry, hashes and voxels per organ.
        """
        path = self.folder / "cases.csv"
        table = read_csv(path, COLUMNS, index_col="case_id")
        if table.index.has_duplicates:
            raise InputError(
                f"{path}: case {table.index[table.index.duplicated()][0]} is listed twice; "
                "prepare the data again"
            )
        check_case_ids(table.index, path)
        return table

    def row(self, case: str) -> pd.Series:
        """The row of `case` in the case table; raises InputError if there is no such case."""
        if case not in self.table.index:
            raise InputError(
                f"{self.folder}: has no case '{case}'; use one of those in cases.csv, "
                f"such as {self.table.index[0]}"
            )
        return self.table.loc[case]

    @property
    def labelled_ids(self) -> list[str]:
        """The ids of cases with a label."""
        return list(self.table.index[self.table["labelled"]])

    @property
    def unlabelled_ids(self) -> list[str]:
        """The ids of cases without a label."""
        return list(self.table.index[~self.table["labelled"]])

    def image(self, case: str) -> np.ndarray:
        """The image (D,H,W), float16, memory-mapped, scaled according to the settings."""
        return self._array(case, "image.npy")

    def label(self, case: str) -> np.ndarray:
        """The label map (D,H,W), uint8, memory-mapped."""
        return self._array(case, "label.npy")

    def _array(self, case: str, name: str) -> np.ndarray:
        check_case_ids([case], self.folder)  # ids may come from foreign lists or scores
        return mapped(self.folder / "cases" / case / name)

    def check(self, labelled: Iterable[str], unlabelled: Iterable[str]) -> None:
        """Raise InputError if an array that training reads is missing or no longer as prepared.

        Hidden labels are not checked.
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
        """Voxels of each class (K,) over the labelled `cases`, background first."""
        organs = organ_set(self.settings["dataset"])
        names = ["background"] + [organ.name for _, organ in organs.in_order]
        return self.table.loc[list(cases), names].sum().to_numpy(dtype=np.int64)

    def fingerprint(self, labelled: Iterable[str], unlabelled: Iterable[str]) -> str:
        """Hash of what training reads: the images of all cases, the labels of `labelled` only.

        A hidden label never enters it.
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
