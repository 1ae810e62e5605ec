"""The static picture: the body's proportions, and the right side on the left."""

import numpy as np

from guidednet.report.viewer.static import draw_panel, static_picture
from helpers.viewer_page import scene


def test_panels_keep_the_proportions_of_the_body():
    sizes = {"transverse": (80, 60), "coronal": (80, 60), "sagittal": (80, 80)}
    for plane, (height, width) in sizes.items():
        panel = draw_panel(scene(), plane, 3, "reference", 120)
        assert panel.size == (120, round(120 * height / width))


def test_right_is_on_the_left_and_superior_up():
    case = scene(labels={}, reference=None)
    for plane, index in (("transverse", 14), ("coronal", 35), ("sagittal", 50)):
        panel = np.asarray(draw_panel(case, plane, index, "", 120).convert("L"), float)
        height, width = panel.shape
        assert panel[height // 8, width // 8] > panel[-height // 8, -width // 8]


def test_there_is_a_column_per_label_map():
    one = static_picture(scene(labels={"CPS": scene().labels["CPS"]}, reference=None), 200)
    three = static_picture(scene(), 200)
    assert three.width == 3 * 206 + 6 and one.width == 400 and one.height >= three.height
