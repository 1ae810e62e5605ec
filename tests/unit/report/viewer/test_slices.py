"""Slices are cut in the orientation in which radiologists read them."""

import numpy as np
import pytest

from guidednet.errors import InputError
from guidednet.report.viewer.slices import PLANES, cut, cut_unturned


def test_slices_are_turned_so_that_right_is_left_and_anterior_or_superior_up():
    volume = np.arange(4 * 5 * 6).reshape(4, 5, 6)
    assert cut(volume, "transverse", 1)[0, 0] == volume[1, 4, 5]
    assert cut(volume, "coronal", 2)[0, 0] == volume[3, 2, 5]
    assert cut(volume, "sagittal", 3)[0, 0] == volume[3, 4, 3]
    assert cut_unturned(volume, "sagittal", 3)[0, 0] == volume[0, 0, 3]
    edges = {plane: names for plane, (_, names) in PLANES.items()}
    assert edges == {"transverse": "RLAP", "coronal": "RLSI", "sagittal": "APSI"}


def test_an_unknown_plane_is_one_sentence():
    said = "unknown plane 'oblique': use one of transverse, coronal, sagittal"
    with pytest.raises(InputError, match=said):
        cut(np.zeros((2, 2, 2)), "oblique", 0)
