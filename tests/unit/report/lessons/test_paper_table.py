"""The shared steps of the table notebooks: what they show first, compare and check."""

from dataclasses import replace

import matplotlib.pyplot as plt
import pytest

from guidednet.report.lessons import paper_table as module
from guidednet.report.lessons.checks import Checks
from guidednet.report.lessons.paper_table import PaperTable, against, best_rows, check, means_beside
from guidednet.report.tables.table import make_table
from guidednet.runs.record import RecordedRuns
from guidednet.study.rows import table3
from helpers.written_runs import liver_scores, workspace, write_run

DICE = {"CPS": 0.5, "CPS+KT-CPS": 0.6, "CPS+3D-CGMM": 0.4, "GuidedNet": 0.7}


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Table 3 with a run of each of the paper's rows, whose liver has a known Dice."""
    tmp_path = tmp_path_factory.mktemp("records")
    room = workspace(tmp_path)
    rows = table3(room.profile, 1)
    for place, row in enumerate(rows[:4]):
        scores = liver_scores(DICE[row.label])
        scores.loc[scores["metric"] == "jaccard", "value"] = DICE[row.label] / (2 - DICE[row.label])
        write_run(tmp_path / f"runs{place}", row.configs[0], found=scores)
        for folder in (tmp_path / f"runs{place}").iterdir():
            folder.rename(tmp_path / f"run{place}")
    runs = RecordedRuns(tmp_path, room)
    return PaperTable(3, rows, runs, 1, make_table(rows, runs, "table3", "blank"))


def failures(shown, on_missing):
    checks = Checks()
    check(shown, checks, on_missing)
    return [made.sentence for made in checks.made if not made.holds]


def test_the_first_columns_are_mean_interval_and_the_papers_mean(shown):
    table = means_beside(shown.table)
    assert list(table["method"][:4]) == list(DICE)
    assert list(table["mean Dice (%)"][:4]) == ["50.00", "<u>60.00</u>", "40.00", "**70.00**"]
    assert table["95 % interval"][3] == "70.00 to 70.00" and table["paper (%)"][3] == "83.64"
    assert table["mean Dice (%)"].iloc[-1] == "not run"
    assert "paper (%)" not in means_beside(shown.table.drop(columns="paper_mean_dice"))


def test_sentences_compare_here_with_the_paper(shown):
    assert against(shown, "GuidedNet", "CPS").endswith("Dice: +20.00 here, +4.32 in the paper")
    assert "GuidedNet (1+9), 70.0 %; in the paper" in best_rows(shown)


def test_missing_runs_fail_unless_they_may_be_missing(shown):
    assert failures(shown, "blank") == []
    assert failures(shown, "train") == ["every row has all its runs, unless runs may be missing"]


def test_a_jaccard_above_its_dice_fails(shown):
    damaged = replace(shown, table=shown.table.copy())
    damaged.table.loc[0, "mean_jaccard"] = 99.0
    assert failures(damaged, "blank") == ["no mean Jaccard exceeds its mean Dice"]


@pytest.fixture
def drawn(shown, monkeypatch):
    """A function that draws a part of the notebook; returns its axes."""
    monkeypatch.setattr(module, "display", lambda text: None)
    monkeypatch.setattr(plt, "show", lambda: None)

    def draw(part):
        part(shown)
        return plt.gcf().axes

    return draw


def test_gains_over_the_baseline_stand_beside_the_papers_on_one_scale(drawn):
    here, paper = drawn(module.show_published)
    dots = [axes.collections[-1].get_offsets()[:, 0].tolist() for axes in (here, paper)]
    assert dots[0] == pytest.approx([10, -10, 20])
    assert dots[1] == pytest.approx([1.96, 2.68, 4.32])
    assert [len(line) for line in here.collections[0].get_segments()] == [2, 2, 2]
    assert here.get_xlim() == paper.get_xlim() and here.get_ylim() == paper.get_ylim()
    assert here.get_xlabel() == "Dice minus CPS (points); line: 95 % interval"
    assert paper.get_xlabel() == "Dice minus CPS (points)"


def test_gains_of_organs_have_intervals_and_one_scale(drawn):
    here, paper = drawn(module.draw_organs)
    names = [text.get_text() for text in here.get_legend().get_texts()]
    assert names == ["CPS+KT-CPS", "CPS+3D-CGMM", "GuidedNet"]
    of_liver = [lines.get_segments()[0][:, 0].tolist() for lines in here.collections]
    assert of_liver == [pytest.approx([gain, gain]) for gain in (10, -10, 20)]
    assert here.get_xlim() == paper.get_xlim() and here.get_ylim() == paper.get_ylim()


def test_without_a_run_nothing_is_drawn(shown, monkeypatch):
    said = []
    monkeypatch.setattr(module, "display", lambda text: said.append(text.data))
    module.show_published(replace(shown, rows=shown.rows[4:]))
    assert said[-1] == "**not run**"


def test_costs_have_a_file_of_their_own(shown, monkeypatch):
    monkeypatch.setattr(module, "display", lambda text: None)
    module.show_costs(shown)
    path = shown.runs.workspace.figure_folder / "table3_cost.csv"
    assert "seconds_per_step" in path.read_text(encoding="utf-8")
