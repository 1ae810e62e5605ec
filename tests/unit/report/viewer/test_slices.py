"""Slices and their slider cover the volume."""

import pytest

from guidednet.data.datasets import organ_set
from guidednet.errors import InputError
from guidednet.report.viewer.slices import cut, montage, slice_slider
from helpers.scenes import scene_of


def test_slices_and_their_slider_cover_the_volume():
    scene = scene_of()
    figure = montage(
        scene.image, (3, 1, 1), scene.labels["reference"], organ_set("flare22"), count=3
    )
    assert [axes.get_title() for axes in figure.axes] == [
        "transverse 0",
        "transverse 2",
        "transverse 3",
    ] and len(figure.legends) == 1
    slider, picture = slice_slider(
        scene.image, (3, 1, 1), scene.labels["reference"], organ_set("flare22"), "coronal"
    ).children
    assert (slider.min, slider.max, slider.value) == (0, 9, 5)
    slider.value = 9
    with pytest.raises(
        InputError, match="unknown plane 'oblique': use one of transverse, coronal, sagittal"
    ):
        cut(scene.image, "oblique", 0)
