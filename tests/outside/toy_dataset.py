"""A data set in a file of its own: three organs, a folder for each patient."""

from guidednet.data.datasets import DATASETS, parse

DATASETS["clinic"] = parse(
    {
        "name": "clinic",
        "labels": {"1": "liver", "2": "spleen", "3": "thymus"},
        "organs": {"thymus": {"column": "Thy"}},
        "images": "{case}/ct.nii.gz",
        "segmentations": "{case}/seg.nii.gz",
    }
)
