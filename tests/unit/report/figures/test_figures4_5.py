"""Boxes in Figures 4 and 5 lie where the methods differ."""

import numpy as np
import pytest

from guidednet.report.figures.figures4_5 import (
    Box,
    advantage,
    box_table,
    boxes_of,
    place_box,
    slice_dice,
)
from helpers.scenes import scene_of


def test_a_box_lies_where_the_others_err_and_guidednet_does_not():
    scene = scene_of()
    box = place_box(advantage(scene, "others err"), "others err", "transverse", scene.spacing)
    inside = box.crop(scene.labels["reference"])
    assert box.index == 2 and inside.sum() == scene.labels["reference"].sum() == 24
    assert inside.shape == (5, 6), "at most half of the slice"
    table = box_table(scene, [box]).set_index("method")
    assert table["wrong"].to_dict() == {"GuidedNet": 0, "CPS": 24, "DHC": 24}
    assert table["slice_dice"].to_dict() == {"GuidedNet": 100, "CPS": 0, "DHC": 0}


def test_the_dice_in_a_panel_is_that_of_its_slice():
    half = scene_of().labels["reference"].copy()
    half[2, 3:5] = 0
    scene = scene_of(CPS=half)
    box = Box("others err", "transverse", 2, (0, 5), (0, 6))
    assert slice_dice(scene, box, "CPS") == pytest.approx(100 * 2 * 12 / (12 + 24))
    assert np.isnan(slice_dice(scene, Box("others err", "transverse", 0, (0, 5), (0, 6)), "CPS"))


def test_a_box_lies_around_what_counts_for_it():
    values = np.zeros((1, 100, 100))
    values[0, 50:54, 40:44] = 1
    box = place_box(values, "others err", "transverse", (3.0, 2.0, 2.0))
    assert box.rows == (36, 61) and box.columns == (38, 78), "50 mm by 80 mm, turned as displayed"


def test_the_counter_example_lies_where_guidednet_errs():
    wrong = np.zeros((4, 10, 12), np.uint8)
    wrong[2, 3:7, 3:9], wrong[1, 0:3, 0:4] = 1, 5
    right = np.zeros_like(wrong)
    right[2, 3:7, 3:9] = 1
    wrong[1, 8, 8] = right[1, 8, 8] = 3  # a slice without any organ is not shown
    scene = scene_of(reference=right.copy(), GuidedNet=wrong, CPS=right)
    boxes = boxes_of(scene, ("transverse", "transverse"))
    assert (
        boxes[0].index != boxes[1].index
        and boxes[-1].kind == "GuidedNet errs"
        and boxes[-1].index == 1
    )
    table = box_table(scene, boxes[-1:]).set_index("method")["wrong"]
    assert table["GuidedNet"] > 0 and table["CPS"] == 0


def test_a_box_never_leaves_the_slice():
    scene = scene_of()
    for box in boxes_of(scene, ("transverse", "coronal", "sagittal")):
        size = box.rows[1] - box.rows[0], box.columns[1] - box.columns[0]
        assert isinstance(box, Box) and box.crop(scene.image).shape == size


def test_slices_with_few_organs_are_not_shown():
    reference = np.zeros((4, 10, 12), np.uint8)
    reference[0, 2:9, 2:11] = 1  # the largest error, but one organ alone
    for label in range(1, 5):
        reference[3, label, 1:5] = label
    scene = scene_of(reference=reference, GuidedNet=reference.copy())
    assert boxes_of(scene, ("transverse",))[0].index == 3
