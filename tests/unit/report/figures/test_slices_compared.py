"""Figures 4 and 5 fill their page: tight rows with letters, outlines, enlarged boxes and Dice."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.patches import PathPatch, Rectangle

from guidednet.report.figures.figures4_5 import boxes_of
from guidednet.report.figures.save import DOUBLE
from guidednet.report.figures.slices_compared import BOX_STYLES, draw_comparison
from helpers.scenes import scene_of

PLANES = ("transverse", "coronal", "sagittal")


@pytest.fixture(scope="module")
def drawn():
    scene = replace(scene_of(), note="shown on the phantom drawn at 1.5 mm")
    boxes = boxes_of(scene, PLANES)
    return scene, boxes, draw_comparison(scene, boxes)


def test_there_is_a_slice_and_an_enlarged_box_for_every_method_and_row(drawn):
    scene, boxes, figure = drawn
    assert len(figure.axes) == (2 * len(boxes) + 1) * len(scene.labels)
    assert figure.get_figwidth() == DOUBLE
    said = [text.get_text() for text in figure.texts]
    assert {"(a) transverse", "(b) coronal", "(c) sagittal", "(e) surfaces"} <= set(said)
    assert any("drawn at 1.5 mm" in text for text in said), "the figure says what it shows"


def test_rows_are_tight(drawn):
    """Panels cover most of the sheet; with a fixed height of rows two fifths of it were blank."""
    _, boxes, figure = drawn
    panels = [axes.get_position(original=True) for axes in figure.axes]
    covered = sum(panel.width * panel.height for panel in panels)
    below = min(panel.y0 for panel in panels)
    assert covered > 0.85 * (1 - below)


def test_every_panel_of_a_method_has_its_dice_and_smooth_outlines(drawn):
    scene, boxes, figure = drawn
    first_row = figure.axes[: 2 * len(scene.labels) : 2]
    numbers = [
        [text.get_text() for text in axes.texts if text.get_text().isdigit()] for axes in first_row
    ]
    assert numbers == [[], ["100"], ["0"], ["0"]]
    outline = next(patch for patch in first_row[0].patches if isinstance(patch, PathPatch))
    corners = outline.get_path().vertices
    assert not np.isin(corners, np.arange(0, 40)).all(), "an outline runs between the voxels"


def test_boxes_are_not_in_the_colour_of_an_organ(drawn):
    scene, boxes, figure = drawn
    organs = {organ.colour for organ in scene.organs.by_label.values()}
    marked = [patch for axes in figure.axes for patch in axes.patches if type(patch) is Rectangle]
    assert len(marked) == len(boxes) * len(scene.labels)
    assert "#FFDD00" not in {colour for _, colour in BOX_STYLES.values()}
    assert not organs & {colour for _, colour in BOX_STYLES.values()}
