"""A scene of large voxels is shown on small ones, in the same place, and says so."""

from dataclasses import replace

import numpy as np

from guidednet.report.viewer.enlarged import enlarged
from helpers.scenes import scene_of


def test_voxels_are_divided_and_stay_where_they_are():
    coarse = replace(scene_of(), affine=np.diag([6.0, 6, 9, 1]))
    fine = enlarged(coarse, most_mm=3)
    assert fine.image.shape == (12, 20, 24) and fine.spacing == (3, 3, 3)
    centre = np.append((np.array([1, 1, 1]) * [2, 2, 3] + [0.5, 0.5, 1]), 1)
    np.testing.assert_allclose(fine.affine @ centre, coarse.affine @ [1, 1, 1, 1])
    assert coarse.image.min() <= fine.image.min() and fine.image.max() <= coarse.image.max()
    known = (coarse.labels["reference"] == 1).sum() * 6 * 6 * 9
    assert abs((fine.labels["reference"] == 1).sum() * 27 / known - 1) < 0.15
    assert "enlarged smoothly from 9 x 6 x 6 mm" in fine.note


def test_small_voxels_stay_as_they_are():
    scene = scene_of()
    assert enlarged(scene) is scene
