"""The viewer: the right side on the right side for every axis order, organs that come and go, bad
files in one sentence.
"""

import sys
import time
from itertools import permutations, product
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from guidednet.data.datasets import organ_set
from guidednet.errors import InputError
from guidednet.report.viewer.render import (
    colour_table,
    grey_levels,
    mark_disagreement,
    pixels,
    render_slice,
    to_png,
)
from guidednet.report.viewer.scene import HU_WINDOWS, Scene, scene_of_case, scene_of_files
from guidednet.report.viewer.slices import PLANES
from guidednet.report.viewer.viewer import DISAGREEMENT, Viewer, static_view, view
from guidednet.report.viewer.volume_view import volume_view
from helpers.cases import BlobStore

LIVER, SPLEEN = organ_set("flare22").label_of("liver"), organ_set("flare22").label_of("spleen")
SPACING = (5.0, 2.0, 1.0)


def anatomy():
    """(D,H,W) RAS+: a bright block at the right, front and top of the body, and a label map with
    liver there, spleen opposite.
    """
    image = np.full((8, 12, 20), -50, np.int16)
    image[5:, 8:, 14:] = 150
    label = np.zeros(image.shape, np.uint8)
    label[5:, 8:, 14:], label[:3, :4, :6] = LIVER, SPLEEN
    return image, label


def write(path, array, order=(0, 1, 2), signs=(1, 1, 1)):
    """A (D,H,W) RAS+ array as NIfTI in another axis order."""
    affine = np.diag([*SPACING[::-1], 1.0])
    orientation = np.array([[axis, sign] for axis, sign in zip(order, signs, strict=True)])
    stored = nib.apply_orientation(array.transpose(2, 1, 0), orientation)
    nib.save(
        nib.Nifti1Image(
            stored, affine @ nib.orientations.inv_ornt_aff(orientation, array.shape[::-1])
        ),
        path,
    )


