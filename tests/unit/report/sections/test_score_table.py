"""Names in a table of scores are no markup, and marks go to the best rows."""

import re

import pandas as pd

from guidednet.report.sections.score_table import Scored, score_table
from guidednet.report.tables.differences import Difference
from guidednet.study.rows import Row
from helpers.tiny_runs import tiny_config

PAPER = pd.Series({"mean_dice": float("nan"), "sd_dice": float("nan"), "difference": float("nan")})


def scored(name, dice, **difference):
    row = Row(name, (tiny_config("cps"),))
    scores = pd.Series({"method": name, "mean_dice": dice, "Liv": dice})
    return Scored(scores, Difference(row, (), "Sup only", **difference), PAPER, "")


def shown(*rows):
    return score_table({"group": rows}, {"Liv": "liver"}, lambda row: "")


def test_best_second_and_unclear_rows_are_marked():
    html = shown(
        scored("Sup only", 60.0),
        scored("CPS", 62.0, mean=2.0, low=-1.0, high=5.0),
        scored("MT", 61.0, mean=1.0, low=0.5, high=1.5),
        scored("gone", float("nan")),
    )
    marks = dict(re.findall(r'<tr class="([^"]*)"><th data-key="([^"]*)"', html))
    assert marks == {"": "gone", "best unclear": "CPS", "second": "MT"}
    assert "not run" in html and "paper" not in html
    assert 'class="heat better" style="--share:20%" title="+2.0"' in html


def test_names_are_no_markup():
    name = '<b>x</b>"&'
    html = shown(scored(name, 1.0))
    assert "<b>" not in html and "&lt;b&gt;x&lt;/b&gt;&quot;&amp;" in html
