"""The viewer in a page: whole, without network, small enough, and no name of a case is markup."""

import base64
import gzip
import json
import re

import numpy as np
import pytest

from guidednet.report.viewer.page_viewer import viewer_html
from guidednet.report.viewer.script import page_script, widget_script
from helpers.viewer_page import scene


def described(page):
    """The scenes in a page, as its script reads them."""
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', page, re.S)[1])


def unpacked(text, kind):
    return np.frombuffer(gzip.decompress(base64.b64decode(text)), kind)


def image_of(part):
    """The values of an image: sums of the differences that are stored, low bytes first."""
    low, high = unpacked(part["bytes"], np.uint8).reshape(2, -1).astype(np.uint16)
    codes = low | high << 8  # 0, 1, 2, 3, ... stand for 0, -1, 1, -2, ...
    stored = np.cumsum(codes >> 1 ^ -(codes & 1), dtype=np.uint16).view(np.int16)
    return stored * part["slope"] + part["intercept"]


def test_a_page_holds_every_voxel():
    case = scene()
    (found,) = described(viewer_html([case]))
    np.testing.assert_array_equal(image_of(found["image"]), case.image.ravel())
    for part, label in zip(found["maps"], case.labels.values(), strict=True):
        np.testing.assert_array_equal(unpacked(part["bytes"], np.uint8), label.ravel())
    assert len(found["comparisons"]) == 6 and len(found["surfaces"]) == 3


def test_a_scaled_image_keeps_its_values():
    values = np.linspace(0, 1, 16 * 40 * 60).reshape(16, 40, 60).astype(np.float16)
    (found,) = described(viewer_html([scene(image=values, unit="scaled, 0 to 1")]))
    np.testing.assert_allclose(image_of(found["image"]), values.ravel(), atol=2e-4)


def test_a_page_asks_for_nothing_and_names_are_no_markup():
    name = "</script><script>alert(1)</script>"
    page = viewer_html([scene(name)])
    assert not re.findall(r"https?://|\bsrc=|@import|url\(", page)
    assert page.count("</script>") == 2 and name not in page
    assert described(page)[0]["title"] == name


def test_a_large_case_is_thinned_until_it_fits_and_says_so():
    noise = np.random.default_rng(0).integers(-100, 200, (64, 80, 80)).astype(np.int16)
    label = np.zeros(noise.shape, np.uint8)
    label[20:40, 20:60, 20:60] = 1
    other = label.copy()
    other[20:22] = 0
    large = scene(image=noise, labels={"reference": label, "CPS": other}, overlays={})
    page = viewer_html([large, large], most_bytes=300_000)
    overhead = len(viewer_html([scene()])) - len(json.dumps(described(viewer_html([scene()]))))
    assert len(page) - overhead < 310_000
    found = described(page)[0]
    assert "voxels joined to 5.0 x 4.0 x 3.0 mm" in found["note"]
    np.testing.assert_allclose(found["spacing"], [5, 4, 3])
    assert found["shape"] == [64, 40, 26], "5 mm are coarse enough, 1 mm is not"
    (region,) = found["comparisons"][0]["regions"]
    assert region["voxels"] == 2 * 40 * 40, "counted before thinning"
    z, y, x = region["centre"]
    maps = [unpacked(part["bytes"], np.uint8).reshape(found["shape"]) for part in found["maps"]]
    assert maps[0][z, y, x] == 1 and abs(z + 0.5 - 21) <= 1


def test_the_air_around_the_body_is_left_out_but_no_voxel_with_a_label():
    image = np.full((16, 40, 60), -1000, np.int16)
    image[:, 8:36, 12:48] = 40
    label, stray = np.zeros(image.shape, np.uint8), np.zeros(image.shape, np.uint8)
    label[4:8, 20:26, 20:30], stray[2, 3, 20] = 1, 2
    case = scene(image=image, labels={"reference": label, "CPS": stray}, overlays={})
    (found,) = described(viewer_html([case]))
    depth, height, width = found["shape"]
    assert depth == 16 and height < 40 and 36 <= width < 60
    maps = [unpacked(part["bytes"], np.uint8).reshape(found["shape"]) for part in found["maps"]]
    assert (maps[0] == 1).sum() == (label == 1).sum() and (maps[1] == 2).sum() == 1
    (z, y, x), affine = np.argwhere(maps[1])[0], np.array(found["affine"])
    np.testing.assert_allclose(affine @ [x, y, z, 1], case.affine @ [20, 3, 2, 1])


def test_of_a_large_case_only_pairs_with_the_reference_are_compared(monkeypatch):
    monkeypatch.setattr("guidednet.report.viewer.page_viewer.FEW_VOXELS", 10)
    (found,) = described(viewer_html([scene()]))
    pairs = {(pair["first"], pair["second"]) for pair in found["comparisons"]}
    assert pairs == {("CPS", "reference"), ("GuidedNet", "reference")}


@pytest.mark.parametrize("script", [page_script, widget_script])
def test_the_joined_script_declares_every_name_once(script):
    text = script()
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)) > 50
    assert not re.findall(r"^(?:import|export (?!default))", text, re.MULTILINE)
    assert "</script" not in text
