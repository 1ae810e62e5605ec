"""A small body with organs as a page with the viewer, and what a test sees and does there."""

import re
import time

import numpy as np

from guidednet.data.datasets import organ_set
from guidednet.report.viewer.page_viewer import viewer_html
from guidednet.report.viewer.scene import HU_WINDOWS, Overlay, Scene

LIVER, SPLEEN, PANCREAS = (
    organ_set("flare22").label_of(name) for name in ("liver", "spleen", "pancreas")
)
SPACING = (5.0, 2.0, 1.0)
SHAPE = (16, 40, 60)
SOFT, BRIGHT = 40, 150  # HU
WIDE = {"viewport": {"width": 1400, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
PIXELS = """places => places.map(([plane, across, down]) => {
  const canvas = document.querySelector(`canvas[data-plane=${plane}]`);
  const [left, top] = [across * canvas.width, down * canvas.height];
  return [...canvas.getContext("2d").getImageData(left, top, 1, 1).data].slice(0, 3);
})"""
AWAIT_WHEEL = """() => {
  window.turned = false;
  addEventListener("wheel", () => { turned = true; }, { capture: true, once: true });
}"""
PICTURE = """place => {
  const canvas = document.querySelectorAll("canvas")[place];
  const bytes = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return bytes.reduce((sum, byte, place) => (sum * 31 + byte + place) % 4294967291, 7);
}"""


def body():
    """(D,H,W) RAS+: soft tissue with a bright block at the right, front and top, and a label map
    with the liver there, the spleen opposite, and a pancreas between.
    """
    image = np.full(SHAPE, SOFT, np.int16)
    image[11:, 27:, 42:] = BRIGHT
    label = np.zeros(image.shape, np.uint8)
    label[11:, 27:, 42:], label[:5, :12, :18], label[7:9, 18:22, 28:34] = LIVER, SPLEEN, PANCREAS
    return image, label


def scene(title="case", **changes):
    image, label = body()
    ours = label.copy()
    ours[7:9, 18:22, 28:34] = 0  # the pancreas is missed: 48 voxels
    ours[11, 27, 42] = 0
    ours[0, 39, 0] = SPLEEN
    ours[2:4, 4:6, 4:6] = LIVER
    uncertain = np.zeros(image.shape, np.float32)
    uncertain[:, :, 30:] = 0.9
    values = {
        "title": title,
        "image": image,
        "labels": {"reference": label, "CPS": label.copy(), "GuidedNet": ours},
        "affine": np.diag([*SPACING[::-1], 1.0]),
        "organs": organ_set("flare22"),
        "windows": HU_WINDOWS,
        "unit": "HU",
        "reference": "reference",
        "overlays": {"uncertainty": Overlay(uncertain, (0.0, 1.0))},
    }
    return Scene(**(values | changes))


def write_page(folder, scenes):
    """A page with the viewer, and its address on disk."""
    path = folder / "index.html"
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    path.write_text(f"<!doctype html>{head}<body>{viewer_html(scenes)}</body>", encoding="utf-8")
    return path.as_uri()


class Hands:
    """A browser tab with a viewer, by its events."""

    def __init__(self, page):
        self.page = page

    def open(self, address):
        self.page.goto(address)
        self.page.locator(".guidednet-viewer canvas").first.wait_for(state="visible")
        self.settle()
        return self

    def settle(self):
        """Wait for two frames, one that draws and one after it, and then for what the pictures
        still need from a kernel.
        """
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        self.page.locator(".guidednet-viewer[aria-busy=true]").first.wait_for(state="detached")

    def until(self, holds, seconds=120):
        """Wait until `holds` returns True: for what comes from a kernel."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, "it never came"
            self.page.wait_for_timeout(50)
        self.settle()

    def box(self, plane):
        return self.page.locator(f"canvas[data-plane={plane}]").first.bounding_box()

    def at(self, plane, across, down):
        """A place of the screen, from shares of a pane's width and height."""
        box = self.box(plane)
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    def hover(self, plane, across=0.5, down=0.5):
        self.page.mouse.move(*self.at(plane, across, down))

    def wheel(self, plane, pixels, place=(0.5, 0.5)):
        self.hover(plane, *place)
        self.page.evaluate(AWAIT_WHEEL)
        self.page.mouse.wheel(0, pixels)
        self.until(lambda: self.page.evaluate("turned"))  # the browser sends it when it likes

    def press(self, key):
        self.page.keyboard.press(key)
        self.settle()

    def click(self, plane, across, down):
        self.page.mouse.click(*self.at(plane, across, down))
        self.settle()

    def drag(self, plane, start, end, button="left"):
        self.hover(plane, *start)
        self.page.mouse.down(button=button)
        self.page.mouse.move(*self.at(plane, *end), steps=4)
        self.page.mouse.up(button=button)
        self.settle()

    def push(self, selector, **options):
        self.page.locator(selector).first.click(**options)
        self.settle()

    def choose(self, label, value):
        self.page.get_by_label(label, exact=True).first.select_option(value)
        self.settle()

    def open_case(self, name):
        """Choose a case, and wait until it is drawn."""
        self.page.get_by_label("case", exact=True).select_option(name)
        self.until(lambda: self.case() == name)

    def case(self):
        return self.page.locator(".guidednet-viewer").first.get_attribute("data-case")

    def voxel(self):
        """The crosshair's voxel (x,y,z), as the line below the pictures says it."""
        text = self.page.locator(".readout").first.inner_text()
        return tuple(map(int, re.search(r"voxel (\d+), (\d+), (\d+)", text).groups()))

    def text(self, selector):
        return self.page.locator(selector).first.inner_text()

    def captions(self):
        return self.page.locator(".pane .caption > span").all_inner_texts()

    def dice(self):
        """What stands beside each organ."""
        rows = self.page.locator(".organs [data-organ]").all_inner_texts()
        return dict(row.split("\n") for row in rows)

    def place_of(self, plane, voxel):
        """Where a voxel (z,y,x) is before any zoom, in shares of the pane, computed here anew."""
        box = self.box(plane)
        rows, columns = {"transverse": (1, 2), "coronal": (0, 2), "sagittal": (0, 1)}[plane]
        scale = min(
            box["width"] / (SHAPE[columns] * SPACING[columns]),
            box["height"] / (SHAPE[rows] * SPACING[rows]),
        )
        across = ((SHAPE[columns] - 1) / 2 - voxel[columns]) * SPACING[columns] * scale
        down = ((SHAPE[rows] - 1) / 2 - voxel[rows]) * SPACING[rows] * scale
        return 0.5 + across / box["width"], 0.5 + down / box["height"]

    def colour(self, plane, voxel):
        return self.pixel(plane, *self.place_of(plane, voxel))

    def pinch(self, plane):
        """Two fingers that part."""
        session = self.page.context.new_cdp_session(self.page)
        for kind, way in (("touchStart", 0.1), ("touchMove", 0.2), ("touchMove", 0.3)):
            places = (self.at(plane, 0.5 - way, 0.5), self.at(plane, 0.5 + way, 0.5))
            points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        self.settle()

    def pixel(self, plane, across, down):
        """The colour (red, green, blue) at shares of a pane's width and height."""
        return self.pixels((plane, across, down))[0]

    def pixels(self, *places):
        """The colours at places (plane, across, down), read at once."""
        return self.page.evaluate(PIXELS, places)

    def picture(self, place):
        """A number that stands for all pixels of the pane with this place in the layout."""
        return self.page.evaluate(PICTURE, place)

    def pictures(self):
        return [self.picture(place) for place in range(self.page.locator("canvas").count())]


def is_grey(pixel):
    return max(pixel) - min(pixel) <= 2
