"""Organs: every one has its column, and colours differ with any colour vision."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from guidednet.data.datasets import organ_set

# Machado, Oliveira and Fernandes 2009, severity 1, for linear RGB.
COLOUR_VISION = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "full": np.eye(3).tolist(),
}


def lab(colour, vision):
    """CIE L*a*b* (D65) of a hex colour as seen with `vision`."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    linear = np.clip(np.array(COLOUR_VISION[vision]) @ linear, 0, 1)
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ linear
        / [0.9505, 1, 1.089]
    )
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


@pytest.mark.parametrize("vision", COLOUR_VISION)
@pytest.mark.parametrize(
    "organs", [organ_set("flare22"), organ_set("amos")], ids=lambda organs: organs.dataset
)
def test_organ_colours_differ_with_any_colour_vision(organs, vision):
    """At least 5 in CIE76, twice what is just noticeable side by side."""
    colours = {organ.name: lab(organ.colour, vision) for organ in organs.by_label.values()}
    distances = {
        pair: np.linalg.norm(colours[pair[0]] - colours[pair[1]])
        for pair in combinations(colours, 2)
    }
    closest = min(distances, key=distances.get)
    assert distances[closest] > 5, (closest, distances[closest])


@pytest.mark.parametrize(
    ("organs", "first", "last"),
    [
        (organ_set("flare22"), "Liv Spl Sto L.kid", "RAG LAG"),
        (organ_set("amos"), "Liv Sto Spl L.kid", "Eso RAG LAG"),
    ],
)
def test_paper_order_names_every_organ_once(organs, first, last):
    columns = " ".join(organs.columns)
    assert columns.startswith(first) and columns.endswith(last)
    assert sorted(organs.column_labels) == sorted(organs.by_label)
    assert len({organ.colour for organ in organs.by_label.values()}) == len(organs.by_label)


def test_neighbours_in_the_pelvis_have_different_hues():
    """Bladder and prostate, which touch, differ by more than 100 in CIE76."""
    organs = organ_set("amos")
    colours = [
        lab(organs.by_label[organs.label_of(name)].colour, "full")
        for name in ("bladder", "prostate/uterus")
    ]
    assert np.linalg.norm(colours[0] - colours[1]) > 100
