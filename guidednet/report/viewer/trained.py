"""Scenes of cases that trained methods segment when they are opened."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy import ndimage

from guidednet.config import RunConfig
from guidednet.data.case_store import CaseStore
from guidednet.data.layouts import RawCase, find_cases
from guidednet.data.nifti import canonical, read_image
from guidednet.data.prepare import read_reference
from guidednet.data.resample import prepared_grid, to_grid
from guidednet.evaluation.scores import predict_case
from guidednet.methods import Method
from guidednet.report.viewer.scene import HU_WINDOWS, Scene, scene_of_case
from guidednet.report.viewer.uncertainty import network_uncertainty
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace

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
    overlays = {}
    for name, (method, config) in trained.items():
        overlays = network_uncertainty(name, method, config, cases, case) or overlays
    return scene_of_case(cases, case, {**others, **predictions}, overlays, note)


def scene_of_runs(runs: RunStore, configs: Mapping[str, RunConfig], case: str) -> Scene:
    """A case of a data set with the predictions of finished runs by name.

    It is shown on its scan's own grid, in HU, if the scan exists. The note says so, and whether the
    case is a patient's.
    """
    workspace, dataset = runs.workspace, next(iter(configs.values())).dataset
    synthetic = workspace.is_synthetic(dataset)
    trained = {name: (runs.load_method(config), config) for name, config in configs.items()}
    note = f"{dataset}: {'synthetic, not a patient' if synthetic else 'a patient'}"
    prepared = predicted_scene(workspace.cases(dataset), case, trained, {}, note)
    raw = _raw_case(workspace, dataset, case)
    return prepared if raw is None else on_scan(prepared, raw)


def _raw_case(workspace: Workspace, dataset: str, case: str) -> RawCase | None:
    """The case as it is on disk; None if its scan is no longer there."""
    folder = workspace.raw_folder(dataset)
    found = find_cases(folder, dataset) if folder.is_dir() else []
    return next((raw for raw in found if raw.case_id == case), None)


def on_scan(prepared: Scene, raw: RawCase) -> Scene:
    """The scene of a prepared case, returned to the grid of its scan as a prediction would be.

    The reference is the one on disk. Networks see the prepared grid, people the scan's.
    """
    scan = read_image(raw.image)
    grey, affine = canonical(scan)
    shape = grey.shape[::-1]
    _, grid = prepared_grid(shape, affine, prepared.spacing[::-1])
    labels = {
        name: to_grid(label, grid, shape, affine).transpose(2, 1, 0)
        for name, label in prepared.labels.items()
        if name != prepared.reference
    }
    if prepared.reference is not None:
        reference = read_reference(raw, scan, prepared.organs)
        labels = {prepared.reference: canonical(reference)[0]} | labels
    ways = np.linalg.inv(grid) @ affine
    overlays = {
        name: replace(overlay, values=_resampled(overlay.values, ways, grey.shape))
        for name, overlay in prepared.overlays.items()
    }
    said = "shown and measured on the scan's grid"
    return replace(
        prepared,
        image=grey,
        labels=labels,
        affine=affine,
        windows=HU_WINDOWS,
        unit="HU",
        overlays=overlays,
        note="; ".join(filter(None, (prepared.note, said))),
    )


def _resampled(values: np.ndarray, ways: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`values` (D,H,W) at the voxels of another grid of `shape`, linearly interpolated.

    `ways` (4,4) leads from its voxels (x,y,z) to those of `values`.
    """
    matrix, offset = ways[2::-1, 2::-1], ways[2::-1, 3]
    return ndimage.affine_transform(values, matrix, offset, shape, order=1, mode="nearest")
