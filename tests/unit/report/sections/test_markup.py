"""Small pieces of HTML: numbers as a reader expects them, names without any meaning."""

import numpy as np
import pandas as pd

from guidednet.report.sections.markup import Section, fold, plain_table, signed, with_interval


def test_differences_have_a_sign_but_a_rounded_zero_has_none():
    assert [signed(value) for value in (1.26, -0.35, 0.04, -0.04)] == ["+1.3", "−0.3", "0.0", "0.0"]
    assert with_interval(1, np.nan, np.nan) == "+1.0" and with_interval(np.nan, 1, 2) == "–"


def test_a_table_shows_whole_numbers_as_such_and_no_empty_column():
    table = pd.DataFrame(
        {"method": ["<b>"], "n_seeds": [3.0], "mean_dice": [61.234], "sd_dice": [np.nan]}
    )
    html = plain_table(table)
    assert "<th>seeds</th><th>mean Dice, %</th>" in html and "sd over seeds" not in html
    assert ">3</td>" in html and ">61.23</td>" in html and "&lt;b&gt;" in html


def test_a_section_escapes_its_title_and_an_empty_fold_is_nothing():
    assert "<h3>a &amp; b</h3>" in Section("x", "a & b", "", level=3).html()
    assert fold("more", "") == ""
