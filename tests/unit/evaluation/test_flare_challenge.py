"""The FLARE22 challenge's rules on cases that can be scored by hand."""

import numpy as np
import pytest

from guidednet.data.datasets import organ_set
from guidednet.evaluation.flare_challenge import challenge_scores

ORGANS = organ_set("flare22")
SHAPE, SPACING = (10, 20, 20), (5.0, 1.0, 1.0)


def volume(**boxes):
    """A label map with a box of each organ: (first slice, slice behind the last, first row, row
    behind the last).
    """
    label = np.zeros(SHAPE, np.uint8)
    for name, (start, stop, top, bottom) in boxes.items():
        label[start:stop, top:bottom, 5:15] = ORGANS.label_of(name.replace("_", " "))
    return label


def score(prediction, reference, organ):
    scores = challenge_scores(prediction, reference, SPACING, ORGANS).set_index("organ")
    return tuple(scores.loc[organ, ["dice", "nsd"]])


def test_absent_in_both_is_one_and_in_one_is_zero():
    liver = volume(liver=(2, 6, 5, 15))
    assert score(volume(), volume(), "liver") == (1, 1)
    assert score(liver, volume(), "liver") == score(volume(), liver, "liver") == (0, 0)


def test_overlap_and_surface_by_hand():
    # Two boxes of 4 x 10 x 10 voxels, one row apart: 9 of 10 rows are common; every surface voxel
    # is within 5 mm.
    assert score(volume(liver=(2, 6, 6, 16)), volume(liver=(2, 6, 5, 15)), "liver") == (0.9, 1)


def test_below_a_fifth_the_surface_counts_nothing():
    # One row of five is common: Dice 0.2, and all surfaces are within the stomach's 5 mm. Of six:
    # below 0.2, no credit for surfaces.
    assert score(volume(stomach=(2, 6, 1, 6)), volume(stomach=(2, 6, 5, 10)), "stomach") == (0.2, 1)
    assert score(volume(stomach=(2, 6, 0, 6)), volume(stomach=(2, 6, 5, 10)), "stomach") == (
        round(2 / 11, 4),
        0,
    )


def test_tubes_are_compared_between_the_first_and_last_slice_of_the_reference():
    reference = volume(aorta=(3, 7, 5, 15))  # slices 3 to 6; 6, the last, is left out
    longer = volume(aorta=(0, 10, 5, 15))
    assert score(longer, reference, "aorta") == (1, 1)
    assert score(volume(aorta=(3, 6, 5, 15)), reference, "aorta") == (1, 1)
    assert score(volume(liver=(0, 10, 5, 15)), volume(liver=(3, 7, 5, 15)), "liver")[0] == round(
        8 / 14, 4
    )
    assert score(volume(aorta=(8, 9, 5, 15)), reference, "aorta") == (0, 0)


def test_a_tube_on_one_slice_has_no_score():
    assert np.isnan(score(volume(aorta=(3, 4, 5, 15)), volume(aorta=(3, 4, 5, 15)), "aorta")).all()


def test_scores_are_rounded_and_shapes_must_agree():
    dice = score(volume(liver=(2, 6, 5, 8)), volume(liver=(2, 6, 5, 15)), "liver")[0]
    assert dice == round(6 / 13, 4)
    with pytest.raises(ValueError, match="must be equal"):
        challenge_scores(volume()[1:], volume(), SPACING, ORGANS)
