"""`view`: the viewer of whatever holds a scan and label maps.

Paths, nibabel images, NumPy arrays with their affine, prepared cases and finished runs.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from guidednet.data.case_store import CaseStore
from guidednet.errors import InputError
from guidednet.report.viewer.own_data import named, scene_of
from guidednet.report.viewer.scene import Scene
from guidednet.report.viewer.trained import predicted_scene
from guidednet.report.viewer.widget import SceneMaker, SliceViewer
from guidednet.runs.record import Run, load_weights

Image = str | Path | nib.spatialimages.SpatialImage | np.ndarray | CaseStore | Scene


def view(
    image: Image | Mapping[str, SceneMaker],
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
    (4,4) to RAS mm, a case store with one of its cases as `case`, a scene, or functions that make
    scenes, by the names under which they can be chosen. `labels` are label
    maps by name, or a single one, in the same forms; for a case store also finished runs, which
    predict the case when it is opened. `reference` names the label map that the others are compared
    with (default: the first of several, or a case's own label). The numbers in the maps are the
    labels of `dataset`. `overlays` are maps of numbers by name, arrays like the image.

    Raises InputError if a file cannot be read or two volumes do not fit together.
    """
    maps = named(labels)
    if isinstance(image, CaseStore):
        return SliceViewer(_cases(image, maps, case))
    if isinstance(image, Scene):
        return SliceViewer({image.title: lambda: image})
    if isinstance(image, Mapping):
        return SliceViewer(image)
    scene = scene_of(image, maps, dataset, affine, reference, overlays)
    return SliceViewer({scene.title: lambda: scene})


def _cases(cases: CaseStore, maps: dict[str, Any], case: str | None) -> dict[str, SceneMaker]:
    """The cases to choose from: with runs all that they were tested on, the named one first."""
    runs = {name: run for name, run in maps.items() if isinstance(run, Run)}
    others = {name: label for name, label in maps.items() if name not in runs}
    for name, label in others.items():
        if not isinstance(label, np.ndarray):
            raise InputError(
                f"{name}: a label map of a prepared case is an array on its grid or a finished run"
            )
    tested = [set(run.scores()["case"]) for run in runs.values()]
    names = sorted(set.intersection(*tested)) if tested and not others else []
    first = case or next(iter(names), cases.table.index[0])
    cases.row(first)  # raises InputError for a case that is not there
    wanted = [first, *(name for name in names if name != first)]
    return {name: partial(_predicted, cases, name, runs, others) for name in wanted}


def _predicted(
    cases: CaseStore, case: str, runs: dict[str, Run], others: dict[str, np.ndarray]
) -> Scene:
    trained = {
        name: (load_weights(run.config, run.folder / "weights.pt"), run.config)
        for name, run in runs.items()
    }
    return predicted_scene(cases, case, trained, others)
