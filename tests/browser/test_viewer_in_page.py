"""The viewer in a page from disk, by the events of mouse, keys and fingers: each changes the
picture as a radiologist expects.
"""

import pytest

from helpers.paths import ROOT
from helpers.viewer_page import PHONE, WIDE, is_grey, scene, write_page

JAVASCRIPT = ROOT / "guidednet" / "report" / "viewer" / "javascript"
DRAWN_THREE_TIMES = """async source => {
  const module = new Blob([source], { type: "text/javascript" });
  const { SurfaceView } = await import(URL.createObjectURL(module));
  const camera = { azimuth: 0, elevation: 0, zoom: 1 };
  const store = { state: { shown: "CPS", hidden: new Set(), camera } };
  const asked = [];
  const kernel = { computes: true, askSurfaces: (map) => asked.push(map) };
  const view = new SurfaceView({ surfaces: new Map(), organs: [] }, store, kernel);
  view.width = view.height = 50;
  for (let frame = 0; frame < 3; frame++) view.draw();
  return asked;
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    scenes = [scene(), scene("<b>other</b>")]
    return write_page(tmp_path_factory.mktemp("page"), scenes)


@pytest.fixture
def tab(new_tab, address):
    """A tab with the viewer, which must neither complain nor ask for anything."""
    hands, errors, requests = new_tab(**WIDE)
    hands.open(address)
    yield hands
    assert errors == [] and requests == [address]


def test_the_wheel_changes_the_slice_under_the_pointer_and_no_other(tab):
    x, y, z = tab.voxel()
    before = tab.pictures()
    tab.wheel("transverse", 100)
    assert tab.voxel() == (x, y, z - 1) and tab.captions()[0] == f"transverse {z}/16"
    after = tab.pictures()
    assert all(one != other for one, other in zip(before[:3], after[:3], strict=True))
    tab.wheel("transverse", -100)
    assert tab.voxel() == (x, y, z) and tab.pictures()[:3] == before[:3]
    tab.wheel("sagittal", -100)
    assert tab.voxel() == (x + 1, y, z)
    assert tab.page.evaluate("scrollY") == 0


@pytest.mark.parametrize("plane", ["transverse", "coronal", "sagittal"])
def test_a_click_and_a_drag_place_the_crosshair_in_all_planes(tab, plane):
    before = tab.voxel()
    for (z, y, x), drags in (((12, 30, 50), False), ((4, 8, 10), True)):
        place = tab.place_of(plane, (z, y, x))
        if drags:
            tab.drag(plane, (0.45, 0.45), place)
        else:
            tab.click(plane, *place)
        fixed = {"transverse": (x, y, before[2]), "coronal": (x, before[1], z)}
        assert tab.voxel() == fixed.get(plane, (before[0], y, z))
    x, y, z = tab.voxel()
    shown = [f"transverse {z + 1}/16", f"coronal {y + 1}/40", f"sagittal {x + 1}/60"]
    assert tab.captions()[:3] == shown


def test_the_crosshair_is_cyan_with_a_dark_edge(tab):
    x, y, z = tab.voxel()
    across, down = tab.place_of("transverse", (z, 5, x))
    pixel = 1 / tab.box("transverse")["width"]
    near = [tab.pixel("transverse", across + shift * pixel, down) for shift in range(-6, 7)]
    line = max(near, key=lambda colour: max(colour) - min(colour))
    assert line[2] > line[0] + 60 and line[1] > line[0] + 60
    at = near.index(line)
    assert min(sum(near[at - 1]), sum(near[at + 1])) < sum(near[0]), "the edge is dark"


def test_a_right_drag_sets_window_and_level(tab):
    tab.hover("transverse")
    tab.press("l")  # label maps off
    tab.press("x")
    place = (4, 20, 45)
    grey = tab.colour("transverse", place)
    assert is_grey(grey) and "W 400 L 40 HU" in tab.text(".limits")
    tab.drag("transverse", (0.5, 0.4), (0.5, 0.6), button="right")
    brighter = tab.colour("transverse", place)
    assert is_grey(brighter) and brighter[0] > grey[0] + 20
    assert tab.page.get_by_label("window", exact=True).input_value() == "own"
    tab.drag("transverse", (0.4, 0.5), (0.6, 0.5), button="right")
    assert int(tab.text(".limits").split()[1]) > 400
    tab.press("1")
    assert tab.colour("transverse", place) == grey
    tab.choose("window", "3")  # bone: -300 to 1200
    assert abs(tab.colour("transverse", place)[0] - 255 * (40 + 300) / 1500) <= 1


def test_zoom_keeps_the_place_under_the_pointer_and_all_planes_follow(tab):
    corner = tab.place_of("transverse", (9, 27.5, 41.5))
    coronal = tab.picture(1)
    tab.page.keyboard.down("Control")
    tab.wheel("transverse", -300, corner)
    tab.page.keyboard.up("Control")
    assert tab.picture(1) != coronal
    tab.click("transverse", *corner)
    x, y, _ = tab.voxel()
    assert abs(x - 41.5) <= 1 and abs(y - 27.5) <= 1
    zoomed = tab.picture(1)
    tab.page.keyboard.down("Shift")
    tab.drag("transverse", (0.5, 0.5), (0.6, 0.5))
    tab.page.keyboard.up("Shift")
    assert tab.picture(1) != zoomed, "panning one plane must move the others"
    tab.click("transverse", *corner)
    assert tab.voxel()[0] > x + 1, "what was left of the pointer must be under it"
    tab.press("0")
    tab.click("transverse", *tab.place_of("transverse", (9, 10, 20)))
    assert tab.voxel()[:2] == (20, 10)


def test_keys_go_to_the_plane_under_the_pointer(tab):
    x, y, z = tab.voxel()
    tab.hover("coronal")
    tab.press("ArrowUp")
    assert tab.voxel() == (x, y + 1, z)
    tab.hover("sagittal")
    tab.press("PageDown")
    assert tab.voxel() == (x - 5, y + 1, z)
    tab.hover("transverse")
    tab.press("Home")
    assert tab.voxel() == (x - 5, y + 1, 15)


def test_organs_hide_and_show_alone(tab):
    liver, spleen = (15, 36, 52), (0, 5, 10)
    tab.hover("transverse")
    tab.press("Home")
    assert not is_grey(tab.colour("transverse", liver))
    tab.push("[data-organ=liver]")
    assert is_grey(tab.colour("transverse", liver))
    tab.push("[data-organ=liver]")
    assert not is_grey(tab.colour("transverse", liver))
    tab.page.locator("[data-organ=spleen]").dblclick()
    tab.settle()
    assert is_grey(tab.colour("transverse", liver))
    assert tab.page.locator(".organs [aria-pressed=true]").count() == 1
    tab.press("End")
    assert not is_grey(tab.colour("transverse", spleen))
    tab.press("a")
    assert tab.page.locator(".organs [aria-pressed=false]").count() == 0


def test_dice_stands_beside_each_organ(tab):
    rows = tab.dice()
    assert rows["pancreas"] == "0.0" and rows["aorta"] == "absent" and float(rows["liver"]) > 95
    tab.choose("label map", "CPS")
    assert tab.dice()["pancreas"] == "100.0"


def test_next_goes_to_the_centre_of_each_disagreement_in_all_planes(tab):
    assert tab.text(".regions li") == "pancreas: 48 voxels\nmissed"
    tab.hover("transverse")
    tab.press("n")
    x, y, z = tab.voxel()
    assert 28 <= x < 34 and 18 <= y < 22 and 7 <= z < 9
    assert tab.text(".regions [aria-current=true]").startswith("pancreas")
    tab.push("[data-name=next]")
    assert tab.text(".regions [aria-current=true]") == "spleen: 8 voxels\nother organ"
    x, y, z = tab.voxel()
    assert 4 <= x < 6 and 4 <= y < 6 and 2 <= z < 4
    tab.press("p")
    assert tab.text(".regions [aria-current=true]").startswith("pancreas")
    tab.push(".regions li:nth-child(4) button")
    assert tab.text(".regions [aria-current=true]").startswith("liver: 1 voxel\nmissed")
    assert tab.voxel() == (42, 27, 11)


def test_a_difference_has_three_colours(tab):
    tab.hover("transverse")
    for key in "xnd":  # no crosshair over the pixels that are read
        tab.press(key)
    blue = tab.colour("transverse", (7, 20, 31))
    tab.press("n")
    pink = tab.colour("transverse", (2, 4, 4))
    assert blue[2] > blue[0] + 40 and pink[0] > pink[1] + 40 and pink[2] > pink[1]
    assert is_grey(tab.colour("transverse", (2, 8, 15))), "nothing is coloured where both agree"
    tab.press("End")
    orange = tab.colour("transverse", (0, 39, 0))
    assert orange[0] > orange[2] + 40 and orange[1] > orange[2]
    tab.choose("compared with", "CPS")
    assert tab.text(".regions li").startswith("pancreas")


def test_contours_overlay_and_image_alone(tab):
    tab.hover("transverse")
    for key in ("x", "Home", "c"):
        tab.press(key)
    inside = (15, 33, 50)
    assert is_grey(tab.colour("transverse", inside)), "a contour must leave the inside free"
    assert not is_grey(tab.colour("transverse", (15, 26.5, 50)))
    tab.choose("overlay", "uncertainty")
    heat = tab.colour("transverse", (15, 10, 45))
    assert heat[0] > heat[2] + 20
    tab.click("transverse", *tab.place_of("transverse", (15, 10, 45)))
    assert "uncertainty: 0.90" in tab.text(".readout")
    tab.choose("overlay", "")
    tab.choose("label map", "")
    assert is_grey(tab.colour("transverse", (15, 26.5, 50)))


def test_methods_stand_side_by_side(tab):
    tab.push("[data-name=compare]")
    assert tab.page.locator("canvas").count() == 3
    assert tab.captions()[1].startswith("Dice 100.0")
    tab.hover("transverse")
    tab.press("n")
    _, second, third = tab.pictures()
    assert second != third
    tab.page.get_by_label("label map of this pane").nth(1).select_option("GuidedNet")
    tab.settle()
    assert tab.picture(1) == third
    tab.push("[data-name=add]")
    assert tab.page.locator("canvas").count() == 4
    tab.choose("plane", "coronal")
    assert tab.page.locator("canvas[data-plane=coronal]").count() == 4
    for _ in range(2):
        tab.push("[data-name=add]")
    ends = [pane.bounding_box() for pane in tab.page.locator("canvas").all()]
    assert len(ends) == 6 and all(box["x"] + box["width"] <= 1400 for box in ends), "none is cut"
    for _ in range(2):
        tab.push("[data-name=close]")
    tab.push("[data-name=close]")
    assert tab.page.locator("canvas").count() == 3


def test_a_double_click_shows_one_plane_and_goes_back(tab):
    tab.page.mouse.dblclick(*tab.at("coronal", 0.5, 0.5))
    tab.settle()
    assert tab.page.locator("canvas").count() == 1 and tab.captions()[0].startswith("coronal")
    tab.page.mouse.dblclick(*tab.at("coronal", 0.5, 0.5))
    tab.settle()
    assert tab.page.locator("canvas").count() == 4


def test_surfaces_turn_and_follow_the_organs(tab):
    whole = tab.picture(3)
    tab.drag("surfaces", (0.5, 0.5), (0.7, 0.6))
    turned = tab.picture(3)
    tab.push("[data-organ=liver]")
    assert len({whole, turned, tab.picture(3)}) == 3


def test_a_kernel_is_asked_for_surfaces_once_and_not_in_every_frame(new_tab):
    hands, errors, _ = new_tab()
    source = (JAVASCRIPT / "surface_view.js").read_text(encoding="utf-8")
    assert hands.page.evaluate(DRAWN_THREE_TIMES, source) == ["CPS"] and errors == []


def test_another_case_is_chosen_and_its_name_is_no_markup(tab):
    tab.open_case("<b>other</b>")
    assert tab.page.locator("b", has_text="other").count() == 0
    tab.hover("transverse")
    tab.press("n")
    assert tab.text(".regions [aria-current=true]").startswith("pancreas")


def test_full_screen_and_help(tab):
    tab.push("[data-name=help]")
    assert "next and previous disagreement" in tab.text("dialog")
    tab.push("dialog")
    assert not tab.page.locator("dialog").is_visible()
    tab.push("[data-name=full]")
    tab.page.wait_for_function("document.fullscreenElement !== null")
    assert "guidednet-viewer" in tab.page.evaluate("document.fullscreenElement.className")


def test_the_page_measures_the_time_from_an_event_to_its_frame(tab):
    tab.wheel("transverse", 100)
    tab.page.wait_for_function("performance.getEntriesByName('guidednet-viewer frame').length")


def test_fingers_on_a_phone(new_tab, address):
    hands, errors, requests = new_tab(**PHONE)
    hands.open(address)
    assert hands.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert hands.box("transverse")["width"] > 300
    hands.page.touchscreen.tap(*hands.at("transverse", *hands.place_of("transverse", (9, 30, 20))))
    hands.settle()
    assert hands.voxel()[:2] == (20, 30)
    before = hands.picture(0)
    hands.pinch("transverse")
    assert hands.picture(0) != before
    hands.page.get_by_label("transverse slice").fill("3")
    hands.settle()
    assert hands.voxel()[2] == 3
    liver = hands.page.locator("[data-organ=liver]")
    liver.tap()  # the browser makes a click of it when it likes
    hands.until(lambda: liver.get_attribute("aria-pressed") == "false")
    assert errors == [] and requests == [address]
