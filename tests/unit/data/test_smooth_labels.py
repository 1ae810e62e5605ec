"""Probabilities on a finer grid: smooth outlines, true places, no organ lost."""

import numpy as np
import pytest

from guidednet.data.smooth_labels import one_hot, smooth_labels, smooth_values
from guidednet.errors import InputError
from guidednet.metrics import dice

COARSE = np.diag([4.0, 4, 8, 1])


def fine_grid(times=4):
    """The shape and the affine of a grid that divides the voxels of COARSE (6,8,8)."""
    affine = COARSE / times
    affine[:3, 3] = -np.diag(COARSE)[:3] * (1 - 1 / times) / 2
    affine[3, 3] = 1
    return (24, 32, 32), affine


def ball(shape, affine, radius):
    places = np.stack(np.meshgrid(*map(np.arange, shape[::-1]), indexing="ij"), -1)
    distance = np.linalg.norm(places @ affine[:3, :3].T + affine[:3, 3] - [14, 14, 20], axis=-1)
    return np.clip((radius - distance) / 4 + 0.5, 0, 1).transpose(2, 1, 0).astype(np.float32)


def test_the_outline_of_a_ball_is_rounder_than_its_voxels():
    shape, affine = fine_grid()
    inside = ball((6, 8, 8), COARSE, 10)
    true = (ball(shape, affine, 10) > 0.5).astype(np.uint8)
    smooth = smooth_labels(np.stack([1 - inside, inside]), COARSE, shape, affine)
    nearest = np.kron((inside > 0.5), np.ones((4, 4, 4))).astype(np.uint8)
    assert dice(smooth, true, 2)[0] > 0.93 > dice(nearest, true, 2)[0] + 0.03


def test_every_class_is_where_it_is_most_probable():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(5), (6, 8, 8)).astype(np.float32)
    probabilities = np.moveaxis(probabilities, -1, 0)
    same = smooth_labels(probabilities, COARSE, (6, 8, 8), COARSE)
    np.testing.assert_array_equal(same, probabilities.argmax(0))


def test_places_beyond_the_edge_have_the_nearest_class_and_numbers():
    label = np.zeros((3, 3, 3), np.uint8)
    label[:, :, 2] = 1
    affine = np.eye(4)
    affine[0, 3] = 2
    assert (smooth_labels(one_hot(label, 2), np.eye(4), (3, 3, 4), affine) == 1).all()
    assert smooth_values(label, np.eye(4), (3, 3, 4), affine) == pytest.approx(1)


def test_turned_grids_are_refused():
    turned = np.array([[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    with pytest.raises(InputError, match="turned against each other"):
        smooth_labels(np.ones((2, 3, 3, 3)), np.eye(4), (3, 3, 3), turned)
