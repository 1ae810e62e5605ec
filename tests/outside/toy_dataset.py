"""A data set in a file of its own: three organs, a folder for each patient."""

from guidednet.data.datasets import DATASETS, Dataset, Layout
from guidednet.data.organs import Organ, OrganSet

ORGANS = OrganSet(
    dataset="clinic",
    by_label={
        1: Organ("liver", "Liv", "#AA4499", 5),
        2: Organ("spleen", "Spl", "#4477AA", 3),
        3: Organ("thymus", "Thy", "#DDCC77", 3),
    },
)
LAYOUT = Layout(
    image=r".*/([^/]+)/ct\.nii\.gz",
    label=r".*/([^/]+)/seg\.nii\.gz",
    labelled=r"(?!)",
    unlabelled=r"(?!)",
    image_name="<patient>/ct.nii.gz",
)
DATASETS["clinic"] = Dataset("clinic", ORGANS, LAYOUT)
