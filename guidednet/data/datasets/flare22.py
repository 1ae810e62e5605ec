"""FLARE22: thirteen organs, 50 labelled, 2000 unlabelled and 50 tuning cases.

images/FLARE22_Tr_0001_0000.nii.gz  labels/FLARE22_Tr_0001.nii.gz  labelled cases
Case_00001_0000.nii.gz                                             cases without label
FLARETs_0001_0000.nii.gz            labels/FLARETs_0001.nii.gz     tuning cases (label optional)
"""

from guidednet.data.datasets.base import ENDING, Dataset, Layout, PhantomForm
from guidednet.data.organs import (
    AORTA,
    DUODENUM,
    GALLBLADDER,
    INFERIOR_VENA_CAVA,
    LEFT_ADRENAL,
    LEFT_KIDNEY,
    LIVER,
    OESOPHAGUS,
    PANCREAS,
    RIGHT_ADRENAL,
    RIGHT_KIDNEY,
    SPLEEN,
    STOMACH,
    OrganSet,
)

FLARE22 = Dataset(
    name="flare22",
    organs=OrganSet(
        dataset="flare22",
        by_label={
            1: LIVER,
            2: RIGHT_KIDNEY,
            3: SPLEEN,
            4: PANCREAS,
            5: AORTA,
            6: INFERIOR_VENA_CAVA,
            7: RIGHT_ADRENAL,
            8: LEFT_ADRENAL,
            9: GALLBLADDER,
            10: OESOPHAGUS,
            11: STOMACH,
            12: DUODENUM,
            13: LEFT_KIDNEY,
        },
        column_order=(1, 3, 11, 13, 2, 5, 4, 6, 12, 9, 10, 7, 8),
    ),
    layout=Layout(
        image=r"(?:.*/)?([^/]+)_0000\.nii\.gz",
        label=r"(?:.*/)?labels[^/]*/([^/]+)\.nii\.gz",
        labelled=r".*FLARE22_Tr_[^/]*",
        unlabelled=r".*Case_[^/]*",
        image_name="*_0000.nii.gz",
    ),
    phantom=PhantomForm(
        field_of_view_mm=(150.0, -118.0),
        labelled_id="FLARE22_Tr_{:04d}",
        unlabelled_id="Case_{:05d}",
        labelled_folders=("images", "labels"),
        unlabelled_folder="unlabeled",
        suffix=f"_0000{ENDING}",
    ),
)
