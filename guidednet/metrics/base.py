"""What a metric is: a value for each organ of a case, and the way tables show it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from guidednet.data.organs import OrganSet


@dataclass(frozen=True, eq=False)  # compared by identity, so that a cache can hold a case
class ScoredCase:
    """A prediction and its reference: label maps (D,H,W), voxel size `spacing` (z,y,x) in mm."""

    prediction: np.ndarray
    reference: np.ndarray
    spacing: tuple[float, ...]
    organs: OrganSet

    @property
    def num_classes(self) -> int:
        """K: the number of organs plus the background."""
        return self.organs.num_classes

    @property
    def voxel_ml(self) -> float:
        """The volume of a voxel in ml."""
        return np.prod(self.spacing) / 1000

    @cached_property
    def voxels(self) -> dict[str, np.ndarray]:
        """Number of voxels of each organ (K-1,) in the "reference" and the "prediction"."""
        maps = {"reference": self.reference, "prediction": self.prediction}
        return {
            name: np.bincount(labels.ravel(), minlength=self.num_classes)[1:]
            for name, labels in maps.items()
        }


@dataclass(frozen=True)
class Metric:
    """A column of the tables; `values` computes its (K-1,) numbers from a ScoredCase.

    `unit` "%" stands for a share (0 to 1 in scores, 0 to 100 in tables; higher is better), "mm" for
    a distance and "ml" for a volume. An organ that the reference lacks has no value (NaN) unless
    `counts_absent`. `meaning` explains the column in half a sentence. The paper prints the metrics
    that are `in_paper`; others get columns of their own.
    """

    name: str
    unit: Literal["%", "mm", "ml"]
    meaning: str
    values: Callable[[ScoredCase], np.ndarray]
    counts_absent: bool = False
    in_paper: bool = False

    @property
    def scale(self) -> float:
        """The factor from a score to the number in the tables."""
        return 100.0 if self.unit == "%" else 1.0

    @property
    def mean_column(self) -> str:
        """The column with the mean over organs and seeds."""
        return f"mean_{self.name}" if self.in_paper else self.name

    @property
    def sd_column(self) -> str:
        """The column with the standard deviation over seeds."""
        return f"sd_{self.name}"
