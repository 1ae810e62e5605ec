"""AMOS: fifteen organs and 300 labelled CT scans; the labels of most training cases are hidden.

imagesTr/amos_0001.nii.gz  labelsTr/amos_0001.nii.gz  imagesVa/...  labelsVa/...  labelled cases
imagesTs/...                                                                      without label

It also contains MRI, numbered from 507 on (CT ends at 410); these cases are left out.
"""

from guidednet.data.datasets.base import Dataset, Layout, PhantomForm
from guidednet.data.organs import (
    AORTA,
    BLADDER,
    DUODENUM,
    GALLBLADDER,
    INFERIOR_VENA_CAVA,
    LEFT_ADRENAL,
    LEFT_KIDNEY,
    LIVER,
    OESOPHAGUS,
    PANCREAS,
    PROSTATE_UTERUS,
    RIGHT_ADRENAL,
    RIGHT_KIDNEY,
    SPLEEN,
    STOMACH,
    OrganSet,
)

AMOS = Dataset(
    name="amos",
    organs=OrganSet(
        dataset="amos",
        by_label={
            1: SPLEEN,
            2: RIGHT_KIDNEY,
            3: LEFT_KIDNEY,
            4: GALLBLADDER,
            5: OESOPHAGUS,
            6: LIVER,
            7: STOMACH,
            8: AORTA,
            9: INFERIOR_VENA_CAVA,
            10: PANCREAS,
            11: RIGHT_ADRENAL,
            12: LEFT_ADRENAL,
            13: DUODENUM,
            14: BLADDER,
            15: PROSTATE_UTERUS,
        },
        column_order=(6, 7, 1, 3, 2, 8, 14, 9, 10, 13, 15, 4, 5, 11, 12),
    ),
    layout=Layout(
        image=r"(?:.*/)?images(?:Tr|Va|Ts)/([^/]+)\.nii\.gz",
        label=r"(?:.*/)?labels(?:Tr|Va)/([^/]+)\.nii\.gz",
        labelled=r"(?:.*/)?images(?:Tr|Va)/[^/]*",
        unlabelled=r"(?:.*/)?imagesTs/[^/]*",
        image_name="*.nii.gz in imagesTr/, imagesVa/ or imagesTs/",
        first_mri=507,
    ),
    hides_labels=True,
    phantom=PhantomForm(
        field_of_view_mm=(150.0, -268.0),
        labelled_id="amos_{:04d}",
        unlabelled_id="amos_{:04d}",
        labelled_folders=("imagesTr", "labelsTr"),
        unlabelled_folder="imagesTs",
        may_cut_pelvis=True,
        has_description=True,
    ),
)
