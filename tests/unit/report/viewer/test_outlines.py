"""An outline runs around its organ, in mm, without the steps of the voxels."""

import numpy as np
import pytest

from guidednet.report.viewer.outlines import outline_of


def area(path):
    """Signed area inside a compound path."""
    total = 0.0
    for x, y in (polygon.T for polygon in path.to_polygons(closed_only=True)):
        total += (x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2
    return abs(total)


def disc(radius, step):
    rows, columns = np.mgrid[:60:step, :60:step] + step / 2
    return np.hypot(rows - 30, columns - 30) < radius


@pytest.mark.parametrize(("step", "off"), [(1.0, 0.03), (6.0, 0.2)])
def test_an_outline_encloses_the_area_of_its_organ(step, off):
    path = outline_of(disc(18, step), (step, step))
    assert area(path) == pytest.approx(np.pi * 18**2, rel=off)
    assert path.get_extents().x0 == pytest.approx(12, abs=step / 2)


def test_large_voxels_have_a_rounder_outline_than_their_edges():
    path = outline_of(disc(18, 6.0), (6.0, 6.0))
    distances = np.hypot(*(path.vertices[:-1] - 30).T)
    corners = np.hypot(15, 15)  # of the outermost voxels' edges
    assert np.ptp(distances) < 4 < corners - 15


def test_a_speck_is_drawn():
    mask = np.zeros((5, 5), bool)
    mask[2, 3] = True
    assert area(outline_of(mask, (1.0, 1.0))) > 0
