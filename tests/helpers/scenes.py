"""A scene to be drawn: a reference and the label maps of three methods."""

import numpy as np

from guidednet.data.datasets import organ_set
from guidednet.report.viewer.scene import SCALED_WINDOWS, Scene


def scene_of(**labels):
    shape = (4, 10, 12)
    maps = {name: np.zeros(shape, np.uint8) for name in ("reference", "GuidedNet", "CPS", "DHC")}
    maps["reference"][2, 3:7, 3:9] = 1
    maps["GuidedNet"] = maps["reference"].copy()
    maps |= labels
    image = np.linspace(0, 1, 480).reshape(shape).astype(np.float32)
    return Scene(
        "case",
        image,
        maps,
        np.diag([1, 1, 3, 1.0]),
        organ_set("flare22"),
        SCALED_WINDOWS,
        "scaled",
        "reference",
    )
