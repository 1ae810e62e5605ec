"""Metrics of label maps: overlaps, and distances between surfaces."""

from guidednet.metrics.overlap import (
    dice,
    false_positive_voxels,
    jaccard,
    joint_histogram,
    mean_over_cases,
)

__all__ = ["dice", "false_positive_voxels", "jaccard", "joint_histogram", "mean_over_cases"]
