"""The surface of an organ has its volume and lies in its place."""

import numpy as np
import pytest

from guidednet.data.datasets import organ_set
from guidednet.report.viewer.surfaces3d import organ_surfaces


def test_surface_of_a_box_has_its_volume_and_place():
    label = np.zeros((20, 30, 40), np.uint8)
    label[5:15, 10:20, 8:32] = organ_set("flare22").label_of("liver")
    vertices, faces = organ_surfaces(label, (3.0, 2.0, 1.0), organ_set("flare22"))["liver"]
    corners = vertices[faces]
    volume = (
        abs(np.einsum("fi,fi->f", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum()) / 6
    )
    assert volume == pytest.approx(30 * 20 * 24, rel=0.05)
    np.testing.assert_allclose(vertices.min(0), [7.5, 19, 13.5], atol=0.6)
    assert list(organ_surfaces(label, (3.0, 2.0, 1.0), organ_set("flare22"))) == ["liver"]
