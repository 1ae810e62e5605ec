"""In a real browser: the slice viewer in JupyterLab, and the report page from disk.

Needs Chromium (`apt-get install chromium`) and playwright; skipped with the reason where one is
missing.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from urllib.request import urlopen

import numpy as np
import pytest

from guidednet.data.datasets import organ_set
from guidednet.report.viewer.scene import SCALED_WINDOWS, Scene
from guidednet.report.viewer.slice_browser import SCRIPT, browser_html
from helpers.paths import ROOT

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 600_000  # milliseconds: a busy machine starts kernels slowly
# What JupyterLab itself says on a machine without network or with other browsers' features; no
# fault of the notebook.
HARMLESS = (
    "favicon",
    "Failed to load resource",
    "plugin",
    "extension",
    "WebSocket",
    "ResizeObserver",
    "Content Security Policy",
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")


@pytest.fixture
def tab():
    """A browser tab, and the errors that its console shows."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no playwright: pip install playwright"
    )
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(PATIENCE)
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: errors.append(message.text) if message.type == "error" else None,
        )
        yield page, errors
        browser.close()


def test_the_slider_of_the_report_page_moves(tab, tmp_path):
    page, errors = tab
    label = np.zeros((5, 10, 12), np.uint8)
    label[2, 3:6, 3:6] = 1
    scene = Scene(
        "case",
        label.astype(np.float32),
        {"reference": label},
        np.eye(4),
        organ_set("flare22"),
        SCALED_WINDOWS,
        "scaled",
    )
    path = tmp_path / "index.html"
    path.write_text(
        f"<!doctype html><body>{browser_html(scene, ['reference'])}<script>{SCRIPT}</script></body>",
        encoding="utf-8",
    )
    page.goto(path.as_uri())
    first = page.get_attribute(".browser img", "src")
    assert page.inner_text(".browser output") == "transverse 2"
    page.focus(".browser input")
    page.keyboard.press("ArrowRight")
    assert (
        page.inner_text(".browser output") == "transverse 3"
        and page.get_attribute(".browser img", "src") != first
    )
    page.keyboard.press("ArrowLeft")
    assert page.get_attribute(".browser img", "src") == first
    assert errors == []


@pytest.fixture
def lab(tmp_path):
    """JupyterLab in a folder with the viewer's notebook at smoke size; yields the notebook's
    address.
    """
    notebook = json.loads(
        (ROOT / "notebooks" / "30_slice_viewer.ipynb").read_text(encoding="utf-8")
    )
    for cell in notebook["cells"]:
        cell["source"] = [
            line.replace('profile = "quick"', 'profile = "smoke"') for line in cell["source"]
        ]
    (tmp_path / "viewer.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = {
        "RESULTS_DIR": "results",
        "FIGURES_DIR": "figures",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_RUNTIME_DIR": "runtime",
    }
    environment = (
        os.environ
        | {name: str(tmp_path / folder) for name, folder in folders.items()}
        | {"PYTHONPATH": str(ROOT)}
    )
    environment.pop("MPLBACKEND", None)
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
    ]
    command += ["--IdentityProvider.token=test", f"--notebook-dir={tmp_path}"]
    with (tmp_path / "lab.log").open("w") as log:
        server = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/api?token=test", server, tmp_path / "lab.log")
        yield f"http://127.0.0.1:{port}/doc/tree/viewer.ipynb?token=test"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def wait_for(address, server, log):
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end and server.poll() is None:
        try:
            return urlopen(address, timeout=5).read()
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"JupyterLab did not start: {log.read_text()}")


def test_viewer_in_jupyterlab(tab, lab, tmp_path):
    page, errors = tab
    page.goto(lab)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    picture = page.locator(".widget-image").first
    run_all_cells(page, tmp_path / "results")
    picture.wait_for(state="visible")
    shown = settled(picture)
    handle = page.locator(".widget-slider", has_text="transverse").locator(".noUi-handle").first
    handle.focus()
    page.keyboard.press("ArrowUp")
    moved = changed(picture, shown)
    organ = page.locator(".widget-checkbox:has-text('liver') input")
    organ.uncheck()
    without_liver = changed(picture, moved)
    organ.check()
    assert settled(picture, unlike=without_liver) == moved, "the liver came back as another picture"
    page.screenshot(path=tmp_path / "viewer.png")
    assert page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0, (
        "a cell failed"
    )
    assert [
        text for text in errors if not any(known.lower() in text.lower() for known in HARMLESS)
    ] == []


def run_all_cells(page, results, attempts=10):
    """Run the notebook until it has begun to write `results`; JupyterLab forgets cells that are run
    before its kernel is ready.
    """
    page.wait_for_timeout(3_000)  # mostly it is ready by then
    for _ in range(attempts):
        page.keyboard.press("Escape")  # it may ask for the kernel, which it has found meanwhile
        try:
            page.locator(".lm-MenuBar-itemLabel", has_text="Run").click(timeout=PATIENCE / 30)
            page.get_by_text("Run All Cells", exact=True).click(timeout=PATIENCE / 30)
        except playwright_errors().TimeoutError:
            continue
        if appears(results, PATIENCE / 10_000):
            return
    raise AssertionError("JupyterLab runs no cell")


def appears(path, seconds):
    """Whether `path` is there within so many seconds."""
    end = time.monotonic() + seconds
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.2)
    return path.exists()


def playwright_errors():
    return pytest.importorskip("playwright.sync_api")


def settled(picture, unlike=None):
    """The bytes of a picture once it has stopped changing (and differs from `unlike`)."""
    end, last = time.monotonic() + PATIENCE / 1000, None
    while time.monotonic() < end:
        now = source_bytes(picture)
        if now == last and now != unlike:
            return now
        last = now
        time.sleep(1)
    raise AssertionError("the picture did not settle")


def changed(picture, before):
    """The picture's bytes after they have changed from `before`."""
    return settled(picture, unlike=before)


def source_bytes(picture):
    """The bytes behind an image element, whatever object URL it has."""
    script = (
        "async image => Array.from(new Uint8Array(await (await fetch(image.src)).arrayBuffer()))"
    )
    return bytes(picture.evaluate(script))
