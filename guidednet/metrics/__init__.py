"""All metrics by name. A new metric needs one file, or an entry in one, and one line here."""

from guidednet.metrics.base import Metric, ScoredCase
from guidednet.metrics.overlap import (
    DICE,
    FALSE_POSITIVE_ML,
    JACCARD,
    dice,
    false_positive_voxels,
    jaccard,
    mean_over_cases,
)
from guidednet.metrics.surface_distance import HD95, NSD
from guidednet.support.registry import Registry

__all__ = [
    "METRICS",
    "Metric",
    "ScoredCase",
    "dice",
    "false_positive_voxels",
    "jaccard",
    "mean_over_cases",
    "metrics_in",
]

# The order is that of scores.csv and of the tables.
METRICS: Registry[Metric] = Registry(
    "guidednet.metrics:METRICS",
    {
        "dice": DICE,
        "jaccard": JACCARD,
        "nsd": NSD,
        "hd95": HD95,
        "false_positive_ml": FALSE_POSITIVE_ML,
    },
)


def metrics_in(unit: str) -> list[str]:
    """The names of the metrics in `unit` ("%", "mm" or "ml")."""
    return [name for name, metric in METRICS.items() if metric.unit == unit]
