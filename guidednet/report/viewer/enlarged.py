"""A scene of large voxels drawn on a finer grid, so that organs have outlines instead of steps."""

from dataclasses import replace

import numpy as np

from guidednet.data.smooth_labels import one_hot, smooth_labels, smooth_values
from guidednet.report.viewer.scene import Overlay, Scene

FINE_MM = 4.5  # a voxel's side that needs no enlarging


def enlarged(scene: Scene, most_mm: float = FINE_MM) -> Scene:
    """The scene with every voxel divided until no side is longer than `most_mm`.

    Grey values and overlays are cubic B-splines; the spline of each organ's mask decides on the
    labels. The note says so. A scene of small voxels is returned as it is.
    """
    parts = [max(1, int(np.ceil(step / most_mm))) for step in scene.spacing]
    if max(parts) == 1:
        return scene
    shape = tuple(size * part for size, part in zip(scene.image.shape, parts, strict=True))
    affine = divided(scene.affine, parts)
    classes = scene.organs.num_classes
    known = " x ".join(f"{step:g}" for step in scene.spacing)
    return replace(
        scene,
        image=_smooth_within(scene.image, scene.affine, shape, affine),
        labels={
            name: smooth_labels(one_hot(label, classes), scene.affine, shape, affine)
            for name, label in scene.labels.items()
        },
        overlays={
            name: Overlay(
                _smooth_within(overlay.values, scene.affine, shape, affine),
                overlay.limits,
                overlay.unit,
            )
            for name, overlay in scene.overlays.items()
        },
        affine=affine,
        note="; ".join(filter(None, (scene.note, f"enlarged smoothly from {known} mm"))),
    )


def divided(affine: np.ndarray, parts: list[int]) -> np.ndarray:
    """The affine (4,4) of a grid whose voxels (z,y,x) are divided into `parts` along each axis."""
    steps = 1 / np.array(parts[::-1])
    fine = affine.copy()
    fine[:3, :3] = affine[:3, :3] * steps
    fine[:3, 3] += affine[:3, :3] @ ((steps - 1) / 2)
    return fine


def _smooth_within(
    values: np.ndarray, affine: np.ndarray, shape: tuple[int, ...], target: np.ndarray
) -> np.ndarray:
    """The spline of `values` on another grid, kept within their range."""
    return smooth_values(values, affine, shape, target).clip(values.min(), values.max())
