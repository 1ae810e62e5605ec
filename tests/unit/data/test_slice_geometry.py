"""A stack's affine maps every voxel to its own slice's place, or the stack is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from guidednet.data.slice_geometry import LPS_TO_RAS, Slice, stack
from guidednet.errors import InputError
from helpers.bad_input import refused

SHAPE = (24, 20)


def slices_at(places, rotation=None, spacing=(0.8, 0.7)):
    axes = np.eye(3) if rotation is None else rotation
    return [
        Slice(f"I{index:03d}", tuple(place), tuple(axes[:, 0]), tuple(axes[:, 1]), *spacing, SHAPE)
        for index, place in enumerate(places)
    ]


def line(count=10, step=(0, 0, 5)):
    return [np.multiply(step, index) for index in range(count)]


def place_of(part, row, column):
    """The place (RAS mm) of a pixel by the slice's own header: PS3.3, C.7.6.2.1.1."""
    lps = (
        np.array(part.position)
        + np.array(part.along_row) * part.column_spacing * column
        + np.array(part.along_column) * part.row_spacing * row
    )
    return lps * (-1, -1, 1)


def farthest(slices, order, affine):
    """mm between a voxel's place by the affine and by its slice's header, over all corners."""
    return max(
        np.linalg.norm(
            (affine @ [column, row, place, 1])[:3] - place_of(slices[index], row, column)
        )
        for place, index in enumerate(order)
        for row in (0, SHAPE[0] - 1)
        for column in (0, SHAPE[1] - 1)
    )


@given(
    rotation=st.tuples(*[st.floats(-180, 180)] * 3),
    tilt=st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
    step=st.floats(0.3, 12),
    first=st.tuples(*[st.floats(-800, 800)] * 3),
    count=st.integers(2, 40),
    jitter=st.floats(0, 0.4),
    decimals=st.integers(2, 6),
    seed=st.integers(0, 99),
)
def test_every_voxel_lies_where_its_slice_says_or_the_stack_is_refused(
    rotation, tilt, step, first, count, jitter, decimals, seed
):
    generator = np.random.default_rng(seed)
    axes = Rotation.from_euler("xyz", rotation, degrees=True).as_matrix()
    places = np.add(first, np.arange(count)[:, None] * (axes @ [*tilt, 1.0]) * step)
    places += jitter * generator.integers(2) * generator.uniform(-1, 1, places.shape)
    slices = [slices_at(places.round(decimals), axes)[i] for i in generator.permutation(count)]
    try:
        order, affine = stack(slices)
    except InputError:
        assert jitter > 0 or step * 0.02 < 2 * 10.0**-decimals
        return
    assert sorted(order) == list(range(count))
    assert farthest(slices, order, affine) <= 0.1


def test_a_tilted_gantry_gives_a_shear_and_the_volume_of_a_voxel_is_that_of_its_slices():
    angle = np.radians(18.5)
    axes = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)]]).T
    axes = np.column_stack([axes, np.cross(axes[:, 0], axes[:, 1])])
    slices = slices_at(line(), axes)
    order, affine = stack(slices)
    assert order == list(range(10)) and farthest(slices, order, affine) < 1e-9
    np.testing.assert_allclose((LPS_TO_RAS @ affine)[:3, 2], (0, 0, 5), atol=1e-9)
    assert abs(np.linalg.det(affine[:3, :3])) == pytest.approx(0.8 * 0.7 * 5 * np.cos(angle))


def moved(places, index, by):
    return [np.add(place, by) if k == index else place for k, place in enumerate(places)]


FAULTS = {
    "a gap": (line(4) + line(10)[6:], "slices are missing between I003 and I004 (15.0 mm apart"),
    "two gaps": (line(3) + line(7)[4:] + line(12)[8:], "slices are missing between"),
    "a wider part": (
        line(6) + [np.array([0, 0, 25 + 7 * k]) for k in range(1, 6)],
        "the distance between slices changes at I005, from 5 to 7 mm",
    ),
    "a denser part": (
        line(6) + [np.array([0, 0, 25 + 2.5 * k]) for k in range(1, 6)],
        "the distance between slices changes at I005, from 5 to 2.5 mm",
    ),
    "a step that grows": (
        [np.array([0, 0, 5 * k + 0.1 * k**2]) for k in range(10)],
        "the distance between slices changes at",
    ),
    "a gap of no whole step": (
        line(5) + [np.array([0, 0, 32.5 + 5 * k]) for k in range(5)],
        "the distance between slices changes at",
    ),
    "beside the line": (moved(line(), 4, (3, 0, 0)), "I004 lies 2.7 mm from the line"),
    "twice": (line() + line()[4:5], "I004 and I010 lie at the same position; keep the one"),
    "two phases": (line() + line(), "holds several volumes, such as phases"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_slices_that_are_no_even_stack_are_refused_and_said(name):
    places, message = FAULTS[name]
    refused(message, stack, slices_at(places))


def test_a_slice_of_another_plane_or_size_is_named():
    slices = slices_at(line())
    coronal = slices_at([(0, 0, 23)], np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]).T)
    odd = replace(coronal[0], name="scout")
    refused("scout is not oriented like the other slices", stack, [*slices, odd])
    larger = slices_at([(0, 0, 50)], spacing=(0.9, 0.7))
    refused("is not as large as the other slices", stack, [*slices, *larger])
    near = Rotation.from_euler("x", 0.4, degrees=True).as_matrix()
    refused("lies 0.1", stack, [*slices, *slices_at([(0, 0, 50)], near)])


@pytest.mark.parametrize(("decimals", "by", "is_read"), [(1, 0.05, True), (4, 0.05, False)])
def test_a_position_may_be_rounded_as_its_header_rounds_it(decimals, by, is_read):
    slices = [
        replace(part, decimals=decimals)
        for part in slices_at(moved(line(step=(0, 0, 0.6)), 5, (0, 0, by)))
    ]
    if is_read:
        stack(slices)
    else:
        refused("changes at", stack, slices)


@pytest.mark.parametrize("numbers", [range(1, 21, 2), range(40, 0, -4)])
def test_every_other_slice_is_no_series_unless_slices_are_as_thick(numbers):
    slices = [replace(part, number=n) for part, n in zip(slices_at(line()), numbers, strict=True)]
    refused("slices are missing between I000 and I001, as between all others", stack, slices)
    stack([replace(part, thickness=5.0) for part in slices])
