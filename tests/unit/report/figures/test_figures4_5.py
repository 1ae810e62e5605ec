"""Boxes in Figures 4 and 5 lie where the methods differ."""

import numpy as np

from guidednet.report.figures.figures4_5 import (
    Box,
    advantage,
    box_table,
    boxes_of,
    draw_comparison,
    place_box,
)
from guidednet.report.figures.save import DOUBLE
from helpers.scenes import scene_of


def test_a_box_lies_where_the_others_err_and_guidednet_does_not():
    scene = scene_of()
    box = place_box(advantage(scene, "others err"), "others err", "transverse")
    assert box.index == 2 and (box.crop(scene.labels["reference"]) == 1).all()
    table = box_table(scene, [box]).set_index("method")["wrong"]
    assert (
        table["GuidedNet"] == 0
        and table["CPS"] == table["DHC"] == box.crop(scene.labels["reference"]).size
    )


def test_the_counter_example_lies_where_guidednet_errs():
    wrong = np.zeros((4, 10, 12), np.uint8)
    wrong[2, 3:7, 3:9], wrong[1, 0:3, 0:4] = 1, 5
    right = np.zeros_like(wrong)
    right[2, 3:7, 3:9] = 1
    scene = scene_of(GuidedNet=wrong, CPS=right)
    boxes = boxes_of(scene, ("transverse", "transverse"))
    assert (
        boxes[0].index != boxes[1].index
        and boxes[-1].kind == "GuidedNet errs"
        and boxes[-1].index == 1
    )
    table = box_table(scene, boxes[-1:]).set_index("method")["wrong"]
    assert table["GuidedNet"] > 0 and table["CPS"] == 0


def test_a_box_never_leaves_the_slice_and_the_figure_has_a_panel_for_each():
    scene = scene_of()
    boxes = boxes_of(scene, ("transverse", "coronal", "sagittal"))
    for box in boxes:
        assert isinstance(box, Box) and box.crop(scene.image).shape == (
            box.rows[1] - box.rows[0],
            box.columns[1] - box.columns[0],
        )
    figure = draw_comparison(scene, boxes)
    assert (
        len(figure.axes) == (len(boxes) + 1) * len(scene.labels) and figure.get_figwidth() == DOUBLE
    )
