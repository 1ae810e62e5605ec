"""A sweep: a row per combination, chosen on validation cases, drawn over its values."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from guidednet.errors import InputError
from guidednet.reproduce.sweep import Sweep, draw_sweep, sweep_rows, verdict
from helpers.tiny_runs import tiny_config

BASE = tiny_config("guidednet")
TWO = Sweep(BASE, {"options.lambda_g": [0.1, 0.3], "batch.crop": [(8, 8, 8), (8, 8, 16)]}, seeds=2)


def test_every_combination_has_a_row_with_its_seeds():
    rows = sweep_rows(TWO)
    assert [row.label for row in rows] == [
        "lambda_g=0.1, crop=8,8,8",
        "lambda_g=0.1, crop=8,8,16",
        "lambda_g=0.3, crop=8,8,8",
        "lambda_g=0.3, crop=8,8,16",
    ]
    assert [config.seed for config in rows[0].configs] == [0, 1]
    last = rows[-1].configs[0]
    assert last.options.lambda_g == 0.3 and last.batch.crop == (8, 8, 16)


def test_a_value_that_no_run_can_have_is_refused():
    with pytest.raises(InputError, match="does not suit a network of depth"):
        sweep_rows(Sweep(BASE, {"batch.crop": [(8, 8, 8), (8, 8, 9)]}))


def table(**columns):
    means = {"sd_validation_dice": np.nan, "sd_dice": np.nan}
    return pd.DataFrame({"method": ["lambda_g=0.1", "lambda_g=0.3"], **columns}).assign(**means)


def test_the_choice_rests_on_validation_cases():
    said = verdict(table(validation_dice=[60.0, 50.0], mean_dice=[40.0, 70.0]))
    assert "lambda_g=0.1, validation Dice 60.00 %, test Dice 40.00 %" in said
    assert "no row can be chosen" in verdict(table(validation_dice=[np.nan] * 2, mean_dice=[1, 2]))


def test_a_line_joins_numbers_alone():
    scores = table(validation_dice=[60.0, 50.0], mean_dice=[40.0, 70.0])
    crops = {"batch.crop": [(8, 8, 8), (8, 8, 16)]}
    for values, line in (({"options.lambda_g": [0.1, 0.3]}, "-"), (crops, "None")):
        axes = Figure().subplots()
        draw_sweep(axes, scores, Sweep(BASE, values))
        assert [text.get_text() for text in axes.get_xticklabels()] == list(scores["method"])
        assert {drawn.get_linestyle() for drawn in axes.lines if len(drawn.get_xdata()) == 2} == {
            line
        }


def test_equal_names_are_the_names_of_files():
    assert TWO.name == "sweep_flare22_guidednet_lambda_g_crop"
