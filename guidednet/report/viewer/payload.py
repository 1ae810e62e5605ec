"""A scene as the viewer in the browser reads it: a description, and volumes as gzipped binary.

The description is what `readScene` in javascript/scene.js expects. Volumes are (D,H,W) in C order,
int16 for the image (value = stored * slope + intercept) and uint8 for label maps and overlays.
A little-endian machine is taken for granted, as browsers do.
"""

import gzip
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from guidednet.report.viewer.disagreement import Comparison, compare
from guidednet.report.viewer.scene import Overlay, Scene
from guidednet.report.viewer.slices import cut_unturned
from guidednet.report.viewer.surfaces3d import Mesh, display_surfaces

INT16 = np.iinfo(np.int16)
GREYS = 4095  # steps over the range of an image that is not in whole numbers
LARGEST_UNIT = 100  # a range above it is taken for whole units, such as HU


def packed(values: np.ndarray, level: int = 6) -> bytes:
    """An array as gzipped binary, the same bytes every time."""
    return gzip.compress(values.tobytes(), level, mtime=0)


@dataclass(frozen=True)
class Stored:
    """A volume (D,H,W), and how its values become those that the browser gets.

    The browser gets (value - intercept) / slope, rounded, as `kind`.
    """

    id: str
    values: np.ndarray
    kind: str
    slope: float = 1.0
    intercept: float = 0.0

    def stored(self, values: np.ndarray) -> np.ndarray:
        """Any part of the volume as the browser gets it, in C order."""
        if values.dtype != self.kind or (self.slope, self.intercept) != (1, 0):
            limits = np.iinfo(self.kind)
            scaled = (values.astype(np.float32) - self.intercept) / self.slope
            values = np.clip(np.rint(scaled), limits.min, limits.max).astype(self.kind)
        return np.ascontiguousarray(values)

    def slice(self, plane: str, index: int) -> bytes:
        """One slice, packed, rows and columns by rising index."""
        return packed(self.stored(cut_unturned(self.values, plane, index)), level=1)

    def whole(self) -> bytes:
        """All voxels, packed; int16 as differences between neighbours, which are small, first all
        their low bytes and then all their high ones. Differences 0, -1, 1, -2, ... are written as
        0, 1, 2, 3, ..., because the high bytes of negative numbers would not pack.
        """
        values = self.stored(self.values)
        if self.kind == "uint8":
            return packed(values)
        steps = np.diff(values.ravel(), prepend=np.int16(0))  # modulo 2 ** 16
        codes = (steps << 1) ^ (steps >> 15)
        return packed(np.ascontiguousarray(codes.view(np.uint8).reshape(-1, 2).T))

    def described(self, whole: bool) -> dict[str, Any]:
        """What the browser has to know, with all voxels if `whole`."""
        return {
            "id": self.id,
            "kind": self.kind,
            "slope": self.slope,
            "intercept": self.intercept,
            "bytes": self.whole() if whole else None,
        }


def stored_image(image: np.ndarray, step: float = 1.0) -> Stored:
    """The image in whole units of `step`, or in 4,096 greys if its range is small."""
    low, high = float(image.min()), float(image.max())
    whole_units = image.dtype.kind in "iu" or high - low > LARGEST_UNIT
    if whole_units and low >= INT16.min and high <= INT16.max:
        return Stored("image", image, "int16", float(step))
    return Stored("image", image, "int16", max(high - low, 1e-9) / GREYS * step, low)


def stored_overlay(name: str, overlay: Overlay) -> Stored:
    """An overlay in 256 steps over its limits."""
    low, high = overlay.limits
    return Stored(f"overlay:{name}", overlay.values, "uint8", max(high - low, 1e-9) / 255, low)


def stored_volumes(scene: Scene, step: float = 1.0) -> dict[str, Stored]:
    """All volumes of a scene by the name that the browser asks for."""
    maps = [Stored(f"map:{name}", label, "uint8") for name, label in scene.labels.items()]
    overlays = [stored_overlay(name, overlay) for name, overlay in scene.overlays.items()]
    return {volume.id: volume for volume in (stored_image(scene.image, step), *maps, *overlays)}


def described(
    scene: Scene,
    volumes: dict[str, Stored],
    cases: Sequence[str],
    whole: bool,
    comparisons: Sequence[dict[str, Any]] = (),
    surfaces: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """The scene as the viewer reads it; without `whole` its voxels are fetched slice by slice."""
    named = {label: scene.organs.by_label[label] for label in scene.listed()}
    return {
        "title": scene.title,
        "note": scene.note,
        "cases": list(cases) or [scene.title],
        "shape": list(scene.image.shape),
        "spacing": list(scene.spacing),
        "affine": scene.affine.tolist(),
        "unit": scene.unit,
        "windows": [
            {"name": name, "limits": list(limits)} for name, limits in scene.windows.items()
        ],
        "organs": [
            {"label": label, "name": organ.name, "colour": organ.colour}
            for label, organ in named.items()
        ],
        "reference": scene.reference or "",
        "start": list(scene.centre()),
        "image": volumes["image"].described(whole),
        "maps": [
            {"name": name, **volumes[f"map:{name}"].described(whole)} for name in scene.labels
        ],
        "overlays": [
            {
                "name": name,
                "low": overlay.limits[0],
                "high": overlay.limits[1],
                "unit": overlay.unit,
                **volumes[f"overlay:{name}"].described(whole),
            }
            for name, overlay in scene.overlays.items()
        ],
        "comparisons": list(comparisons),
        "surfaces": list(surfaces),
    }


def described_comparison(scene: Scene, first: str, second: str) -> dict[str, Any]:
    """How `first` compares with `second`, for the browser; the Dice of an absent organ is None."""
    found: Comparison = compare(scene, first, second)
    voxel_ml = math.prod(scene.spacing) / 1000
    return {
        "kind": "comparison",
        "title": scene.title,
        "first": first,
        "second": second,
        "dice": {
            str(label): None if math.isnan(value) else round(value, 5)
            for label, value in found.dice.items()
        },
        "regions": [
            {
                "organ": region.organ,
                "kind": region.kind,
                "voxels": region.voxels,
                "ml": round(region.voxels * voxel_ml, 4),
                "centre": list(region.centre),
            }
            for region in found.regions
        ],
        "more": found.more,
    }


def described_surfaces(scene: Scene, name: str, most_voxels: int) -> dict[str, Any]:
    """The surfaces of a label map for the browser, made on a grid of at most so many voxels a side.

    Corners are int16 in units of `unit` mm from the volume's corner, faces uint16.
    """
    extent = max(size * step for size, step in zip(scene.image.shape, scene.spacing, strict=True))
    unit = extent / (INT16.max - 1)
    meshes = display_surfaces(scene.labels[name], scene.spacing, scene.organs, most_voxels)
    return {
        "kind": "surfaces",
        "title": scene.title,
        "map": name,
        "unit": unit,
        "organs": [_packed_mesh(label, mesh, unit) for label, mesh in meshes.items()],
    }


def _packed_mesh(label: int, mesh: Mesh, unit: float) -> dict[str, Any]:
    corners, faces = mesh
    places = np.clip(np.rint(corners / unit), INT16.min, INT16.max).astype(np.int16)
    return {
        "label": label,
        "corners": packed(places),
        "faces": packed(faces.astype(np.uint16)),
    }
