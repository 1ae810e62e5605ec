"""Tables that paste into a paper: the paper's columns, a label, and no command from a name."""

import re

import numpy as np
import pandas as pd
import pytest

from guidednet.report.tables.latex import latex_table, paper_layout


def table(**changes):
    values = {
        "method": ["Sup only", "CPS", "GuidedNet", "not yet"],
        "n_labeled": [6, 6, 6, 6],
        "n_unlabeled": [0, 54, 54, 54],
        "Liv": [90.0, 91.0, 92.0, np.nan],
        "mean_dice": [60.0, 61.0, 62.5, np.nan],
        "sd_dice": [0.5, np.nan, 0.25, np.nan],
        "mean_jaccard": [50.0, 51.0, 52.0, np.nan],
        "sd_jaccard": [0.4, np.nan, 0.2, np.nan],
        "n_seeds": [3, 1, 3, 0],
        "ci_low": [59.0, 60.0, 61.0, np.nan],
    }
    return pd.DataFrame(values | changes)


def test_the_columns_are_the_papers():
    shown = paper_layout(table())
    assert list(shown) == ["Method", "Cases", "Liv", "Dice", "Jaccard"]
    assert shown.iloc[0].tolist() == [
        "Sup only",
        "6/0",
        "90.00",
        r"60.00 $\pm$ 0.50",
        r"50.00 $\pm$ 0.40",
    ]
    assert shown["Dice"][2] == r"\textbf{62.50} $\pm$ 0.25"
    assert shown["Dice"][1] == r"\underline{61.00}" and shown["Liv"][3] == "--"


def test_the_table_has_a_label_a_rule_between_ratios_and_balanced_groups():
    text = latex_table(table(), "100 % synthetic", ("a_b",), label="tab:quick-table1")
    assert r"\caption{100 \% synthetic}" in text and r"\label{tab:quick-table1}" in text
    assert text.count(r"\midrule") == 2 and text.count(r" \\") == 5 and r"\par a\_b\par" in text
    columns = re.search(r"\\begin\{tabular\}\{(\w+)\}", text).group(1)
    lines = [line for line in text.splitlines() if line.endswith(r" \\")]
    assert {line.count(" & ") + 1 for line in lines} == {len(columns)}
    assert text.count(r"\begin") == text.count(r"\end") == 2
    assert text.count("{") == text.count("}")


def test_a_table_without_a_jaccard_has_no_such_column():
    assert list(paper_layout(table().drop(columns=["mean_jaccard", "sd_jaccard"])))[-1] == "Dice"


def test_paired_differences_are_a_last_column():
    nan = np.nan
    values = {
        "difference": [nan, -1.0, 2.5, nan],
        "difference_low": [nan, -2.0, nan, nan],
        "difference_high": [nan, 0.5, nan, nan],
    }
    shown = paper_layout(table(**values))["Difference"]
    assert shown.tolist() == ["--", "$-$1.00 ($-$2.00 to +0.50)", "+2.50", "--"]


@pytest.mark.parametrize("name", ["a_b & 50 %", r"\input{x}", "x^2 ~ $y$", "<u>1</u> #"])
def test_names_are_no_commands(name):
    text = latex_table(table(method=[name] * 4), name, (name,))
    escaped = r"\\[%_&#${}]|\\text(?:backslash|asciitilde|asciicircum|less|greater)\{\}"
    ours = r"\\(?:begin|end)\{[\w*]+\}|\\(?:centering|footnotesize|\w+rule|par\b)|\\setlength\{\\tabcolsep\}"
    ours += r"|\\(?:caption|label|textbf|underline)\b|\$\\pm\$|\\\\| & "
    rest = re.sub(f"{escaped}|{ours}", "", text)
    assert not re.findall(r"[\\%_&#$~^]", rest)
