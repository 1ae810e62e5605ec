"""The viewer's notebook in JupyterLab: the same hands, and a kernel that sends what is missing."""

import json
import os
import signal
import subprocess
import sys
import time
from urllib.request import urlopen

import pytest

from helpers.jupyterlab import free_port
from helpers.paths import ROOT
from helpers.viewer_page import WIDE

playwright = pytest.importorskip("playwright.sync_api")
PATIENCE = 600  # seconds: a busy machine starts kernels slowly
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
    "Canceled future",  # a question that JupyterLab asked a kernel which then restarted
)
# A scan that is too large to be sent at once, so that every slice comes from the kernel.
LARGE = """
import numpy as np

import guidednet

image = np.zeros((256, 256, 100), np.int16)
image[:, 128:] = 100
label = np.zeros(image.shape, np.uint8)
label[100:140, 60:120, 20:80] = 1
other = label.copy()
other[100:140, 60:120, 70:80] = 0
affine = np.diag([-1, -1, 2, 1])
guidednet.view(image, {"reference": label, "CPS": other}, affine=affine)
"""
# What the viewer says of itself to a screen reader, without repetitions.
NOTE_BUSY = """() => {
  window.busy = [];
  const viewer = document.querySelector(".guidednet-viewer");
  new MutationObserver(() => {
    if (busy.at(-1) !== viewer.ariaBusy) busy.push(viewer.ariaBusy);
  }).observe(viewer, { attributeFilter: ["aria-busy"] });
}"""


def notebook_of(source):
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "id": "cell",
        "metadata": {},
        "outputs": [],
        "source": source,
    }
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(about | {"cells": [cell]})


def smoke_notebook():
    text = (ROOT / "notebooks" / "30_slice_viewer.ipynb").read_text(encoding="utf-8")
    return text.replace('profile = \\"quick\\"', 'profile = \\"smoke\\"')


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab in a folder with two notebooks; yields the addresses of both."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "viewer.ipynb").write_text(smoke_notebook(), encoding="utf-8")
    (folder / "large.ipynb").write_text(notebook_of(LARGE), encoding="utf-8")
    folders = {
        "RESULTS_DIR": "results",
        "FIGURES_DIR": "figures",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_RUNTIME_DIR": "runtime",
    }
    places = {name: str(folder / inner) for name, inner in folders.items()}
    environment = os.environ | places | {"PYTHONPATH": str(ROOT)}
    environment.pop("MPLBACKEND", None)
    port = free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=test"]
    with (folder / "lab.log").open("w") as log:
        server = subprocess.Popen(
            [*command, f"--notebook-dir={folder}"],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/api?token=test", server, folder / "lab.log")
        yield {
            name: f"http://127.0.0.1:{port}/doc/tree/{name}.ipynb?token=test"
            for name in ("viewer", "large")
        }
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def wait_for(address, server, log):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            return urlopen(address, timeout=5).read()
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"JupyterLab did not start: {log.read_text()}")


@pytest.fixture
def tab(new_tab):
    hands, errors, _ = new_tab(**WIDE)
    yield hands
    failed = hands.page.locator("[data-mime-type='application/vnd.jupyter.error']")
    assert failed.count() == 0, failed.first.inner_text()
    unknown = [
        text for text in errors if not any(known.lower() in text.lower() for known in HARMLESS)
    ]
    assert unknown == []


def run_all_cells(hands, address, attempts=20):
    """Open a notebook and run it until its first cell has begun; JupyterLab forgets cells that are
    run before its kernel is ready.
    """
    page = hands.page
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    begun = page.locator(".jp-InputPrompt", has_text="*").or_(
        page.locator(".jp-InputPrompt", has_text="1")
    )
    for _ in range(attempts):
        # it may ask for the kernel at any moment, which it has found meanwhile
        if page.locator("dialog.jp-Dialog").count():
            page.locator("dialog.jp-Dialog .jp-mod-accept").first.click()
        try:
            page.locator(".lm-MenuBar-itemLabel", has_text="Run").click(timeout=10_000)
            page.get_by_text("Run All Cells", exact=True).click(timeout=10_000)
        except playwright.TimeoutError:
            continue
        page.wait_for_timeout(3_000)
        if begun.count():
            break
    page.locator(".guidednet-viewer canvas").first.wait_for(state="visible")
    # A cell that runs again would put a new viewer in the place of the one under the pointer.
    running = page.locator(".jp-InputPrompt", has_text="*")
    hands.until(lambda: running.count() == 0)
    page.locator(".guidednet-viewer").first.scroll_into_view_if_needed()
    hands.settle()


def test_the_notebooks_viewer_follows_the_hands(tab, lab):
    run_all_cells(tab, lab["viewer"])
    tab.until(lambda: tab.text(".regions header span").isdigit())
    x, y, z = tab.voxel()
    top = tab.page.evaluate("document.querySelector('.jp-WindowedPanel-outer')?.scrollTop")
    tab.wheel("transverse", 100)
    assert tab.voxel() == (x, y, z - 1)
    tab.press("ArrowUp")
    assert tab.voxel() == (x, y, z), "the key must reach the viewer and not the notebook"
    assert top == tab.page.evaluate("document.querySelector('.jp-WindowedPanel-outer')?.scrollTop")
    before = tab.pictures()[:3]
    tab.drag("coronal", (0.4, 0.4), (0.6, 0.45))
    assert all(one != other for one, other in zip(before, tab.pictures()[:3], strict=True))
    limits = tab.text(".limits")
    tab.drag("transverse", (0.5, 0.4), (0.6, 0.5), button="right")
    assert tab.text(".limits") != limits
    coloured = tab.picture(0)
    tab.push("[data-name=none]")
    assert tab.picture(0) != coloured
    tab.push("[data-name=all]")
    assert tab.picture(0) == coloured
    tab.press("n")
    assert tab.page.locator(".regions [aria-current=true]").count() == 1
    other = tab.page.locator("[aria-label=case] option").nth(1).get_attribute("value")
    assert other != tab.case()
    tab.open_case(other)
    tab.until(lambda: tab.text(".regions header span").isdigit())


def test_slices_of_a_large_scan_come_from_the_kernel(tab, lab):
    run_all_cells(tab, lab["large"])
    tab.until(lambda: "0 HU" in tab.text(".readout") or "100 HU" in tab.text(".readout"))
    tab.until(lambda: tab.text(".regions li") == "liver: 24000 voxels\nmissed")
    tab.hover("transverse")
    for key in ("l", "x"):
        tab.press(key)
    dark, bright = (tab.pixel("transverse", 0.5, down)[0] for down in (0.2, 0.8))
    assert dark < bright, "the affine turns the bright half to the back"
    before = tab.voxel()
    tab.page.evaluate(NOTE_BUSY)
    tab.wheel("transverse", 100)
    assert "…" not in tab.text(".readout b")
    assert tab.page.evaluate("busy") == ["true", "false"], "while the slice is on its way"
    assert tab.voxel()[2] == before[2] - 1
    front = tab.picture(3)
    tab.press("n")
    tab.press("l")
    tab.until(lambda: tab.text(".readout .labels b") == "liver")
    assert tab.captions()[0] == f"transverse {tab.voxel()[2] + 1}/100"
    tab.drag("surfaces", (0.4, 0.5), (0.6, 0.5))
    assert tab.picture(3) != front
