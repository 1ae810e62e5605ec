"""The section of a table: its numbers are those of the runs, and each links to them."""

import html
import re
from dataclasses import replace

import pandas as pd
import pytest

from guidednet.report.sections.contents import Contents
from guidednet.report.sections.scores import score_groups, shown_scores
from guidednet.report.tables.differences import differences
from guidednet.report.tables.table import make_table
from helpers.written_pages import contents, rows


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return contents(tmp_path_factory.mktemp("page"))


def table_of(made: Contents):
    return pd.read_csv(made.workspace.figure_folder / "table1.csv")


@pytest.fixture(scope="module")
def shown(made):
    return shown_scores("table1", table_of(made), rows(), made)


def cells(shown, method):
    (line,) = re.findall(rf"<tr[^>]*><th data-key=\"{method}\">.*?</tr>", shown)
    found = re.findall(r"<td class=\"([^\"]*)\" data-key=\"([^\"]*)\">(.*?)</td>", line)
    return [(html.unescape(re.sub("<[^>]*>", "", cell)), key) for _, key, cell in found]


def test_the_tables_numbers_are_those_of_the_file_and_of_the_pairs(made, shown):
    scores = table_of(made).set_index("method").loc["GuidedNet"]
    found = differences(rows(), made.get)[2]
    (mean, mean_key), (difference, _), (p, _), (paper, _), (gain, _) = cells(shown, "GuidedNet")[:5]
    assert mean.startswith(f"{scores['mean_dice']:.1f} ± {scores['sd_dice']:.1f}")
    assert f"({scores['ci_low']:.1f}\u00a0to\u00a0{scores['ci_high']:.1f})" in mean
    assert float(mean_key) == scores["mean_dice"]
    assert difference.startswith(f"+{found.mean:.1f}") and p == f"{found.p:.3f}"
    assert (paper, gain) == ("83.1 ± 0.3", "+14.7")
    organs = [float(key) for _, key in cells(shown, "GuidedNet")[5:18]]
    assert organs == scores["Liv":"LAG"].tolist()


class Without:
    """A run store that lacks the runs of `configs`."""

    def __init__(self, runs, configs):
        self.workspace, self.runs, self.configs = runs.workspace, runs, configs

    def get(self, config, on_missing):
        return None if config in self.configs else self.runs.get(config, on_missing)


def test_a_row_without_its_baseline_is_not_called_not_run(tmp_path):
    made = contents(tmp_path)
    baseline = rows()[0].configs
    without = replace(made, runs=Without(made.runs, baseline))
    plot = shown_scores("table1", table_of(made), rows(), without).split("<details")[0]
    assert plot.count("Sup only: not run") == 2


def test_the_forest_has_a_dot_per_case_and_leaves_the_baseline_out(made, shown):
    plot = shown.split("<details")[0]
    assert plot.count('class="case"') == 2 * 6 and "Sup only</a>" not in plot
    dots = re.findall(r"<title>([^<]*)</title>", plot)
    found = differences(rows(), made.get)
    expected = [f"{v:+.1f}" for one in found for v in one.by_case]
    assert [dot.replace("−", "-") for dot in dots] == [
        "0.0" if value in ("+0.0", "-0.0") else value for value in expected
    ]
    assert "here: phantoms, 2 seeds, 6 test cases" in plot
    assert "1 of 2 rows cannot be told from Sup only" in shown


def test_a_single_row_is_spoken_of_in_the_singular(made):
    unclear = [one.row.label for one in differences(rows(), made.get) if one.unclear]
    pair = [row for row in rows() if row.label in ("Sup only", unclear[0])]
    shown = shown_scores("table1", make_table(pair, made.runs, "table1", "blank"), pair, made)
    assert "The row cannot be told from Sup only here: its interval contains 0." in shown


def test_rows_that_the_profile_does_not_train_are_in_the_table_alone(made):
    """A brief profile has one half of Table 1; the other would fill the plot with "not run"."""
    others = [
        replace(row, configs=tuple(replace(config, n_labelled=9) for config in row.configs))
        for row in rows()
    ]
    for trained, in_plot in ((False, 0), (True, 2)):
        every = [replace(row, trained=trained) for row in others] + rows()
        table = make_table(every, made.runs, "table1", "blank")
        plot, numbers = shown_scores("table1", table, every, made).split("<details")
        assert plot.count("not run") == in_plot and plot.count("9 labelled") == bool(in_plot)
        left_out = "The plot leaves out 3 rows that this profile does not train."
        assert (left_out in plot) != trained and plot.count('class="case"') == 2 * 6
        assert numbers.count("not run") == 3


def test_groups_name_the_papers_cases(made):
    groups = score_groups("table1", table_of(made), rows(), made)
    assert list(groups) == [
        "3 labelled, none unlabelled (paper: 42)",
        "3 labelled and 4 unlabelled (paper: 42 and 42)",
    ]


def test_a_row_links_to_the_folder_of_each_of_its_runs(made, shown):
    for config in rows()[2].configs:
        folder = made.get(config).folder
        address = re.escape(made.address(folder))
        assert re.search(rf'<a href="{address}/">seed {config.seed}</a>', shown)
        assert (made.workspace.report_folder / made.address(folder)).resolve() == folder.resolve()


def test_a_table_of_other_rows_is_no_table_of_scores(made):
    table = table_of(made).assign(method="other")
    assert shown_scores("table1", table, rows(), made) == ""
