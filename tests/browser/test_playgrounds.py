"""The playgrounds compute in the browser what the library computes, and follow the hand."""

import numpy as np
import pytest
import torch

from guidednet.cgmm.gaussians import ClassStatistics, class_statistics, log_posterior
from guidednet.cgmm.released import likelihood
from guidednet.ktcps import difficulty_weights
from guidednet.metrics.overlap import dice
from guidednet.published.checks import detectable_gap
from guidednet.report.playground.ktcps import readings
from helpers.playgrounds import CHANNELS, CLASSES, crops, playgrounds, write_page
from helpers.viewer_page import PHONE, WIDE

PLACE = ".guidednet-playground[data-kind={}]"
STATE = """place => {
  const { model, maps, found, current } = place.playground;
  const { mean, std, present } = model.statistics;
  const arrays = { mean, std, maps, found };
  const plain = Object.entries(arrays).map(([name, values]) => [name, Array.from(values)]);
  return { ...Object.fromEntries(plain), present, current };
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("page"), [widget.html() for widget in playgrounds()])


@pytest.fixture
def page(new_tab, address):
    """A page with all widgets, which must neither complain nor ask for anything."""
    hands, errors, requests = new_tab(**WIDE)
    hands.page.goto(address)
    hands.settle()
    yield hands.page
    assert errors == [] and requests == [address]


def state(page):
    return page.locator(PLACE.format("cgmm")).evaluate(STATE)


def features():
    """The slice's features (1,C,1,H,W) as the page has them: front up, right side at the left."""
    found = crops()
    return found.features[:1, :, found.place : found.place + 1].flip(-1, -2)


def expected(now, released=False):
    """G (K,V) of the library for the Gaussians that the page has now."""
    mean = torch.tensor(now["mean"]).reshape(CLASSES, CHANNELS)
    present = torch.tensor(now["present"])
    if released:
        maps = likelihood(features(), mean[None])[0] * present.view(-1, 1, 1, 1)
    else:
        given = ClassStatistics(mean, torch.tensor(now["std"]), present.long())
        maps = log_posterior(features(), given)[0].exp()
    return maps.flatten(1).numpy()


def assert_as_in_the_library(page, released=False):
    now = state(page)
    wanted = expected(now, released)
    maps = np.array(now["maps"]).reshape(CLASSES, -1)
    assert np.allclose(maps, wanted, atol=2e-5)
    best, second = np.sort(wanted, 0)[[-1, -2]]
    clear = best - second > 1e-4
    assert (np.array(now["found"]) == wanted.argmax(0))[clear].all()
    reference = crops().label[0, crops().place].flip(-1, -2).flatten().numpy()
    own = dice(np.array(now["found"], np.uint8), reference.astype(np.uint8), CLASSES)
    said = page.locator(f"{PLACE.format('cgmm')} .remark").inner_text()
    assert f"{100 * own[now['current'] - 1]:.1f} %, mean of the organs" in said
    assert f"mean of the organs {100 * np.nanmean(own):.1f} %" in said


def centroid_on_screen(page, k):
    """Where the widget draws the centroid of class `k`."""
    box = page.locator("canvas.plane").bounding_box()
    x, y = page.locator(PLACE.format("cgmm")).evaluate(
        "(place, k) => place.playground.plane.pixel(place.playground.plane.centroid(k))", k
    )
    return box["x"] + x * box["width"] / 400, box["y"] + y * box["height"] / 400


def drag(page, k, right, down):
    x, y = centroid_on_screen(page, k)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=12)
    page.mouse.up()


def test_the_first_picture_is_the_librarys(page):
    found = crops()
    fitted = class_statistics(found.features, found.label, found.probabilities)
    now = state(page)
    assert np.allclose(now["mean"], fitted.mean.flatten(), atol=1e-6)
    assert np.allclose(now["std"], fitted.std, atol=1e-6)
    assert now["current"] == found.chosen
    assert_as_in_the_library(page)


def test_a_dragged_centroid_and_a_wider_gaussian_change_the_posterior(page):
    before = state(page)
    k = before["current"]
    drag(page, k, 60, -30)
    after = state(page)
    moved = np.array(after["mean"]).reshape(CLASSES, -1) - np.array(before["mean"]).reshape(
        CLASSES, -1
    )
    assert np.abs(moved[k]).max() > 0.1 and not np.delete(moved, k, 0).any()
    assert_as_in_the_library(page)
    page.get_by_label("σ times").fill("1")
    wider = state(page)
    assert wider["std"][k] == pytest.approx(2 * after["std"][k])
    assert wider["std"][k - 1] == after["std"][k - 1]
    assert_as_in_the_library(page)
    page.get_by_text("of all classes").click()
    page.get_by_label("σ times").fill("-1")
    assert np.allclose(state(page)["std"], 0.5 * np.array(before["std"]))
    page.get_by_text("reset").click()
    assert state(page)["mean"] == before["mean"] and state(page)["maps"] == before["maps"]


