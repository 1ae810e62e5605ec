"""Turn the Atrial Segmentation Challenge 2018 into the data set `left_atrium`.

    python -m tools.left_atrium CHALLENGE DATA/left_atrium

CHALLENGE holds one folder per scan with lgemri.nrrd and laendo.nrrd. As in the published benchmark
(Yu et al., MICCAI 2019), each scan is scaled to mean 0 and sd 1 and cut around its atrium within
the slices: by the label, also on test cases. There the margin is drawn between 10 and 20 voxels;
here it is 15, beyond the published crop of 112 voxels at least.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK

from guidednet.errors import InputError
from guidednet.support.progress import bar

IMAGE, LABEL = "lgemri.nrrd", "laendo.nrrd"
CROP, MARGIN = 112, 15  # voxels


def around(mask: np.ndarray, axis: int) -> slice:
    """The voxels along `axis` to keep: those of `mask`, a margin, and CROP at least."""
    inside = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
    low, high = int(inside[0]), int(inside[-1]) + 1
    more = MARGIN + max(CROP - (high - low), 0) // 2
    return slice(max(low - more, 0), min(high + more, mask.shape[axis]))


def cut(folder: Path) -> tuple[SimpleITK.Image, SimpleITK.Image]:
    """Image and label of one scan, scaled and cut. Raises InputError for an empty label."""
    image, label = (SimpleITK.ReadImage(str(folder / name)) for name in (IMAGE, LABEL))
    mask = SimpleITK.GetArrayFromImage(label) > 0  # (D,H,W)
    if not mask.any():
        raise InputError(f"{folder / LABEL}: the label is empty; get the file again")
    image = SimpleITK.Normalize(SimpleITK.Cast(image, SimpleITK.sitkFloat32))
    atrium = SimpleITK.Cast(label > 0, SimpleITK.sitkUInt8)
    rows, columns = around(mask, 1), around(mask, 2)
    return image[columns, rows, :], atrium[columns, rows, :]


def main(arguments: Sequence[str] | None = None) -> None:
    """Write image.nii.gz and label.nii.gz of every scan."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("challenge", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args(arguments)
    folders = sorted(path.parent for path in options.challenge.rglob(IMAGE))
    if not folders:
        raise InputError(f"{options.challenge}: no {IMAGE} found; give the challenge's folder")
    for folder in bar("left atrium", "scan")(folders, len(folders)):
        target = options.output / folder.name
        target.mkdir(parents=True, exist_ok=True)
        for image, name in zip(cut(folder), ("image", "label"), strict=True):
            SimpleITK.WriteImage(image, str(target / f"{name}.nii.gz"))


if __name__ == "__main__":
    main()
