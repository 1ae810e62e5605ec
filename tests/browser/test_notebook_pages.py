"""The pages of the notebooks without a network: formulas are set, nothing is asked for, and no page
is wider than its window.
"""

import shutil

import pytest

from guidednet.report.execute_notebooks import NOTEBOOKS
from guidednet.report.notebook_page.write import link_pages, write_notebook_page
from helpers.reproduction import start, succeeded
from helpers.viewer_page import PHONE, WIDE

WITH_FORMULAS = {"02_cgmm_step_by_step": 50, "03_kt_cps_step_by_step": 15}
SEEN = """() => ({
  text: document.body.innerText,
  heights: [...document.querySelectorAll("math")].map(
    (formula) => formula.getBoundingClientRect().height),
  spill: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  names: [...document.querySelectorAll("nav.pages")].map((part) => part.innerText),
})"""


@pytest.fixture(scope="module")
def unexecuted(tmp_path_factory):
    """The pages of all notebooks as they are in the tree, without outputs."""
    folder = tmp_path_factory.mktemp("pages")
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        write_notebook_page(shutil.copy(path, folder / path.name))
    link_pages(folder)
    return sorted(folder.glob("*.html"))


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory):
    """The pages of a whole reproduction at smoke size, the report's first."""
    folder = tmp_path_factory.mktemp("reproduced")
    succeeded(start(folder, item=""), folder)
    report = folder / "results" / "smoke"
    return [report / "index.html", *sorted((report / "notebooks").glob("*.html"))]


def seen(new_tab, path, **options):
    """What a page shows offline; it must ask for nothing and complain of nothing."""
    hands, errors, requests = new_tab(offline=True, **options)
    hands.page.goto(path.as_uri())
    asked = [request for request in requests if not request.startswith("data:")]
    assert asked == [path.as_uri()] and errors == [], path.name
    found = hands.page.evaluate(SEEN)
    hands.page.context.close()
    return found


def check(new_tab, pages):
    for path in pages:
        for options in (WIDE | {"color_scheme": "dark"}, PHONE):
            found = seen(new_tab, path, **options)
            assert "$$" not in found["text"] and "\\frac" not in found["text"], path.name
            assert len(found["heights"]) >= WITH_FORMULAS.get(path.stem, 0), path.name
            assert all(height > 5 for height in found["heights"]), path.name
            assert found["spill"] <= 0, f"{path.name} is wider than its window"


def test_pages_of_all_notebooks(new_tab, unexecuted):
    assert len(unexecuted) == 20
    check(new_tab, unexecuted)


@pytest.mark.slow
def test_pages_of_a_whole_reproduction(new_tab, reproduced):
    assert len(reproduced) == 20
    check(new_tab, reproduced)
    for path in reproduced[1:]:
        top, bottom = seen(new_tab, path, **WIDE)["names"]
        assert top == bottom and "the report" in top
        text = path.read_text(encoding="utf-8")
        assert "checks hold</summary>" in text and "In short" in text
        assert "run all cells to fill this box" not in text
