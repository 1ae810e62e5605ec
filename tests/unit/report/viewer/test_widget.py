"""The widget's side of the conversation with the browser, and what it shows without a script."""

import base64
import gzip
import io

import numpy as np
import pytest
from PIL import Image

from guidednet import view
from guidednet.report.viewer.widget import SliceViewer
from helpers.viewer_page import PANCREAS, scene


class Asked(SliceViewer):
    """A viewer that keeps what it would send to the browser, and answers at once."""

    def __init__(self, scenes):
        self.sent = []
        super().__init__(scenes)

    def send(self, message, buffers=()):
        self.sent.append((message, [bytes(buffer) for buffer in buffers]))

    def ask(self, **message):
        self._asked(self, message, [])
        self.thread.submit(lambda: None).result()
        return self.sent[-1]


@pytest.fixture
def viewer():
    return Asked({"case": scene, "other": lambda: scene("other")})


def test_a_slice_is_sent_as_the_browser_reads_it(viewer):
    case = scene()
    for plane, index, part in (
        ("transverse", 12, case.image[12]),
        ("coronal", 30, case.image[:, 30]),
        ("sagittal", 50, case.image[:, :, 50]),
    ):
        message, (packed,) = viewer.ask(kind="slice", volume="image", plane=plane, index=index)
        found = np.frombuffer(gzip.decompress(packed), np.int16).reshape(part.shape)
        np.testing.assert_array_equal(found, part)
        assert (message["plane"], message["index"], message["title"]) == (plane, index, "case")
    _, (packed,) = viewer.ask(kind="slice", volume="map:CPS", plane="transverse", index=0)
    np.testing.assert_array_equal(
        np.frombuffer(gzip.decompress(packed), np.uint8), case.labels["CPS"][0].ravel()
    )


def test_a_small_scene_travels_whole_and_a_large_one_slice_by_slice(viewer, monkeypatch):
    assert viewer.scene["image"]["bytes"] and viewer.scene["maps"][0]["bytes"]
    monkeypatch.setattr("guidednet.report.viewer.widget.WHOLE_VOXELS", 1000)
    assert Asked({"case": scene}).scene["image"]["bytes"] is None


def test_comparisons_surfaces_and_cases_come_when_they_are_asked_for(viewer):
    message, _ = viewer.ask(kind="comparison", first="GuidedNet", second="reference")
    assert message["regions"][0]["organ"] == PANCREAS and message["regions"][0]["ml"] == 0.48
    assert message["dice"][str(PANCREAS)] == 0
    message, buffers = viewer.ask(kind="surfaces", map="reference")
    assert len(message["organs"]) == 3 and len(buffers) == 6
    corners = np.frombuffer(gzip.decompress(buffers[message["organs"][0]["corners"]]), np.int16)
    faces = np.frombuffer(gzip.decompress(buffers[message["organs"][0]["faces"]]), np.uint16)
    assert faces.max() < len(corners) / 3
    viewer.ask(kind="case", name="other")
    assert viewer.scene["title"] == viewer.shown.title == "other"
    assert viewer.scene["cases"] == ["case", "other"]


def test_without_a_script_there_is_a_picture():
    bundle, _ = view(scene())._repr_mimebundle_()
    picture = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert picture.width > 3 * 200 and len(set(picture.convert("RGB").getdata())) > 10


def test_view_takes_arrays_and_scenes_by_name():
    array = scene().image.transpose(2, 1, 0)
    shown = view(array, {"a": np.zeros(array.shape, np.uint8)}, affine=np.eye(4)).shown
    assert shown.spacing == (1, 1, 1) and list(shown.labels) == ["a"]
    assert list(view({"one": scene, "two": scene}).scenes) == ["one", "two"]
