"""The README's picture: slices of three synthetic cases, with and without their labels.

`python -m tools.showcase figures/phantoms.png` draws it.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import nibabel as nib
import numpy as np
from matplotlib.figure import Figure

from guidednet.data.datasets import organ_set
from guidednet.phantom import make_case
from guidednet.report.viewer.slices import draw_slice, organ_legend

CASES = (("FLARE22_Tr_0001", False), ("FLARE22_Tr_0003", False), ("Case_00002", True))
WINDOW = (-160.0, 240.0)  # HU, the usual abdominal window


def showcase(voxel_mm: float = 1.5) -> Figure:
    """One row per case: transverse, coronal and sagittal slices without and with labels."""
    organs = organ_set("flare22")
    figure, grid = plt.subplots(len(CASES), 6, figsize=(15, 2.6 * len(CASES)), layout="constrained")
    for row, (case_id, shifted) in zip(grid, CASES, strict=True):
        scan = make_case("flare22", case_id, shifted, voxel_mm=voxel_mm)
        volumes = [
            nib.as_closest_canonical(nib.Nifti1Image(array, scan.affine))
            for array in (scan.image, scan.label)
        ]
        image, label = (np.asarray(volume.dataobj).transpose(2, 1, 0) for volume in volumes)
        spacing = volumes[0].header.get_zooms()[::-1]
        places = (image.shape[0] // 2, int(image.shape[1] * 0.46), int(image.shape[2] * 0.62))
        for pair, plane, place in zip(
            row.reshape(3, 2), ("transverse", "coronal", "sagittal"), places, strict=True
        ):
            draw_slice(pair[0], image, spacing, plane, place, window=WINDOW)
            draw_slice(pair[1], image, spacing, plane, place, label, organs, window=WINDOW)
        row[0].set_title(
            f"{'unlabelled' if shifted else 'labelled'} case, {scan.phase}", fontsize=9, loc="left"
        )
    organ_legend(figure, organs)
    return figure


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    showcase().savefig(path, dpi=80)
