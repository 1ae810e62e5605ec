"""The page of an executed notebook: its title, its cells once, its folds, and its neighbours."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from guidednet.report.notebook_page.write import link_pages, write_notebook_page

PICTURE = new_output("display_data", {"image/png": "aGVsbG8=", "text/plain": "<Figure>"})


def cell(source, *tags, outputs=()):
    return new_code_cell(source, metadata={"tags": list(tags)}, outputs=list(outputs))


def write(folder, name, title):
    folder.mkdir(parents=True, exist_ok=True)
    cells = [
        new_markdown_cell(f"# {title}"),
        cell("import colab_only", "colab"),
        cell('profile = "quick"\nseeds = 1', "parameters"),
        cell('# Parameters\nprofile = "smoke"', "injected-parameters"),
        cell("import torch", "imports"),
        new_markdown_cell("## A & B\n\n$x$ and [next](01_other.ipynb)"),
        cell(
            "draw()",
            outputs=[PICTURE, new_output("stream", name="stderr", text="a remark")],
        ),
        cell("checks.report()", "checks"),
    ]
    path = folder / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    write_notebook_page(path)
    return path.with_suffix(".html")


@pytest.fixture
def page(tmp_path):
    return write(tmp_path, "00_start", "Start <here>").read_text(encoding="utf-8")


def shown(page):
    return re.sub(r"<[^>]+>", "", page.split("<main>")[1]).replace("&#39;", "'")


def test_it_is_called_by_its_title_and_asks_for_nothing(page):
    assert "<title>Start &lt;here&gt;</title>" in page
    assert "<script" not in page and not re.findall(r"""(?:src|href)=["']https?:""", page)


def test_parameters_stand_once_with_the_values_of_the_run(page):
    assert "profile = 'smoke'" in shown(page) and "seeds = 1" in shown(page)
    assert "quick" not in shown(page) and shown(page).count("profile") == 1


def test_imports_and_checks_are_folded_and_what_is_for_others_is_left_out(page):
    folded = re.findall(r'<details class="folded"><summary>([^<]+)', page)
    assert folded == ["Parameters", "Imports", "Code of the checks"]
    assert "colab_only" not in page and "a remark" not in page


def test_pictures_say_where_they_stand_and_sections_are_listed(page):
    assert 'alt="picture in the section: A &amp; B"' in page
    assert '<ol><li><a href="#A-&amp;-B">A &amp; B</a></li></ol>' in page.replace("%26", "&amp;")


def test_pages_link_to_neighbours_and_report_that_exist(tmp_path):
    folder = tmp_path / "notebooks"
    pages = [write(folder, name, name) for name in ("00_first", "01_other", "02_last")]
    link_pages(folder)
    assert "index.html" not in pages[0].read_text(encoding="utf-8")
    (tmp_path / "index.html").touch()
    link_pages(folder)
    targets = [
        re.findall(r'href="([\w./]+)"', found)
        for path in pages
        for found in re.findall(r'<nav class="pages">(.*?)</nav>', path.read_text("utf-8"))[:1]
    ]
    index = "../index.html"
    assert targets == [
        [index, "01_other.html"],
        [index, "00_first.html", "02_last.html"],
        [index, "01_other.html"],
    ]
    assert 'href="01_other.html">next</a>' in pages[0].read_text(encoding="utf-8")
