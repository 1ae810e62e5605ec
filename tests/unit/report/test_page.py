"""The page to open first: one file that needs nothing else, with every table and figure, the print
and the runs behind it.
"""

import re

import pandas as pd
import pytest

from guidednet.report.figures.save import print_figure, save_figure
from guidednet.report.page import write_page
from guidednet.report.tables.captions import MIXED
from guidednet.runs.profiles import profile
from guidednet.runs.record import RecordedRuns
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.study.artefacts import Artefact
from guidednet.study.rows import Row
from helpers.tiny_runs import tiny_config
from helpers.written_runs import workspace, write_mixed_rows, write_run


@pytest.fixture
def page(tmp_path):
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
    assert not re.findall(r"""(?:src|href)=["'](?!data:|notebooks/)""", page)
    assert not re.findall(r"https?://", page)
    assert 'name="viewport"' in page and "@media print" in page


def test_every_table_and_figure_is_there_or_called_not_run(page):
    assert "1.23" in page and "data:image/png;base64," in page
    assert "Table 1: not run" in page and "12_table3_components: not run" in page
    assert "synthetic" in page


def test_the_print_and_the_runs_stand_beside(page):
    assert "The paper's Table 3" in page.replace("&#x27;", "'") and "83.64" in page
    assert "Where these numbers come from" in page and page.count("not run") >= 4


def test_names_are_escaped(page):
    assert "&lt;CPS &amp; co&gt;" in page and "<CPS" not in page and "<b>&lt;" not in page


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
