"""A run's configuration can be changed by field from Python."""

import pytest

import guidednet
from guidednet.runs.in_python import with_fields
from helpers.bad_input import refused
from helpers.tiny_runs import tiny_config

CONFIG = tiny_config("guidednet")


def test_fields_of_a_part_are_changed_and_the_others_stay():
    changed = with_fields(
        CONFIG,
        {
            "optimiser": {"learning_rate": 0.03},
            "options": {"lambda_g": 0.2},
            "batch": {"crop": (16, 16, 16)},
            "initialisation": "xavier",
        },
    )
    assert changed.optimiser.learning_rate == 0.03 and changed.options.lambda_g == 0.2
    assert changed.batch.crop == (16, 16, 16) and changed.batch.labelled == CONFIG.batch.labelled
    assert changed.initialisation == "xavier" and changed.network == CONFIG.network
    assert with_fields(CONFIG, {}) == CONFIG


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"optimizer": {}}, "unknown field 'optimizer': use one of"),
        ({"optimiser": {"rate": 1}}, "OptimiserConfig: it has no field 'rate'"),
        ({"optimiser": {"learning_rate": "fast"}}, "learning_rate is 'fast'; give a value of type"),
        ({"optimiser": 3}, "OptimiserConfig: 3 is not a dictionary"),
    ],
)
def test_a_field_that_is_none_is_one_sentence(fields, message):
    refused(message, with_fields, CONFIG, fields)


def test_what_cannot_be_trained_is_one_sentence(tmp_path):
    places = {"profile": "smoke", "results": tmp_path}
    refused("unknown method 'cpss'", lambda: guidednet.train("cpss", **places))
    refused("unknown data set 'mine'", lambda: guidednet.train("cps", "mine", **places))
    refused("ratio 100: no training", lambda: guidednet.train("cps", ratio=100, **places))
