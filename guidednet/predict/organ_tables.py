"""What goes beside a segmentation: the volumes of its organs, and their colours for viewers."""

from pathlib import Path

import numpy as np

from guidednet.data.organs import OrganSet
from guidednet.support.files import write_text


def organ_volumes(label: np.ndarray, affine: np.ndarray, organs: OrganSet) -> dict[str, float]:
    """Volume in ml of each organ in a label map (X,Y,Z), by name in the paper's order."""
    voxels = np.bincount(label.ravel(), minlength=organs.num_classes)
    voxel_ml = abs(np.linalg.det(affine[:3, :3])) / 1000
    return {
        organs.by_label[value].name: round(float(voxels[value] * voxel_ml), 3)
        for value in organs.column_labels
    }


def write_colour_tables(organs: OrganSet, folder: Path) -> list[Path]:
    """Write labels.txt for ITK-SNAP and labels.ctbl for 3D Slicer; returns both paths."""
    colours = {
        organs.ids[label]: tuple(int(organ.colour[place : place + 2], 16) for place in (1, 3, 5))
        for label, organ in organs.in_order
    }
    names = {organs.ids[label]: organ.name for label, organ in organs.in_order}
    snap = ['    0     0    0    0        0  0  0    "Clear Label"']
    snap += [
        f'{label:5d} {r:5d} {g:4d} {b:4d}        1  1  1    "{names[label]}"'
        for label, (r, g, b) in colours.items()
    ]
    slicer = ["0 background 0 0 0 0"]
    slicer += [
        f"{label} {names[label].replace(' ', '_')} {r} {g} {b} 255"
        for label, (r, g, b) in colours.items()
    ]
    files = {folder / "labels.txt": snap, folder / "labels.ctbl": slicer}
    for path, lines in files.items():
        write_text(path, "\n".join(lines) + "\n")
    return list(files)
