"""Figure 1(b): ranks of organs by size and by Dice."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import pandas as pd

from guidednet.data.datasets import organ_set
from guidednet.data.splits import Split
from guidednet.report.figures.figure1b import (
    draw_organ_sizes,
    draw_ranks,
    organ_volumes,
    rank_table,
)
from guidednet.report.figures.save import SINGLE, print_figure
from guidednet.report.lessons.numbers import text_table
from guidednet.report.tables.table import organ_dice
from helpers.written_pages import rows, write_runs


def test_ranks_by_hand():
    dice, cases = {"Sto": 50.0, "Liv": 90.0, "Gal": 60.0}, {"Sto": 8, "Liv": 8, "Gal": 7}
    scores = pd.DataFrame({"dice": dice, "sd_dice": float("nan"), "n_test_cases": cases})
    table = rank_table(pd.Series({"Liv": 1500.0, "Sto": 300.0, "Gal": 30.0}), scores, "here")
    assert table.set_index("organ")["n_test_cases"].to_dict() == cases
    figure, axes = print_figure(SINGLE, 2)
    draw_ranks(axes, table, organ_set("flare22"), "a single seed has no spread")
    *names, rho = (text.get_text() for text in axes.texts)
    assert names == ["Liv", "Sto", "Gal"] and rho.startswith("Spearman's ρ = ")
    assert min(axes.get_xlim()) > 0 and min(axes.get_ylim()) > 0, "there is no rank 0"
    assert "1," in table.to_csv() and "1.0," not in table[["size_rank", "dice_rank"]].to_csv()
    assert table.set_index("organ")["size_rank"].to_dict() == {"Liv": 1, "Sto": 2, "Gal": 3}
    assert table.set_index("organ")["dice_rank"].to_dict() == {"Liv": 1, "Sto": 3, "Gal": 2}


def test_organ_volumes_are_means_over_the_labelled_cases_that_have_them():
    voxels = pd.DataFrame(
        {organ.name: [2000, 0, 9] for organ in organ_set("flare22").by_label.values()},
        index=["a", "b", "c"],
    )
    store = SimpleNamespace(table=voxels, spacing=lambda case: (5.0, 2.0, 1.0))
    volumes = organ_volumes(store, Split(("a", "b"), (), (), ()), organ_set("flare22"))
    assert list(volumes.index) == organ_set("flare22").columns and (volumes == 20).all()
    figure, axes = plt.subplots()
    scores = pd.DataFrame(
        {
            "dice": volumes.mask(volumes.index == "Gal"),
            "sd_dice": 1.0,
            "n_seeds": 1,
            "n_test_cases": 2,
        }
    )
    draw_ranks(axes, rank_table(volumes, scores, "here"), organ_set("flare22"), "ranks")
    assert len(axes.texts) == 12 + 1  # the gallbladder has no Dice; the last is the correlation


def test_counts_stay_whole_beside_the_paper_which_has_none(tmp_path):
    own = organ_dice(rows()[2], write_runs(tmp_path))
    volumes = pd.Series(1.5, index=own.index)
    parts = [rank_table(volumes, scores, "") for scores in (own, own[["dice"]])]
    shown = text_table(pd.concat(parts, ignore_index=True))
    assert list(shown)[0] == "organ"
    assert shown["n_seeds"].tolist() == ["2"] * 13 + ["-"] * 13
    assert shown["n_test_cases"].tolist() == ["6"] * 13 + ["-"] * 13


def test_an_absent_organ_is_no_organ_of_a_tenth_of_a_millilitre():
    organs = organ_set("flare22")
    volumes = pd.DataFrame({name: [10.0, 20, 30, 40] for name in organs.column_names})
    volumes["gallbladder"] = [0.0, 20, 0, 30]
    _, axes = plt.subplots()
    draw_organ_sizes(axes, volumes, organs)
    lowest = min(line.get_ydata().min() for line in axes.lines)
    assert lowest >= 10, "a whisker ends at a case that has no such organ"
    (said,) = axes.texts
    assert said.get_text() == "absent in\n2 of 4"
    assert said.get_position()[0] == organs.columns.index("Gal") + 1
