"""`view`: the viewer of whatever holds a scan and label maps.

Paths, nibabel images, NumPy arrays with their affine, prepared cases and finished runs.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from guidednet.data.case_store import CaseStore
from guidednet.data.datasets import resolve
from guidednet.data.nifti import Volume, as_label, canonical, read_label
from guidednet.data.organs import OrganSet
from guidednet.errors import InputError
from guidednet.evaluation.scores import predict_case
from guidednet.predict import read_scan
from guidednet.report.viewer.scene import (
    HU_WINDOWS,
    SCALED_WINDOWS,
    Overlay,
    Scene,
    refuse_other_shape,
    scene_of_case,
)
from guidednet.report.viewer.widget import SceneMaker, SliceViewer
from guidednet.runs.record import Run, load_weights

Image = str | Path | nib.spatialimages.SpatialImage | np.ndarray | CaseStore | Scene
"""What `view` shows; also a sequence of scenes, among which one is chosen."""


def view(
    image: Image | Iterable[Scene],
    labels: Mapping[str, Any] | Any | None = None,
    *,
    affine: np.ndarray | None = None,
    reference: str | None = None,
    dataset: str = "flare22",
    case: str | None = None,
    overlays: Mapping[str, np.ndarray] | None = None,
) -> SliceViewer:
    """The viewer of a scan with label maps, as a widget; a static picture where no script runs.

    `image` is a NIfTI file or DICOM folder, a nibabel image, an array (X,Y,Z) with its `affine`
    (4,4) to RAS mm, a case store with one of its cases as `case`, or a scene. `labels` are label
    maps by name, or a single one, in the same forms; for a case store also finished runs, which
    predict the case when it is opened. `reference` names the label map that the others are compared
    with (default: the first of several, or a case's own label). The numbers in the maps are the
    labels of `dataset`. `overlays` are maps of numbers by name, arrays like the image.

    Raises InputError if a file cannot be read or two volumes do not fit together.
    """
    maps = _named(labels)
    if isinstance(image, CaseStore):
        return SliceViewer(_cases(image, maps, case))
    if isinstance(image, Scene):
        return SliceViewer({image.title: lambda: image})
    if isinstance(image, list | tuple):
        return SliceViewer({scene.title: partial(_itself, scene) for scene in image})
    scene = _scene(image, maps, affine, reference, dataset, overlays or {})
    return SliceViewer({scene.title: lambda: scene})


def _itself(scene: Scene) -> Scene:
    return scene


def _named(labels: Mapping[str, Any] | Any | None) -> dict[str, Any]:
    if labels is None:
        return {}
    if isinstance(labels, Mapping):
        return dict(labels)
    return {_name(labels, "label"): labels}


def _name(source: Any, otherwise: str) -> str:
    return Path(source).name if isinstance(source, str | Path) else otherwise


def _cases(
    cases: CaseStore, maps: dict[str, Any], case: str | None
) -> dict[str, SceneMaker]:
    """The cases to choose from: with runs all that they were tested on, the named one first."""
    runs = {name: run for name, run in maps.items() if isinstance(run, Run)}
    others = {name: np.asarray(label) for name, label in maps.items() if name not in runs}
    tested = [set(run.scores()["case"]) for run in runs.values()]
    names = sorted(set.intersection(*tested)) if tested and not others else []
    first = case or next(iter(names), cases.table.index[0])
    cases.row(first)  # raises InputError for a case that is not there
    wanted = [first, *(name for name in names if name != first)]
    return {name: partial(_predicted, cases, name, runs, others) for name in wanted}


def _predicted(
    cases: CaseStore, case: str, runs: dict[str, Run], others: dict[str, np.ndarray]
) -> Scene:
    predictions = {
        name: predict_case(
            load_weights(run.config, run.folder / "weights.pt"), run.config, cases, case
        )
        for name, run in runs.items()
    }
    return scene_of_case(cases, case, others | predictions)


def _scene(
    image: Any,
    maps: dict[str, Any],
    affine: np.ndarray | None,
    reference: str | None,
    dataset: str,
    overlays: Mapping[str, np.ndarray],
) -> Scene:
    organs, title = resolve(dataset).organs, _name(image, "scan")
    if reference is not None and reference not in maps:
        raise InputError(
            f"reference '{reference}': not one of the label maps ({', '.join(maps) or 'none'}); "
            "give one of their names, or no reference"
        )
    scan = _volume(image, affine, title)
    grey, to_mm = canonical(scan)
    labels = {
        name: canonical(_label(source, scan, organs, name))[0] for name, source in maps.items()
    }
    values = {name: canonical(Volume(map_, scan.affine))[0] for name, map_ in overlays.items()}
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
