"""The print as data: means recomputed, the text against the tables, notes where a number is
doubtful.
"""

import pytest

from guidednet import published
from guidednet.errors import InputError
from guidednet.published.checks import (
    detectable_gap,
    dice_ranks,
    organ_gains,
    row_means,
    stated_numbers,
)
from guidednet.report.tables.formats import notes_on_print, print_text


@pytest.mark.parametrize(
    ("item", "largest"), [("table1", 0.01), ("table2", 1.46), ("table3", 0.01)]
)
def test_means_against_organs(item, largest):
    assert row_means(item)["difference"].abs().max() == pytest.approx(largest, abs=0.011)


def test_text_against_tables():
    stated = stated_numbers().set_index("statement")
    both = stated.loc["both together: Dice"]
    assert (both["stated"], both["recomputed"], both["difference"]) == (83.28, 83.64, -0.36)
    assert stated.loc["L_self and L_max together: Dice", "difference"] == 0
    assert stated.loc["gain in Dice over Sup only, 18 labelled", "recomputed"] == 23.95
    assert stated.loc["most gain in stomach, 10 % labelled", "recomputed"] == 16.07


def test_gains_and_ranks():
    gains = organ_gains("table3", "CPS+3D-CGMM", "CPS", 378)
    assert gains["Gal"] == pytest.approx(84.60 - 75.12) and list(gains[gains < 0].index) == [
        "Spl",
        "Aor",
    ]
    assert dice_ranks("Liv")["rank"].eq(1).mean() > 0.9 and len(dice_ranks("Sto")) == 21


def test_more_cases_find_smaller_gaps():
    assert detectable_gap(60, 3) < detectable_gap(14, 3) < detectable_gap(14, 5)
    # The usual rule of thumb, (1.96 + 0.84) sd / sqrt(n), holds for many cases.
    assert detectable_gap(400, 3) == pytest.approx(2.8 * 3 / 20, rel=0.03)


def test_doubtful_numbers_carry_their_note():
    assert "57.97" in notes_on_print("table2") and "(note)" in print_text("table2")
    assert notes_on_print("table1") == "" and notes_on_print("readings") == ""
    assert "tick label unreadable" in print_text("figure6")


def test_table4_names_its_rows():
    table = published.printed("table4").set_index("method")
    assert table.loc["L_gt", "mean_dice"] == 81.29 and table.index[-1].endswith("L_cons")


def test_printed_tables_agree_where_the_paper_repeats_itself():
    full = published.printed("table1").query("method == 'GuidedNet' and n_unlabeled == 378").iloc[0]
    assert (
        full["mean_dice"]
        == published.printed("table3").set_index("method").loc["GuidedNet", "mean_dice"]
    )
    with pytest.raises(InputError, match="unknown published table or figure 'table9'"):
        published.printed("table9")
