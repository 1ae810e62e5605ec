"""Solid shapes in millimetres: each is a field over points, negative inside, growing outwards.

Fields are needed only up to `reach` mm beyond the surface; further out, any value at least that
large will do, which saves most of the work.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.spatial import cKDTree

SEAM = 5.0  # in widths: shapes further apart than this do not round each other's seam
Points = np.ndarray  # (N, 3): x to the right, y to anterior, z to superior, mm


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid; `turn` rotates it about the z axis, `tilt` about the y axis (degrees)."""

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    turn: float = 0.0
    tilt: float = 0.0

    @cached_property
    def bounds(self) -> np.ndarray:
        """Corners (2,3) of a box that holds the shape."""
        reach = max(self.radii) if self.turn or self.tilt else np.array(self.radii)
        return np.array([np.array(self.centre) - reach, np.array(self.centre) + reach])

    def field(self, points: Points, reach: float) -> np.ndarray:
        """Roughly the distance (N,) to the surface."""
        turn, tilt = np.deg2rad([self.turn, self.tilt])
        about_z = np.array(
            [[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
        )
        about_y = np.array(
            [[np.cos(tilt), 0, -np.sin(tilt)], [0, 1, 0], [np.sin(tilt), 0, np.cos(tilt)]]
        )
        to_unit_ball = ((about_y @ about_z) / np.array(self.radii)[:, None]).T.astype(np.float32)
        local = points @ to_unit_ball - np.array(self.centre, np.float32) @ to_unit_ball
        return (np.sqrt(np.einsum("nc,nc->n", local, local)) - 1) * min(self.radii)


@dataclass(frozen=True)
class Tube:
    """A tube along a smooth curve through `path`; its radius is interpolated between `radii`."""

    path: tuple[tuple[float, float, float], ...]
    radii: tuple[float, ...]

    @cached_property
    def samples(self) -> tuple[np.ndarray, np.ndarray]:
        """Dense points (M,3) on the curve and the radius (M,) at each."""
        path = np.array(self.path)
        length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
        curve = make_interp_spline(length, path, k=min(3, len(path) - 1))
        places = np.linspace(0, length[-1], max(8, int(length[-1] / 2)))
        return curve(places), np.interp(
            places, np.linspace(0, length[-1], len(self.radii)), self.radii
        )

    @cached_property
    def bounds(self) -> np.ndarray:
        """Corners (2,3) of a box that holds the shape."""
        points, radii = self.samples
        return np.array([(points - radii[:, None]).min(0), (points + radii[:, None]).max(0)])

    def field(self, points: Points, reach: float) -> np.ndarray:
        """Distance (N,) to the curve minus the radius there."""
        curve, radii = self.samples
        limit = radii.max() + reach
        distance, nearest = cKDTree(curve).query(points, distance_upper_bound=limit)
        # beyond the limit the query finds no nearest point, hence the radius 0.0
        return np.minimum(distance, limit) - np.append(radii, 0.0)[nearest]


@dataclass(frozen=True)
class Blend:
    """The union of shapes, with seams rounded over `width` mm."""

    shapes: tuple["Shape", ...]
    width: float = 8.0

    @cached_property
    def bounds(self) -> np.ndarray:
        """Corners (2,3) of a box that holds all shapes."""
        corners = np.array([shape.bounds for shape in self.shapes])
        return np.array([corners[:, 0].min(0), corners[:, 1].max(0)])

    def field(self, points: Points, reach: float) -> np.ndarray:
        """Smooth minimum (N,) of the shapes' fields."""
        fields = np.array([shape.field(points, reach + SEAM * self.width) for shape in self.shapes])
        least = fields.min(0)
        return least - self.width * np.log(np.exp((least - fields) / self.width).sum(0))


@dataclass(frozen=True)
class Without:
    """`shape` with `bite` cut out of it."""

    shape: "Shape"
    bite: "Shape"

    @property
    def bounds(self) -> np.ndarray:
        """Corners (2,3) of a box that holds the shape."""
        return self.shape.bounds

    def field(self, points: Points, reach: float) -> np.ndarray:
        """The larger (N,) of the shape's field and the negated field of the bite."""
        return np.maximum(self.shape.field(points, reach), -self.bite.field(points, reach))


Shape = Ellipsoid | Tube | Blend | Without
