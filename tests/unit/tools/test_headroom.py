"""The statistics of tools.headroom: what it counts, and in which units."""

from types import SimpleNamespace

import numpy as np
import pytest

from tools.headroom import anatomy


def label_of(organs):
    """A label map of flare22 (8,8,8) with boxes: organ number -> slices."""
    label = np.zeros((8, 8, 8), np.uint8)
    for number, box in organs.items():
        label[box] = number
    return label


def store_of(*labels):
    """A case store with these labels, at 10 x 5 x 2 mm."""
    names = [f"case{number}" for number in range(len(labels))]
    by_name = dict(zip(names, labels, strict=True))
    return SimpleNamespace(
        labelled_ids=names,
        label=by_name.__getitem__,
        spacing=lambda case: (10.0, 5.0, 2.0),
        settings={"dataset": "flare22"},
    )


def test_present_organs_are_counted_in_voxels_where_they_are_present():
    small, large = np.s_[0:1, 0:2, 0:2], np.s_[0:2, 0:2, 0:2]
    table = anatomy(store_of(label_of({1: small}), label_of({1: large, 2: np.s_[4:5, 4:8, 4:8]})))
    assert table.loc["liver", "present"] == 1 and table.loc["liver", "fewest_voxels"] == 4
    assert table.loc["right kidney", "present"] == 0.5
    # 4 and 8 voxels: the standard deviation is 2 sqrt(2), the mean 6
    assert table.loc["liver", "volume_spread"] == pytest.approx(2 * np.sqrt(2) / 6)


def test_a_place_is_measured_in_millimetres_from_the_middle_of_all_organs():
    """Both organs move together: nothing. One moves by two slices of 10 mm: half of it each."""
    liver = np.s_[0:1, 0:2, 0:2]
    first = label_of({1: liver, 2: np.s_[2:3, 0:2, 0:2]})
    together = np.roll(first, 3, axis=1)
    apart = label_of({1: liver, 2: np.s_[4:5, 0:2, 0:2]})
    assert anatomy(store_of(first, together)).loc["liver", "place_spread_mm"] == 0
    spread = anatomy(store_of(first, apart)).loc["liver", "place_spread_mm"]
    assert spread == pytest.approx(10 / np.sqrt(2) / np.sqrt(3))
