"""Scenes of one's own data: paths, nibabel images, or NumPy arrays with their affine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from guidednet.data.datasets import resolve
from guidednet.data.nifti import as_label, read_label
from guidednet.data.organs import OrganSet
from guidednet.data.prepare import in_ras
from guidednet.data.scan import read_scan
from guidednet.data.volume import Volume
from guidednet.errors import InputError
from guidednet.report.viewer.scene import (
    HU_WINDOWS,
    SCALED_WINDOWS,
    Overlay,
    Scene,
    refuse_other_shape,
)
from guidednet.support.progress import tell


def scene_of(
    image: Any,
    maps: dict[str, Any],
    dataset: str,
    affine: np.ndarray | None = None,
    reference: str | None = None,
    overlays: Mapping[str, np.ndarray] | None = None,
) -> Scene:
    """A scan with label maps by name, each a path, a nibabel image, or an array (X,Y,Z).

    `affine` (4,4) to RAS mm belongs to an image that is an array. `reference` names the label map
    that the others are compared with (default: the first of several). `overlays` are arrays on the
    image's grid. A scan of floating-point numbers from 0 to 1 is taken for a scaled one, any other
    for HU.

    Raises InputError if a file is missing or is not a 3-D volume, if a label map is on another grid
    or has values without a name in the data set, or if `reference` is not one of the label maps.
    """
    organs, title = resolve(dataset).organs, name_of(image, "scan")
    if reference is not None and reference not in maps:
        raise InputError(
            f"reference '{reference}': not one of the label maps ({', '.join(maps) or 'none'}); "
            "give one of their names, or no reference"
        )
    scan = _volume(image, affine, title)
    for note in scan.notes:
        tell(note)
    grey, to_mm = _upright(scan)
    labels = {
        name: _upright(_label(source, scan, organs, name))[0] for name, source in maps.items()
    }
    values = {
        name: _upright(Volume(map_, scan.affine))[0] for name, map_ in (overlays or {}).items()
    }
    refuse_other_shape(title, grey, labels | values)
    scaled = grey.dtype.kind == "f" and 0 <= grey.min() and grey.max() <= 1
    return Scene(
        title=title,
        image=grey,
        labels=labels,
        affine=to_mm,
        organs=organs,
        windows=SCALED_WINDOWS if scaled else HU_WINDOWS,
        unit="scaled, 0 to 1" if scaled else "HU",
        reference=reference or (next(iter(maps)) if len(maps) > 1 else None),
        overlays={
            name: Overlay(map_, (float(map_.min()), float(map_.max())))
            for name, map_ in values.items()
        },
    )


def _upright(volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    """A volume turned to RAS+ as (D,H,W), not copied so that large ones open at once, and its
    affine.
    """
    data, affine = in_ras(np.asarray(volume.data), volume.affine)
    return data.transpose(2, 1, 0), affine


def _volume(source: Any, affine: np.ndarray | None, name: str) -> Volume:
    """A scan in any of its forms, in the axis order in which it is stored."""
    if isinstance(source, str | Path):
        return read_scan(Path(source))
    if isinstance(source, nib.spatialimages.SpatialImage):
        return Volume(np.asanyarray(source.dataobj), source.affine)
    array = np.asarray(source)
    if affine is None or array.ndim != 3 or array.dtype.kind not in "iufb":
        raise InputError(
            f"{name}: a volume is a path, a nibabel image, or an array (X,Y,Z) of numbers with its "
            "affine (4,4); give affine=..."
        )
    if not np.isfinite(array).all():
        raise InputError(f"{name}: has voxels that are not finite numbers; replace them")
    return Volume(array, np.asarray(affine, float))


def _label(source: Any, scan: Volume, organs: OrganSet, name: str) -> Volume:
    if isinstance(source, str | Path):
        return read_label(Path(source), scan, organs)
    return as_label(name, _volume(source, scan.affine, name), scan, organs)


def named(labels: Mapping[str, Any] | Any | None) -> dict[str, Any]:
    """Label maps by name; a single one has the name of its file."""
    if labels is None:
        return {}
    return dict(labels) if isinstance(labels, Mapping) else {name_of(labels, "label"): labels}


def name_of(source: Any, otherwise: str) -> str:
    """The name of a file, or `otherwise` for what has no file."""
    return Path(source).name if isinstance(source, str | Path) else otherwise
