"""Scenes of cases that trained methods segment when they are opened."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from scipy import ndimage

from guidednet.config import RunConfig
from guidednet.data.case_store import CaseStore
from guidednet.data.datasets import organ_set
from guidednet.data.smooth_labels import smooth_labels
from guidednet.evaluation.scores import predict_case
from guidednet.inference import predict_probabilities
from guidednet.methods import Method
from guidednet.report.viewer.display_grid import DisplayGrid, display_grid
from guidednet.report.viewer.enlarged import enlarged
from guidednet.report.viewer.scene import HU_WINDOWS, Overlay, Scene, scene_of_case
from guidednet.report.viewer.uncertainty import network_uncertainty
from guidednet.runs.store import RunStore

Trained = tuple[Method, RunConfig]


def predicted_scene(
    cases: CaseStore,
    case: str,
    trained: Mapping[str, Trained],
    others: Mapping[str, np.ndarray],
    note: str = "",
) -> Scene:
    """A case with the `others` label maps (D,H,W) and what every trained method predicts, by name.

    The last method of two networks also shows where these are uncertain.
    """
    predictions = {
        name: predict_case(method, config, cases, case)
        for name, (method, config) in trained.items()
    }
    overlays = _uncertainty(cases, case, trained)
    return scene_of_case(cases, case, {**others, **predictions}, overlays, note)


def _uncertainty(cases: CaseStore, case: str, trained: Mapping[str, Trained]) -> dict[str, Overlay]:
    """Where the last method of two networks is uncertain, by the overlay's name."""
    for name, (method, config) in reversed(trained.items()):
        if overlay := network_uncertainty(name, method, config, cases, case):
            return overlay
    return {}


def case_probabilities(
    method: Method, config: RunConfig, cases: CaseStore, case: str
) -> np.ndarray:
    """Class probabilities (K,D,H,W) of a prepared case by the primary predictor, on the CPU."""
    network = method.eval().predictors()["primary"]
    image = torch.from_numpy(np.asarray(cases.image(case), dtype=np.float32))
    window = config.window
    return predict_probabilities(
        network, image, window.size, window.stride, config.num_classes
    ).numpy()


def scene_of_runs(runs: RunStore, configs: Mapping[str, RunConfig], case: str) -> Scene:
    """A case of a data set with the predictions of finished runs by name.

    It is shown on a fine grid, in HU: the case's own scan, or the phantom drawn with small voxels.
    Without a scan, the prepared case is enlarged. The note says which, and whether the case is a
    patient's.
    """
    workspace, dataset = runs.workspace, next(iter(configs.values())).dataset
    synthetic = workspace.is_synthetic(dataset)
    trained = {name: (runs.load_method(config), config) for name, config in configs.items()}
    note = f"{dataset}: {'synthetic, not a patient' if synthetic else 'a patient'}"
    cases, grid = workspace.cases(dataset), display_grid(workspace, dataset, case)
    if grid is None:
        return enlarged(predicted_scene(cases, case, trained, {}, note))
    return shown_on(grid, cases, case, trained, note)


def shown_on(
    grid: DisplayGrid, cases: CaseStore, case: str, trained: Mapping[str, Trained], note: str = ""
) -> Scene:
    """A case on a display grid, with what every trained method predicts, by name.

    Networks see the prepared case. Their probabilities are interpolated before a class is chosen,
    so that outlines are smooth. The reference is that of the display grid.
    """
    shape = grid.image.shape
    labels = {} if grid.reference is None else {"reference": grid.reference}
    for name, (method, config) in trained.items():
        probabilities = case_probabilities(method, config, cases, case)
        labels[name] = smooth_labels(probabilities, grid.prepared, shape, grid.affine)
    overlays = _uncertainty(cases, case, trained)
    seen = " x ".join(f"{step:g}" for step in cases.spacing(case))
    return Scene(
        title=case,
        image=grid.image,
        labels=labels,
        affine=grid.affine,
        organs=organ_set(cases.settings["dataset"]),
        windows=HU_WINDOWS,
        unit="HU",
        reference=None if grid.reference is None else "reference",
        overlays={name: _on(grid, overlay) for name, overlay in overlays.items()},
        note="; ".join(filter(None, (note, f"predicted on {seen} mm, {grid.said}"))),
    )


def _on(grid: DisplayGrid, overlay: Overlay) -> Overlay:
    """An overlay of the prepared case on the display grid, linearly interpolated."""
    ways = np.linalg.inv(grid.prepared) @ grid.affine
    return replace(overlay, values=_resampled(overlay.values, ways, grid.image.shape))


def _resampled(values: np.ndarray, ways: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`values` (D,H,W) at the voxels of another grid of `shape`, linearly interpolated.

    `ways` (4,4) leads from its voxels (x,y,z) to those of `values`.
    """
    matrix, offset = ways[2::-1, 2::-1], ways[2::-1, 3]
    return ndimage.affine_transform(values, matrix, offset, shape, order=1, mode="nearest")
