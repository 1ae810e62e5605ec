"""Organs: every one has its column, and colours differ with any colour vision."""

from itertools import combinations

import numpy as np
import pytest

from guidednet.data.datasets import organ_set
from helpers.colours import COLOUR_VISION, lab


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