def test_the_released_likelihood(page):
    page.get_by_text("released code: no σ").click()
    assert_as_in_the_library(page, released=True)
    drag(page, state(page)["current"], -40, 20)
    assert_as_in_the_library(page, released=True)
    page.get_by_text("released code: no σ").click()
    assert_as_in_the_library(page)


def test_arrow_keys_move_the_centroid_too(page):
    before = state(page)["mean"]
    page.locator("canvas.plane").focus()
    page.keyboard.press("ArrowRight")
    assert state(page)["mean"] != before
    assert_as_in_the_library(page)


def test_the_pictures_follow_the_hand(page):
    drag(page, state(page)["current"], 80, 40)
    frames = page.evaluate(
        "performance.getEntriesByName('guidednet-playground').map(entry => entry.duration)"
    )
    # The fastest frame is what a picture costs; a busy machine stretches any of the others.
    assert len(frames) > 5 and min(frames) < 50


@pytest.mark.parametrize(
    "counts", [(120_000, 6_000, 12), (500, 500, 500), (1, 90_000, 3), (0, 0, 0), (0, 7, 40)]
)
def test_the_weights_of_three_readings(page, counts):
    place = page.locator(PLACE.format("ktcps"))
    for slider, count in zip(place.locator("input[type=range]").all(), counts, strict=True):
        slider.fill(str(round(np.log10(count + 1), 2)))
    shown = [text.split()[0].replace(",", "") for text in place.locator("output").all_inner_texts()]
    true_positives = torch.tensor([float(text) for text in shown], dtype=torch.float64)
    wanted = readings(true_positives)
    everywhere = torch.ones_like(true_positives, dtype=torch.bool)
    wanted["here"] = difficulty_weights(true_positives, everywhere)
    for reading, name in (("printed", "as printed"), ("released", "released code"), ("here",) * 2):
        cells = place.locator(f"td[data-reading={reading}]").all_inner_texts()
        texts = ["0/0" if w != w else f"{abs(w):.2f}" for w in wanted[name].tolist()]
        assert cells == texts, reading


def test_an_absent_class_squeezes_the_others_in_the_released_code_alone(page):
    place = page.locator(PLACE.format("ktcps"))
    place.get_by_label("not in the crops").nth(2).check()
    cells = {
        reading: place.locator(f"td[data-reading={reading}]").all_inner_texts()
        for reading in ("released", "here")
    }
    assert cells["released"][2] == "3.00" and float(cells["released"][1]) < 0.4
    assert cells["here"][2] == "keeps its weight" and cells["here"][1] == "3.00"
    assert "squeezes" in place.locator(".remark").inner_text()


@pytest.mark.parametrize(("cases", "spread"), [(3, 2.0), (14, 5.0), (60, 8.0), (200, 0.5)])
def test_the_detectable_gap(page, cases, spread):
    place = page.locator(PLACE.format("gap"))
    place.get_by_label("test cases").fill(str(cases))
    place.get_by_label("spread of the difference").fill(str(spread))
    found = float(place.get_attribute("data-gap"))
    # the library rounds up to a grid of 0.003 spreads
    assert detectable_gap(cases, spread) - 0.0061 * spread < found <= detectable_gap(cases, spread)
    assert f"is {found:.1f} points" in place.locator(".remark").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_no_page_is_wider_than_its_screen(new_tab, address, size, scheme):
    hands, errors, requests = new_tab(**size, color_scheme=scheme)
    hands.page.goto(address)
    hands.settle()
    width = hands.page.evaluate("document.documentElement.scrollWidth")
    assert width <= size["viewport"]["width"]
    assert hands.page.locator("canvas").count() == 6 and errors == [] and requests == [address]


def test_without_javascript_the_pictures_stand_there(new_tab, address):
    hands, _, _ = new_tab(**WIDE, java_script_enabled=False)
    hands.page.goto(address)
    assert [image.is_visible() for image in hands.page.locator("img").all()] == [True] * 3


def test_in_a_notebook_every_widget_has_a_frame_of_its_own(new_tab, tmp_path):
    pieces = [widget._repr_mimebundle_()["text/html"] for widget in playgrounds()]
    hands, errors, _ = new_tab(**WIDE)
    hands.page.goto(write_page(tmp_path, pieces))
    frame = hands.page.frame_locator("iframe").first
    frame.locator("canvas.plane").wait_for(state="visible")
    hands.until(lambda: hands.page.locator("iframe").first.bounding_box()["height"] > 300)
    assert hands.page.locator("img").count() == 0, "the script runs, so the pictures go"
    assert errors == []
