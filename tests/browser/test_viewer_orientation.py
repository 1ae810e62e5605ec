"""Whatever the axis order of the files, the patient's right is on the left of the picture, and
anterior or superior is up: read from the pixels that the browser paints.
"""

from dataclasses import replace
from itertools import permutations, product

import nibabel as nib
import numpy as np

from guidednet.report.viewer.own_data import scene_of
from helpers.viewer_page import SPACING, WIDE, body, write_page


def write(path, array, order, signs):
    """A (D,H,W) RAS+ array as NIfTI in another axis order."""
    affine = np.diag([*SPACING[::-1], 1.0])
    orientation = np.array([[axis, sign] for axis, sign in zip(order, signs, strict=True)])
    stored = nib.apply_orientation(array.transpose(2, 1, 0), orientation)
    back = nib.orientations.inv_ornt_aff(orientation, array.shape[::-1])
    nib.save(nib.Nifti1Image(stored, affine @ back), path)


def stored_scene(folder, order, signs):
    """The body, written in one of the 48 axis orders and read again, under the order's name."""
    name = f"{order} {signs}"
    paths = [folder / f"{kind} {name}.nii.gz" for kind in ("image", "label")]
    for path, array in zip(paths, body(), strict=True):
        write(path, array, order, signs)
    scene = scene_of(paths[0], {"label": paths[1]}, "flare22")
    return replace(scene, title=name)


def test_sides_are_right_in_the_picture_for_all_48_axis_orders(new_tab, tmp_path):
    orders = list(product(permutations(range(3)), product((1, -1), repeat=3)))
    scenes = [stored_scene(tmp_path, *order) for order in orders]
    hands, errors, _ = new_tab(**WIDE)
    hands.open(write_page(tmp_path, scenes))
    hands.hover("transverse")
    hands.press("x")  # no crosshair over the pixels that are read
    for scene in scenes:
        hands.open_case(scene.title)
        check_sides(hands)
    assert len(scenes) == 48 and errors == []


def check_sides(hands):
    """The bright block is at the patient's right, front and top; the spleen lies opposite."""
    hands.page.mouse.click(*hands.at("transverse", *hands.place_of("transverse", (8, 35, 52))))
    hands.press("Home")
    assert hands.voxel() == (52, 35, 15)
    red, green, blue = hands.colour("coronal", (15, 35, 52))
    assert red > green + 20 and blue > green + 20, "the liver is purple"
    hands.press("l")
    for plane, (across, down) in {
        "transverse": hands.place_of("transverse", (15, 38, 58)),
        "coronal": hands.place_of("coronal", (15, 35, 58)),
        "sagittal": hands.place_of("sagittal", (15, 38, 52)),
    }.items():
        assert across < 0.5 and down < 0.5
        bright, *others = hands.pixels(
            (plane, across, down),
            (plane, 1 - across, 1 - down),
            (plane, 1 - across, down),
            (plane, across, 1 - down),
        )
        assert all(bright[0] > other[0] for other in others)
    hands.page.keyboard.press("l")
