"""The slice viewer: time from an event to its painted frame, measured by the page itself.

A page from disk shows a scan in three planes with two label maps. Real events of the mouse move it,
and the page's own measures (User Timing, from the event's time stamp to the moment after the frame)
are read. In its place one would redraw all planes in Python and send them as PNG, which is measured
without the way to the browser. Needs playwright and Chromium.
"""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.common import best_cpu_seconds, comparison, require
from guidednet import view
from guidednet.data.datasets import organ_set
from guidednet.errors import InputError
from guidednet.report.viewer.page_viewer import viewer_html
from guidednet.report.viewer.scene import HU_WINDOWS, Scene
from guidednet.report.viewer.slices import PLANES
from guidednet.report.viewer.static import draw_panel, to_png

Shape = tuple[int, int, int]
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
LIMIT_MS, LIMIT_OPEN_S = 50, 2
PAUSE_MS = 40  # between two events of a hand
WIDTH = 256  # pixels of a panel that Python would draw


class Sizes(NamedTuple):
    """The shapes (D,H,W) measured in the browser and for opening, and events of each kind."""

    shape: Shape
    large: Shape
    events: int


FULL = Sizes((200, 512, 512), (300, 512, 512), events=60)
QUICK = Sizes((20, 48, 48), (20, 48, 48), events=5)


def scene(shape: Shape) -> Scene:
    """A scan (D,H,W) of 13 organs with grain, and two label maps that differ at every edge."""
    depth, height, width = shape
    noise = np.random.default_rng(0).integers(-12, 12, shape, np.int16)
    label = np.zeros(shape, np.uint8)
    for number in range(1, 14):
        left = width * number // 15
        across, along = slice(left, left + width // 16), slice(height // 5, 4 * height // 5)
        label[depth // 8 : 7 * depth // 8, along, across] = number
    maps = {"reference": label, "CPS": np.roll(label, 2, axis=2)}
    image = noise + 10 * label
    return Scene(
        "case", image, maps, np.eye(4), organ_set("flare22"), HU_WINDOWS, "HU", "reference"
    )


def measure(quick: bool = False) -> list[dict[str, Any]]:
    """Median milliseconds of a frame by kind of event, and seconds until a large scan is open."""
    require("playwright")
    sizes = QUICK if quick else FULL
    shown = scene(sizes.shape)
    size = "x".join(map(str, sizes.shape[::-1]))
    with page_of(shown) as page:
        taken = {what: frame_times(page, act, sizes.events) for what, act in ACTS.items()}
    work = {"Python": partial(drawn_in_python, shown)}
    by_python = 1000 * best_cpu_seconds(work, repeats=1 if quick else 5)["Python"]
    redrawn = "all planes redrawn in Python, as PNG"
    rows = [
        row
        for what, (wall, processor) in taken.items()
        for row in (
            comparison(f"{what}, {size}", "ms", wall, "limit", LIMIT_MS, 1, threads=1),
            comparison(f"{what}, {size}", "CPU ms", processor, redrawn, by_python, 1, threads=1),
        )
    ]
    return [*rows, opening_row(sizes.large)]


@contextmanager
def page_of(shown: Scene) -> Iterator[Any]:
    """A browser's page, from disk, with the viewer of a scene."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise InputError("the benchmark 'viewer' needs Chromium; apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as engine:
        path = Path(folder) / "page.html"
        text = viewer_html([shown], most_bytes=2**40)
        path.write_text(f'<!doctype html><meta charset="utf-8">{text}', encoding="utf-8")
        browser = engine.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(path.as_uri(), timeout=600_000)
        page.locator(".guidednet-viewer canvas").first.wait_for(state="visible", timeout=600_000)
        yield page
        browser.close()


def turn_the_wheel(page: Any, place: int) -> None:
    """One click of the wheel over the transverse plane."""
    page.mouse.wheel(0, 100 if place % 40 < 20 else -100)


def drag_the_crosshair(page: Any, place: int) -> None:
    """One step of a drag in the transverse plane, which moves the other two planes."""
    if place == 0:
        page.mouse.down()
    box = page.locator("canvas").first.bounding_box()
    shares = 0.4 + 0.2 * (place % 30) / 30, 0.4 + 0.2 * (place % 20) / 20
    page.mouse.move(box["x"] + shares[0] * box["width"], box["y"] + shares[1] * box["height"])


def drag_the_window(page: Any, place: int) -> None:
    """One step of a right drag, which repaints all planes."""
    if place == 0:
        page.mouse.up()
        page.mouse.down(button="right")
    box = page.locator("canvas").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 + place % 30, box["y"] + box["height"] / 2)


ACTS: dict[str, Callable[[Any, int], None]] = {
    "wheel": turn_the_wheel,
    "crosshair drag": drag_the_crosshair,
    "window drag": drag_the_window,
}


def frame_times(page: Any, act: Callable[[Any, int], None], events: int) -> tuple[float, float]:
    """Median milliseconds from event to painted frame, as the page measured them, and milliseconds
    of processor time of the page's main thread per frame, which do not depend on other load.
    """
    box = page.locator("canvas").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(1000)
    page.evaluate("performance.clearMeasures()")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = processor_seconds(session)
    for place in range(events):
        act(page, place)
        page.wait_for_timeout(PAUSE_MS)
    taken = processor_seconds(session) - before
    session.detach()
    frames = page.evaluate(
        "performance.getEntriesByName('guidednet-viewer frame').map(frame => frame.duration)"
    )
    return statistics.median(frames), 1000 * taken / len(frames)


def processor_seconds(session: Any) -> float:
    """Processor time of the page's main thread since the session began to count."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def drawn_in_python(shown: Scene) -> None:
    """All planes of both label maps, drawn and packed as PNG."""
    for plane, index in zip(PLANES, shown.centre(), strict=True):
        for name in shown.labels:
            to_png(draw_panel(shown, plane, index, name, WIDTH))


def opening_row(shape: Shape) -> dict[str, Any]:
    """Wall seconds until a large scan with two label maps is open on the kernel's side."""
    large = scene(shape)
    arrays = {name: label.transpose(2, 1, 0) for name, label in large.labels.items()}
    began = time.perf_counter()
    view(large.image.transpose(2, 1, 0), arrays, affine=np.eye(4))._repr_mimebundle_()
    taken = time.perf_counter() - began
    size = "x".join(map(str, shape[::-1]))
    return comparison(f"opening {size}", "s", taken, "limit", LIMIT_OPEN_S, 1, threads=1)
