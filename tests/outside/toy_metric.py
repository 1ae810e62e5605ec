"""A metric in a file of its own: how far the predicted volume is from the reference's."""

from guidednet.metrics import METRICS, Metric


def volume_error(case):
    return abs(case.voxels["prediction"] - case.voxels["reference"]) * case.voxel_ml


METRICS["volume_error_ml"] = Metric(
    "volume_error_ml", "ml", "difference of the volumes", volume_error, counts_absent=True
)
