"""The page to open first, in a browser without a network: it asks for nothing and does not complain,
its tables sort, and its first screen answers a reader in a hurry.
"""

import pytest

from guidednet.report.tables.differences import differences
from helpers.viewer_page import PHONE, WIDE
from helpers.written_pages import contents_of, rows, written_page

SIZES = {
    "wide": WIDE,
    "wide and dark": WIDE | {"color_scheme": "dark"},
    "phone": PHONE,
    "phone and dark": PHONE | {"color_scheme": "dark"},
}
OVERFLOWING = """() => [...document.querySelectorAll("body *")].filter(one =>
  one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".wide, svg")
).map(one => one.className || one.tagName)"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def address(folder):
    return written_page(folder).as_uri()


@pytest.fixture
def open_page(new_tab, address):
    """A function that opens the page offline; nothing may fail or be asked for meanwhile."""
    opened = []

    def open_at(options=WIDE, place=""):
        hands, errors, requests = new_tab(offline=True, **options)
        hands.page.goto(address + place)
        hands.settle()
        opened.append((errors, requests))
        return hands.page

    yield open_at
    for errors, requests in opened:
        assert errors == [] and [request.split("#")[0] for request in requests] == [address]


@pytest.mark.parametrize("size", SIZES)
def test_the_page_fits_and_asks_for_nothing(open_page, size):
    page = open_page(SIZES[size])
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    width = SIZES[size]["viewport"]["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVERFLOWING) == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    dark = max(map(int, ground.removeprefix("rgb(").removesuffix(")").split(", "))) < 128
    assert dark == ("dark" in size)


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_the_first_screen_holds_the_claim(open_page, size):
    page = open_page(SIZES[size])
    height = SIZES[size]["viewport"]["height"]
    wanted = ["+15.2 points", "8 of 36 numbers"]
    wanted += ["6 trainings of 3 methods", "training on the labelled scans"] * (size == "wide")
    for words in wanted:
        box = page.locator("header").get_by_text(words).first.bounding_box()
        assert box["y"] + 20 < height, words


def test_a_click_on_a_heading_sorts_each_group_and_again_turns_it(open_page):
    page = open_page()
    page.locator("#table1 summary", has_text="numbers as a table").click()
    heading = page.locator("#table1 th button", has_text="mean Dice")
    group = page.locator("#table1 table.sortable tbody").nth(1)
    names = group.locator("tr:not(.group) > th")
    assert names.all_inner_texts() == ["CPS", "GuidedNet"]
    heading.click()
    assert names.all_inner_texts() == ["GuidedNet", "CPS"]
    heading.click()
    assert names.all_inner_texts() == ["CPS", "GuidedNet"]
    assert page.locator("#table1 [aria-sort]").get_attribute("aria-sort") == "ascending"
    page.locator("#table1 th button", has_text="method").click()
    assert names.all_inner_texts() == ["CPS", "GuidedNet"]
    page.locator("#table1 th button", has_text="difference to").click()
    assert names.all_inner_texts() == ["GuidedNet", "CPS"]


def test_organs_show_on_demand_and_the_head_stays(open_page):
    page = open_page()
    page.locator("#table1 summary", has_text="numbers as a table").click()
    liver = page.locator("#table1 td.organ").first
    assert not liver.is_visible()
    page.locator("#table1 [data-shows=organ]").click()
    assert liver.is_visible()
    table = page.locator("#table1 .scores .wide")
    table.evaluate("box => { box.style.maxHeight = '90px'; box.scrollTo(300, 60); }")
    frame = table.bounding_box()
    head = page.locator("#table1 table.sortable thead th").first.bounding_box()
    name = page.locator("#table1 table.sortable tbody th", has_text="GuidedNet").bounding_box()
    assert abs(head["y"] - frame["y"]) < 2 and abs(head["x"] - frame["x"]) < 2
    assert abs(name["x"] - frame["x"]) < 2


def test_the_forest_says_what_the_score_files_say(open_page, folder):
    page = open_page()
    _, _, found = differences(rows(), contents_of(folder)[2].get)
    line = page.locator("#table1 .forest .ours")
    sign = "+" if found.mean > 0 else "−"
    assert line.locator(".value").inner_text().startswith(f"{sign}{abs(found.mean):.1f}")
    strip = line.locator(".own svg").bounding_box()
    ticks = page.locator("#table1 .forest .axis .own text")
    places = [box["x"] + box["width"] / 2 for box in map(lambda t: t.bounding_box(), ticks.all())]
    values = [float(text.replace("−", "-")) for text in ticks.all_text_contents()]
    scale = (values[-1] - values[0]) / (places[-1] - places[0])
    dots = [dot.bounding_box() for dot in line.locator("circle.case").all()]
    seen = [values[0] + (box["x"] + box["width"] / 2 - places[0]) * scale for box in dots]
    assert sorted(seen) == pytest.approx(sorted(found.by_case), abs=2 * abs(scale))
    assert all(strip["x"] <= box["x"] <= strip["x"] + strip["width"] for box in dots)


def test_a_link_opens_the_fold_that_holds_its_runs(open_page):
    page = open_page()
    runs = page.locator("#table1 table.runs")
    assert not runs.is_visible()
    page.locator("#table1 .forest .ours a").click()
    runs.wait_for(state="visible")
    assert page.locator("tbody:target").count() == 1
    again = open_page(place="#runs-table1-1")
    assert again.locator("#runs-table1-1").is_visible()


def test_on_a_phone_the_contents_are_folded(open_page):
    page = open_page(PHONE)
    assert not page.locator("nav a").first.is_visible()
    page.locator("nav summary").click()
    page.locator("nav a", has_text="Table 1").click()
    page.wait_for_function("document.querySelector('#table1').getBoundingClientRect().y < 100")


def test_without_javascript_everything_is_there(new_tab, address):
    hands, errors, _ = new_tab(java_script_enabled=False, **WIDE)
    hands.page.goto(address)
    assert hands.page.locator("#table1 .forest .ours").is_visible() and errors == []