@pytest.fixture
def scene():
    image, label = anatomy()
    other = label.copy()
    other[6] = 0
    return Scene(
        "case",
        image,
        {"reference": label, "CPS": other},
        np.diag([1, 2, 5, 1.0]),
        organ_set("flare22"),
        HU_WINDOWS,
        "HU",
        "reference",
    )


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_sides_are_right_for_every_axis_order(tmp_path, order):
    image, label = anatomy()
    for signs in product((1, -1), repeat=3):
        write(tmp_path / "image.nii.gz", image, order, signs)
        write(tmp_path / "label.nii.gz", label, order, signs)
        scene = scene_of_files(
            tmp_path / "image.nii.gz", {"label": tmp_path / "label.nii.gz"}, "flare22"
        )
        np.testing.assert_array_equal(scene.image, image)
        np.testing.assert_array_equal(scene.labels["label"], label)
        np.testing.assert_allclose(scene.spacing, SPACING)
    # Right is on the left of the picture; anterior, or superior, is up.
    for plane, index in (("transverse", 6), ("coronal", 10)):
        shown = pixels(scene.image, scene.spacing, plane, index, 100)
        assert shown[: len(shown) // 4, :25].mean() > 100 and shown[-2:, -25:].mean() < 0
    shown = pixels(scene.image, scene.spacing, "sagittal", 17, 100)
    assert shown[: len(shown) // 4, :25].mean() > 100  # anterior on the left, superior up


def test_planes_name_their_edges():
    assert {plane: edges for plane, (_, edges) in PLANES.items()} == {
        "transverse": "RLAP",
        "coronal": "RLSI",
        "sagittal": "APSI",
    }


def test_pictures_keep_the_proportions_of_the_body(scene):
    for plane, (height, width) in {
        "transverse": (24, 20),
        "coronal": (40, 20),
        "sagittal": (40, 24),
    }.items():
        image = render_slice(scene.image, scene.spacing, plane, 3, (-160, 240), width=120)
        assert image.size == (120, round(120 * height / width))


def test_window_and_colours():
    levels = grey_levels(np.array([[-160.0, 40.0, 240.0, 900.0]]), HU_WINDOWS["abdomen"])[0, :, 0]
    assert levels.tolist() == [0, 127, 255, 255]
    table = colour_table(organ_set("flare22"), {"liver"}, 0.5)
    assert table[SPLEEN, 3] == 0 and table[LIVER, 3] == 0.5
    np.testing.assert_allclose(
        table[LIVER, :3] / 255, to_rgb(organ_set("flare22").by_label[LIVER].colour), atol=1e-6
    )
    marked = mark_disagreement(
        np.zeros((1, 2, 3), np.uint8), np.array([[1, 1]]), np.array([[1, 2]]), 0.5
    )
    assert not marked[0, 0].any() and marked[0, 1, 0] > 100


def test_a_slider_step_and_an_organ_change_the_picture(scene):
    viewer = Viewer(scene)
    before = viewer.pictures["transverse"].value
    viewer.sliders["transverse"].value = 6
    with_liver = viewer.pictures["transverse"].value
    assert with_liver != before
    viewer.organs["liver"].value = False
    assert viewer.pictures["transverse"].value != with_liver
    viewer.organs["liver"].value = True
    assert viewer.pictures["transverse"].value == with_liver
    viewer.window.value = "bone"
    assert viewer.pictures["transverse"].value != with_liver
    assert set(viewer.organs) == {"liver", "spleen"}


def test_planes_are_linked_by_the_crosshair(scene):
    viewer = Viewer(scene)
    before = viewer.pictures["coronal"].value
    viewer.sliders["transverse"].value += 1
    assert viewer.pictures["coronal"].value != before
    viewer.crosshair.value = False
    before = viewer.pictures["coronal"].value
    viewer.sliders["transverse"].value -= 1
    assert viewer.pictures["coronal"].value == before


def test_the_voxel_is_read_out(scene):
    viewer = Viewer(scene)
    for plane, place in zip(PLANES, (6, 9, 15), strict=True):
        viewer.sliders[plane].value = place
    text = viewer.reading_text()
    assert "<b>150</b> (HU)" in text and "right 15, anterior 18, superior 30 mm" in text
    assert "reference: liver; CPS: background" in text


def test_jump_goes_where_two_maps_differ_most_and_dice_is_shown(scene):
    viewer = Viewer(scene)
    viewer.jumps[0].click()
    assert viewer.sliders["transverse"].value == 6
    assert scene.dice("CPS")["liver"] == pytest.approx(2 * 2 / 5) and np.isnan(
        scene.dice("CPS")["aorta"]
    )
    assert "80.0" in view(scene).children[-1].value
    assert DISAGREEMENT in viewer.panels.options


def test_static_twin_has_a_panel_per_plane_and_map(scene):
    figure = static_view(scene)
    assert len(figure.axes) == 3 * 3 and figure.axes[0].get_title().startswith(
        "reference, transverse"
    )


def test_a_slider_step_of_a_large_scan_is_quick():
    label = np.zeros((200, 512, 512), np.uint8)
    label[50:150, 100:300, 100:300] = LIVER
    image = np.random.default_rng(0).integers(-200, 300, label.shape, np.int16)
    viewer = Viewer(
        Scene(
            "large",
            image,
            {"reference": label, "CPS": label},
            np.eye(4),
            organ_set("flare22"),
            HU_WINDOWS,
            "HU",
            "reference",
        )
    )
    seconds = []
    for place in range(60, 70):
        began = time.process_time()  # the processor's own, as other work may share it
        viewer.sliders["transverse"].value = place
        seconds.append(time.process_time() - began)
    assert (
        sorted(seconds)[len(seconds) // 2] < 0.1 and len(to_png(viewer.picture("transverse"))) < 1e6
    )


def broken_files(tmp_path):
    image, label = anatomy()
    write(tmp_path / "image.nii.gz", image)
    write(tmp_path / "label.nii.gz", label)
    write(tmp_path / "small.nii.gz", label[:-1])
    write(tmp_path / "unnamed.nii.gz", np.where(label > 0, 77, 0).astype(np.uint8))
    nib.save(nib.Nifti1Image(np.stack([image, image], -1), np.eye(4)), tmp_path / "four.nii.gz")


@pytest.mark.parametrize(
    ("image", "label", "reference", "message"),
    [
        ("image", "small", None, "small.nii.gz"),
        ("image", "unnamed", None, "unnamed.nii.gz.*77"),
        ("four", "label", None, "four.nii.gz"),
        ("nowhere", "label", None, "nowhere.nii.gz: no such file"),
        ("image", "nowhere", None, "nowhere.nii.gz: no such file"),
        ("image", "label", "other", "reference 'other': not one of the label maps"),
    ],
)
def test_bad_files_are_one_sentence(tmp_path, image, label, reference, message):
    broken_files(tmp_path)
    with pytest.raises(InputError, match=message) as caught:
        scene_of_files(
            tmp_path / f"{image}.nii.gz",
            {"label": tmp_path / f"{label}.nii.gz"},
            "flare22",
            reference,
        )
    assert "\n" not in str(caught.value)


def test_volume_view_says_what_is_missing(tmp_path):
    with pytest.raises(InputError, match="ipyniivue is not installed|no such file"):
        volume_view(tmp_path / "nowhere.nii.gz")


def test_volume_view_shows_the_label_map_over_the_scan(tmp_path, monkeypatch):
    """With a stand-in for the optional package, which keeps what it is given."""
    shown = []
    package = SimpleNamespace(NiiVue=lambda: SimpleNamespace(load_volumes=shown.extend))
    monkeypatch.setitem(sys.modules, "ipyniivue", package)
    broken_files(tmp_path)
    volume_view(tmp_path / "image.nii.gz", tmp_path / "label.nii.gz")
    assert [volume["path"] for volume in shown] == [
        str(tmp_path / "image.nii.gz"),
        str(tmp_path / "label.nii.gz"),
    ]
    with pytest.raises(InputError, match=r"nowhere\.nii\.gz: no such file"):
        volume_view(tmp_path / "image.nii.gz", tmp_path / "nowhere.nii.gz")


def test_a_stored_case_is_shown_with_its_reference_if_it_has_one():
    cases = pd.DataFrame({"labelled": [True, False]}, index=["l0", "u0"])
    store, label = BlobStore(), BlobStore().label("l0")
    store.row, store.settings = cases.loc.__getitem__, {"dataset": "flare22"}
    labelled, unlabelled = (scene_of_case(store, case, {"CPS": label}) for case in cases.index)
    assert (set(labelled.labels), labelled.reference) == ({"reference", "CPS"}, "reference")
    assert (set(unlabelled.labels), unlabelled.reference) == ({"CPS"}, None)
    assert (
        labelled.spacing == (5, 3, 3)
        and labelled.dice("CPS")["liver"] == 1
        and np.isnan(labelled.dice("CPS")["stomach"])
    )
    with pytest.raises(
        InputError, match=r"l0: 'CPS' has shape \(9, 12, 12\), but the image has \(10, 12, 12\)"
    ):
        scene_of_case(store, "l0", {"CPS": label[1:]})
