"""The section of a figure or table: its name, its picture, and the numbers worth showing."""

import pandas as pd
import pytest

from guidednet.report.figures.save import print_figure, save_figure
from guidednet.report.sections.contents import Contents
from guidednet.report.sections.items import SHOWN, item_sections, short_name
from guidednet.runs.record import RecordedRuns
from guidednet.study.artefacts import Artefact, figure_files
from helpers.written_runs import workspace


@pytest.fixture(scope="module")
def bodies(tmp_path_factory):
    """The sections of a diagram and of a figure with numbers, by name."""
    folder = tmp_path_factory.mktemp("items")
    runs = RecordedRuns(folder, workspace(folder))
    for name in ("figure1a", "figure2"):
        figure, _ = print_figure(1, 1)
        numbers = pd.DataFrame({"from": ["x"], "gradient": [True]})
        save_figure(figure, numbers, runs.workspace.figure_folder, name)
    files = (*figure_files("figure1a"), *figure_files("figure2"))
    items = {"both": Artefact("22_figures4_5_qualitative", files=files)}
    sections = item_sections(Contents(items, pd.DataFrame(), runs, 1))
    return {section.anchor: section.html() for section in sections}


def test_the_arrows_of_a_diagram_are_no_numbers_to_show(bodies):
    assert "Numbers behind Figure 2" in bodies["figure2"]
    assert "gradient" not in bodies["figure1a"] and "data:image/png" in bodies["figure1a"]


def test_every_name_begins_with_a_capital():
    assert short_name("readings") == "Readings" and short_name("table1") == "Table 1"
    assert all(shown.title[0].isupper() for shown in SHOWN.values())
