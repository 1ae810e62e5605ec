"""The viewer in a page without a kernel: its scenes, script and style are part of the page."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from guidednet.report.viewer.body import without_air
from guidednet.report.viewer.disagreement import all_pairs
from guidednet.report.viewer.payload import (
    described,
    described_comparison,
    described_surfaces,
    stored_volumes,
)
from guidednet.report.viewer.scene import Overlay, Scene
from guidednet.report.viewer.script import page_script, style

MOST_BYTES = 3_000_000  # of all scenes of a page
FEW_VOXELS = 1_000_000  # of a scene in which all pairs of label maps are soon compared
OVERLAY_STEPS = 50  # colours of an overlay in a page, because more would not be seen
SURFACE_VOXELS = 64  # a side of the grid of the surfaces
MOST_SURFACE_BYTES = 0.3  # share of a scene's bytes
# Ways of making a scene smaller, one after the other: voxels of the image joined along each axis,
# and the step to which its values are rounded in HU.
DETAILS = (
    *((1, 1.0), (1, 4.0), (1, 8.0), (1, 12.0), (1, 16.0)),
    *((2, 1.0), (2, 4.0), (3, 4.0), (4, 4.0), (6, 4.0), (8, 4.0)),
)
BASE64 = 4 / 3  # characters for a byte


def viewer_html(scenes: Sequence[Scene], most_bytes: int = MOST_BYTES) -> str:
    """A viewer of `scenes`, of which one is chosen, as HTML that needs nothing else."""
    names = [scene.title for scene in scenes]
    texts: list[str] = []
    for left, scene in enumerate(scenes):  # what one leaves is for those that follow
        room = most_bytes - sum(map(len, texts))
        texts.append(_scene_json(scene, names, room // (len(scenes) - left)))
    data = ",\n".join(texts)
    return (
        f'<style>{style()}</style><div class="guidednet-viewer-place">'
        f'<script type="application/json">[{data}]</script>'
        "<noscript>The viewer needs JavaScript.</noscript></div>"
        f'<script type="module">{page_script()}</script>'
    )


def _scene_json(scene: Scene, cases: Sequence[str], most_bytes: int) -> str:
    """The scene as JSON of at most so many bytes, or else in the coarsest of DETAILS.

    The air around the body is left out.
    """
    scene = _with_plain_overlays(without_air(scene))
    comparisons = [described_comparison(scene, *pair) for pair in _pairs(scene)]
    for _ in range(5):  # short lists of disagreements, if there are many
        if len(json.dumps(comparisons)) <= most_bytes / 5:
            break
        comparisons = [_shortened(found) for found in comparisons]
    text = ""
    for text in _attempts(scene, cases, comparisons, most_bytes):
        if len(text) <= most_bytes:
            break
    return text


def _pairs(scene: Scene) -> list[tuple[str, str]]:
    """The pairs of label maps to compare: all, or in a large scene those with the reference."""
    pairs = list(all_pairs(scene))
    if scene.image.size < FEW_VOXELS:
        return pairs
    return [pair for pair in pairs if pair[1] == scene.reference]


def _shortened(comparison: dict[str, Any]) -> dict[str, Any]:
    regions = comparison["regions"]
    kept = regions[: max(5, len(regions) // 2)]
    return comparison | {
        "regions": kept,
        "more": comparison["more"] + len(regions) - len(kept),
    }


def _attempts(
    scene: Scene, cases: Sequence[str], comparisons: list[dict[str, Any]], most_bytes: int
) -> Iterator[str]:
    surfaces = _surfaces(scene, MOST_SURFACE_BYTES * most_bytes)
    hopeless = [one for one in DETAILS if scene.image.size / one[0] ** 3 > 4 * most_bytes]
    for factor, step in DETAILS[min(len(hopeless), len(DETAILS) - 1) :]:
        thin = _thinned(scene, factor, step)
        parts = joined(scene.spacing, factor)
        moved = [_with_centres(found, parts, thin.image.shape) for found in comparisons]
        volumes = stored_volumes(thin, step)
        too_large = BASE64 * len(volumes["image"].whole()) > most_bytes
        if too_large and (factor, step) != DETAILS[-1]:
            continue
        yield _as_json(described(thin, volumes, cases, True, moved, surfaces))


def _with_plain_overlays(scene: Scene) -> Scene:
    """The scene with overlays of few values, which pack better."""
    return replace(
        scene,
        overlays={name: _stepped(overlay) for name, overlay in scene.overlays.items()},
    )


def _stepped(overlay: Overlay) -> Overlay:
    low, high = overlay.limits
    step = max(high - low, 1e-9) / OVERLAY_STEPS
    return replace(overlay, values=np.rint((overlay.values - low) / step) * step + low)


def _surfaces(scene: Scene, most_bytes: float) -> list[dict[str, Any]]:
    """The surfaces of every label map, on the finest grid on which they are small enough."""
    voxels, found = 2 * SURFACE_VOXELS, []
    while voxels > 8:
        voxels //= 2
        found = [described_surfaces(scene, name, voxels) for name in scene.labels]
        if len(_as_json(found)) <= most_bytes:
            break
    return found


def joined(spacing: Sequence[float], factor: int) -> tuple[int, ...]:
    """How many voxels are joined along each axis (z,y,x): `factor` of the smallest, fewer of
    larger ones.
    """
    return tuple(max(1, round(factor * min(spacing) / step)) for step in spacing)


def _thinned(scene: Scene, factor: int, step: float) -> Scene:
    """The scene with voxels joined: their mean in the image, and the middle one of a label map.

    `factor` is as for `joined`; grey values are rounded to multiples of `step` when they are
    stored.
    """
    if factor == 1 and step == 1:
        return scene
    parts = joined(scene.spacing, factor)
    size = [side - side % part for side, part in zip(scene.image.shape, parts, strict=True)]
    whole = tuple(slice(0, side) for side in size)
    blocks = [n for side, part in zip(size, parts, strict=True) for n in (side // part, part)]
    middle = tuple(slice(part // 2, None, part) for part in parts)

    def mean(volume: np.ndarray) -> np.ndarray:
        return volume[whole].reshape(blocks).astype(np.float32).mean((1, 3, 5))

    along = np.array(parts[::-1])  # x, y, z
    affine = scene.affine.copy()
    affine[:3, :3] *= along
    affine[:3, 3] += scene.affine[:3, :3] @ ((along - 1) / 2)
    sides = (part * side for part, side in zip(parts, scene.spacing, strict=True))
    said = f"voxels joined to {' x '.join(f'{side:.1f}' for side in sides)} mm"
    said = said if factor > 1 else ""
    rounded = f"grey values rounded to {step:g}" if step > 1 and scene.unit == "HU" else ""
    return replace(
        scene,
        image=mean(scene.image),
        labels={name: label[whole][middle] for name, label in scene.labels.items()},
        overlays={
            name: Overlay(mean(overlay.values), overlay.limits, overlay.unit)
            for name, overlay in scene.overlays.items()
        },
        affine=affine,
        note="; ".join(filter(None, (scene.note, said, rounded))),
    )


def _with_centres(
    comparison: dict[str, Any], parts: Sequence[int], shape: tuple[int, ...]
) -> dict[str, Any]:
    """The comparison with the centres of its regions on a grid of `shape`, whose voxels are each
    `parts` (z,y,x) of the scene's.
    """
    regions = [
        region
        | {
            "centre": [
                min(place // part, side - 1)
                for place, part, side in zip(region["centre"], parts, shape, strict=True)
            ]
        }
        for region in comparison["regions"]
    ]
    return comparison | {"regions": regions}


def _as_json(value: Any) -> str:
    """JSON that ends no script element, with binary as base64."""
    text = json.dumps(value, default=lambda data: base64.b64encode(data).decode())
    return text.replace("<", "\\u003c")
