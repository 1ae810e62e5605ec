"""The page to open first: one file that needs nothing else, with every table and figure, the print
and the runs behind it.
"""

import re

import pandas as pd
import pytest

from guidednet.report.figures.save import print_figure, save_figure
from guidednet.report.page import write_page
from guidednet.report.sections.story import PAPER
from guidednet.report.tables.captions import MIXED
from guidednet.runs.profiles import profile
from guidednet.runs.record import RecordedRuns
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.study.artefacts import Artefact
from guidednet.study.rows import Row
from helpers.tiny_runs import tiny_config
from helpers.written_pages import contents_of, written_page
from helpers.written_runs import workspace, write_mixed_rows, write_run


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("page")
    workspace = Workspace(
        profile("smoke"), tmp_path / "data", tmp_path / "results", tmp_path / "figures"
    )
    figure, axes = print_figure(3, 2)
    axes.plot([1, 2])
    save_figure(figure, pd.DataFrame({"x": [1]}), workspace.figure_folder, "figure6")
    pd.DataFrame({"method": ["<CPS & co>"], "mean_dice": [1.234]}).to_csv(
        workspace.figure_folder / "table3.csv", index=False
    )
    config = workspace.profile.run("flare22", "cps", (1, 9), 0)
    rows = lambda profile, seeds: [Row("<CPS & co>", (config,))]  # noqa: E731
    artefacts = {
        "table3": Artefact("12_table3_components", rows, ("table3.csv",)),
        "figure6": Artefact("23_figure6_hyperparameters", rows, ("figure6.csv", "figure6.png")),
        "table1": Artefact("10_table1_flare22", rows, ("table1.csv",)),
    }
    path = write_page(artefacts, pd.DataFrame({"run": ["<b>"]}), RunStore(workspace), seeds=1)
    return path.read_text(encoding="utf-8")


def test_the_page_needs_no_other_file_and_no_network(page):
    """Links lead elsewhere, but nothing is loaded: no source but data, no style sheet, no import."""
    assert not re.findall(r"""src=["'](?!data:)""", page)
    assert "<link" not in page and "@import" not in page and "url(" not in page
    outside = re.findall(r"https?://[^\s\"'<)]*", page)
    assert set(outside) <= {PAPER} and page.count(PAPER) == page.count(f'<a href="{PAPER}">')
    assert 'name="viewport"' in page and "@media print" in page


def test_every_table_and_figure_is_there_or_called_not_run(page):
    assert "1.23" in page and "data:image/png;base64," in page
    assert "Table 1: not run" in page and "12_table3_components: not run" in page
    assert "Nothing has been trained yet" in page and "synthetic" in page


def test_the_print_and_the_runs_stand_beside(page):
    assert "The paper's Table 3" in page.replace("&#x27;", "'") and "83.64" in page
    assert "Where these numbers come from" in page and page.count("not run") >= 4


def test_names_are_escaped(page):
    assert "&lt;CPS &amp; co&gt;" in page and "<CPS" not in page and "<b>&lt;" not in page


def test_the_contents_list_names_every_section_in_the_papers_order(page):
    nav = page[page.index("<nav>") : page.index("</nav>")]
    anchors = re.findall('href="#([^"]+)"', nav)
    assert anchors == [
        *("top", "found", "real-ct", "items", "table1", "table3", "figure6"),
        *("viewer", "playground", "notebooks", "runs"),
    ]
    assert all(page.count(f'id="{anchor}"') == 1 for anchor in anchors)


def test_the_first_screen_says_what_is_claimed_and_what_was_found(page):
    head = re.sub("<[^>]*>", "", page[page.index("<header") : page.index("</header>")])
    assert "+15.2 points" in head and "8 of 36 numbers" in head and "real CT" in head


def test_files_and_notebooks_are_linked_where_they_exist(page):
    for name in ("figure6.csv", "figure6.png", "figure6.pdf", "table3.csv"):
        assert re.search(rf'<a href="[^"]*figures/smoke/{name}">', page), name
    assert "table1.csv" not in page and "notebooks/12_table3" not in page


def test_a_page_is_the_same_each_time_and_names_its_runs(tmp_path):
    first = written_page(tmp_path)
    text = first.read_text("utf-8")
    write_again = contents_of(tmp_path)
    assert write_page(*write_again).read_text("utf-8") == text
    assert "6 trainings of 3 methods" in text and "commit 0123456789" in text
    folders = set(re.findall(r'href="(\.\./runs/[^"]+)"', text))
    assert len(folders) == 6
    assert all((first.parent / folder).is_dir() for folder in folders)


@pytest.fixture
def mixed_rows(tmp_path):
    return write_mixed_rows(tmp_path)


def test_the_page_shows_the_notes_escaped(mixed_rows, tmp_path):
    write_run(tmp_path / "runs", tiny_config("dan"), {"warnings": ["x < y & <b>z</b>"]})
    rows = [*mixed_rows, Row("DAN", (tiny_config("dan"),))]
    artefacts = {
        "table3": Artefact("12_table3_components", lambda profile, seeds: rows, ("table3.csv",))
    }
    page = write_page(
        artefacts,
        pd.DataFrame({"run": []}),
        RecordedRuns(tmp_path / "runs", workspace(tmp_path)),
        seeds=1,
    ).read_text("utf-8")
    assert (
        MIXED in page
        and "<li>mixed devices: CPU, 1 thread (CPS, DAN), NVIDIA H100 (GuidedNet)</li>" in page
    )
    assert (
        "<li>DAN, seed 0: x &lt; y &amp; &lt;b&gt;z&lt;/b&gt;</li>" in page and "<b>z" not in page
    )
