"""The scan of a painted anatomy: contrast, table, texture, partial volume and noise, in HU."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from guidednet.phantom.hounsfield import HOUNSFIELD, TISSUES
from guidednet.phantom.tissues import Painter

PHASES = ("without contrast", "arterial", "portal venous", "delayed")
TEXTURE_MM = 3.75  # scale of the texture of soft tissue
# The first tissues of HOUNSFIELD (air, table, fat, skin) have the same HU in every case.
ALIKE_IN_ALL = 4
TISSUE_SPREAD = 6.0  # HU by which a tissue varies from case to case
AIR_HU = -1024


@dataclass(frozen=True)
class Protocol:
    """How often each of PHASES is scanned, and the range of the noise in HU."""

    odds: tuple[float, float, float, float]
    noise: tuple[float, float]

    def draw_time(self, generator: np.random.Generator) -> float:
        """A time after the injection, in phases: 1.4 lies between arterial and portal venous."""
        phase = generator.choice(len(PHASES), p=self.odds)
        return float(np.clip(phase + generator.uniform(-0.4, 0.4), 0, len(PHASES) - 1))


ONE_CENTRE = Protocol((0.05, 0.1, 0.75, 0.1), (7.0, 13.0))
MANY_CENTRES = Protocol((0.25, 0.25, 0.25, 0.25), (10.0, 18.0))


def acquire(
    painter: Painter,
    time: float,
    noise: float,
    axes: list[np.ndarray],
    spacing: np.ndarray,
    fatty_liver: float,
    generator: np.random.Generator,
) -> np.ndarray:
    """The scan (D,H,W) in HU: tissues, table, texture, partial volume and correlated noise."""
    _paint_table(painter, axes)
    image = _levels(time, fatty_liver, generator)[painter.tissue]
    soft_tissue = (image > -200) & (image < 300)
    image += soft_tissue * _grain(image.shape, TEXTURE_MM / spacing.min(), generator) * 12
    image = ndimage.gaussian_filter(image, (0.35, 0.6, 0.6))  # partial volume: about half a voxel
    noise_map = _grain(image.shape, (0.3, 0.7, 0.7), generator)
    return np.clip(image + noise_map * noise / noise_map.std(), AIR_HU, 2000).round()


def _levels(time: float, fatty_liver: float, generator: np.random.Generator) -> np.ndarray:
    """The HU of each tissue in this case."""
    places = range(len(PHASES))
    levels = np.array(
        [
            np.interp(time, places, values if len(values) > 1 else values * len(PHASES))
            for values in HOUNSFIELD.values()
        ],
        np.float32,
    )
    levels[ALIKE_IN_ALL:] += generator.normal(0, TISSUE_SPREAD, len(levels) - ALIKE_IN_ALL)
    levels[TISSUES.index("liver")] -= fatty_liver
    return levels


def _grain(
    shape: tuple[int, ...], sigma: float | tuple[float, ...], generator: np.random.Generator
) -> np.ndarray:
    """White noise (D,H,W), float32, smoothed by a Gaussian of `sigma` voxels."""
    return ndimage.gaussian_filter(generator.normal(0, 1, shape).astype(np.float32), sigma)


def _paint_table(painter: Painter, axes: list[np.ndarray]) -> None:
    y, x = np.meshgrid(axes[1], axes[2], indexing="ij")
    surface = -134 + (x / 210) ** 2 * 26
    shell = (np.abs(y - surface) < 2.2) & (np.abs(x) < 190)
    painter.fill(
        np.broadcast_to(shell, painter.tissue.shape) & (painter.is_tissue((...,), "air")), "table"
    )
