"""What a metric is: a value for each organ of a case, and how tables show it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from guidednet.data.organs import OrganSet


@dataclass(frozen=True, eq=False)  # maps are compared by nobody, and a case can be remembered
class ScoredCase:
    """A prediction beside its reference: label maps (D,H,W), voxel size `spacing` (z,y,x) in mm."""

    prediction: np.ndarray
    reference: np.ndarray
    spacing: tuple[float, ...]
    organs: OrganSet

    @property
    def num_classes(self) -> int:
        """K: the organs and the background."""
        return self.organs.num_classes

    @property
    def voxel_ml(self) -> float:
        """The volume of a voxel in ml."""
        return np.prod(self.spacing) / 1000

    @cached_property
    def voxels(self) -> dict[str, np.ndarray]:
        """Voxels of each organ (K-1,) in "reference" and "prediction"."""
        maps = {"reference": self.reference, "prediction": self.prediction}
        return {
            name: np.bincount(labels.ravel(), minlength=self.num_classes)[1:]
            for name, labels in maps.items()
        }


@dataclass(frozen=True)
class Metric:
    """A column of the tables, filled by `values`: (K-1,) numbers of a ScoredCase.

    `unit` "%" stands for a share, 0 to 1 in scores and 0 to 100 in tables, of which more is better;
    "mm" and "ml" for distances and volumes. An organ that the reference lacks has no value (NaN)
    unless `counts_absent`. `meaning` explains the column in half a sentence. The paper prints the
    metrics that are `in_paper`; others get columns of their own.
    """

    name: str
    unit: Literal["%", "mm", "ml"]
    meaning: str
    values: Callable[[ScoredCase], np.ndarray]
    counts_absent: bool = False
    in_paper: bool = False

    @property
    def scale(self) -> float:
        """What turns a score into the number that tables show."""
        return 100.0 if self.unit == "%" else 1.0

    @property
    def mean_column(self) -> str:
        """The column of its mean over organs and seeds."""
        return f"mean_{self.name}" if self.in_paper else self.name

    @property
    def sd_column(self) -> str:
        """The column of its standard deviation over seeds."""
        return f"sd_{self.name}"
