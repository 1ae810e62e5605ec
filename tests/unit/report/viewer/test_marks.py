"""Marks over a slice can be told from its organs."""

import re

import numpy as np
import pytest

from guidednet.data.datasets import organ_set
from guidednet.report.figures.slices_compared import BOX_STYLES
from guidednet.report.viewer.script import page_script
from helpers.colours import lab

(CROSSHAIR,) = re.findall(r'CROSSHAIR = "(#\w{6})"', page_script())
BOXES = [colour for _, colour in BOX_STYLES.values()]


@pytest.mark.parametrize("colour", [CROSSHAIR, *BOXES])
@pytest.mark.parametrize("dataset", ["flare22", "amos"])
def test_no_mark_has_almost_the_colour_of_an_organ(colour, dataset):
    """More than 15 in CIE76; yellow was within 10 of the right adrenal gland."""
    organs = organ_set(dataset).by_label.values()
    assert min(np.linalg.norm(lab(colour) - lab(organ.colour)) for organ in organs) > 15
