"""From a scan to its segmentation: the same preparation, the run's sliding window, back on the scan's own grid."""

from pathlib import Path

from guidednet.config import from_dict
from guidednet.errors import InputError
from guidednet.inference import predict_labels
from guidednet.nifti import read_image, write_label
from guidednet.organs import organ_set
from guidednet.prepare import prepare_image, to_grid
from guidednet.records import config_from_record, load_weights, read_record
from guidednet.store import PrepareConfig


def segment_scan(scan: Path, run_folder: Path, output: Path, predictor: str = "primary", device: str = "cpu") -> None:
    """Segment the scan at `scan` with the run of `run_folder` into `output`: label ids on the scan's grid and affine.

    Raises InputError for a scan that cannot be used, a folder that is no finished run, a predictor that the
    run's method lacks, and an output that is no NIfTI name.
    """
    if not output.name.endswith((".nii", ".nii.gz")):
        raise InputError(f"{output}: the output's name must end in .nii or .nii.gz")
    record = read_record(run_folder)
    config = config_from_record(record["config"])
    predictors = load_weights(config, run_folder / "weights.pt").to(device).predictors()
    if predictor not in predictors:
        raise InputError(f"{run_folder}: method {config.method} has no {predictor}; leave --ensemble out")
    volume = read_image(scan)
    image, affine = prepare_image(volume, from_dict(PrepareConfig, record["prepare"]))
    label = predict_labels(predictors[predictor], image, config.window, organ_set(config.dataset).num_classes, device)
    write_label(output, to_grid(label, affine, volume.data.shape, volume.affine), volume.affine)
