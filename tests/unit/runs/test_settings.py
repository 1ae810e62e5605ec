"""What a user changes by --set and --config: which runs it reaches, where it shows, and mistakes."""

import dataclasses
import json

import pytest

from guidednet.config import to_json
from guidednet.errors import InputError
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.runs.profiles import profile
from guidednet.runs.settings import (
    changed,
    changes_of_texts,
    from_variable,
    lists_of_texts,
    shortened,
    suffix,
    suffix_of_run,
    to_variable,
)
from guidednet.runs.settings_file import changes_of_file, fields_of_one_run
from guidednet.study.ablations import figure6_weights, table4
from guidednet.study.rows import table1, table3

SMOKE = profile("smoke")
TEXTS = ["optimiser.learning_rate=0.03", "options.lambda_g=0.1", "batch.crop=16,32,32"]


def run(of, method="guidednet"):
    return of.run("flare22", method, (2, 2), seed=0)


def with_texts(*texts, methods=("guidednet",)):
    return changed(SMOKE, changes_of_texts(SMOKE, list(texts), methods))


def test_changed_fields_are_in_the_run_and_in_its_name():
    new, old = run(with_texts(*TEXTS)), run(SMOKE)
    assert new.optimiser.learning_rate == 0.03 and new.batch.crop == (16, 32, 32)
    assert new.options == GuidedNetConfig(lambda_g=0.1)
    assert (
        dataclasses.replace(new, optimiser=old.optimiser, batch=old.batch, options=old.options)
        == old
    )
    name = "-learning_rate=0.03-lambda_g=0.1-crop=16,32,32"
    assert suffix_of_run(with_texts(*TEXTS), new) == name == suffix(with_texts(*TEXTS))


def test_an_option_reaches_the_methods_that_have_it():
    new = with_texts("options.lambda_g=0.1", methods=("cps", "guidednet"))
    assert run(new, "cps") == run(SMOKE, "cps") and suffix_of_run(new, run(new, "cps")) == ""
    assert run(new).options.lambda_g == 0.1


def test_what_equals_the_profile_changes_nothing():
    same = with_texts(f"optimiser.learning_rate={SMOKE.optimiser.learning_rate}")
    assert same == SMOKE and suffix(same) == ""


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["optimiser.learning_rat=1"], "did you mean 'optimiser.learning_rate'"),
        (["learning_rate=1"], "did you mean 'optimiser.learning_rate'"),
        (["options.lambda_h=1"], "did you mean 'options.lambda_"),
        (["optimiser=1"], "use one of optimiser.name, optimiser.learning_rate"),
        (["options.weight=1"], "it is an option of "),
        (["seed=1"], "seed: this field has an option of its own; use --seed"),
        (["optimiser.learning_rate"], "not an assignment; write it as FIELD=VALUE"),
        (["=1"], "not an assignment"),
        (["batch.labelled=1", "batch.labelled=2"], "batch.labelled: given twice, as 1 and as 2"),
        (["batch.labelled=two"], "the value is not a whole number; the profile has 2"),
        (["batch.crop=16,32"], "not 3 whole numbers with commas between; the profile has 16,16,16"),
        (["training.precision=fp8"], "not one of fp32, bf16"),
        (["options.use_cgmm=1"], "not true or false; the profile has true"),
    ],
)
def test_a_mistake_is_one_sentence(texts, message):
    with pytest.raises(InputError) as error:
        changes_of_texts(SMOKE, texts, ["guidednet"])
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "optimiser.learning_rate=-1",
        "batch.labelled=0",
        "training.validate_every=0",
        "network.dropout=2",
        "batch.flip_axes=3",
        "batch.crop=16,16,15",
        "window.stride=99,1,1",
    ],
)
def test_a_number_that_no_run_can_have_is_refused_before_it_begins(text):
    with pytest.raises(InputError):
        run(with_texts(text))


def test_a_records_configuration_is_a_file_of_changes(tmp_path):
    new = with_texts(*TEXTS, "options.ktcps.momentum=0.5")
    (tmp_path / "record.json").write_text(json.dumps({"config": json.loads(to_json(run(new)))}))
    changes = changes_of_file(SMOKE, tmp_path / "record.json", ["cps"])
    assert run(changed(SMOKE, changes)) == run(new)
    assert set(changes) == {*new.changed}
    assert fields_of_one_run(tmp_path / "record.json")["method"] == "guidednet"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"optimiser": {"learning_rat": 1}}, "did you mean 'optimiser.learning_rate'"),
        ({"optimiser": {"learning_rate": "fast"}}, "optimiser.learning_rate is 'fast'; give a"),
        ({"batch": 3}, "unknown field 'batch': use one of batch.labelled"),
        ({"method": "nothing"}, "unknown method 'nothing'"),
    ],
)
def test_a_mistake_in_a_file_names_the_file(content, message, tmp_path):
    (tmp_path / "my.json").write_text(json.dumps(content))
    with pytest.raises(InputError) as error:
        changes_of_file(SMOKE, tmp_path / "my.json", ["guidednet"])
    assert message in str(error.value) and "my.json: " in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        '{"optimiser": {"power": 1, "power": 2}}',
        '{"optimiser": {"power": 1}, "optimiser.power": 2}',
    ],
)
def test_a_field_that_a_file_gives_twice_is_refused(content, tmp_path):
    (tmp_path / "my.json").write_text(content)
    with pytest.raises(InputError, match=r"my\.json: .*power: given twice; give it once"):
        changes_of_file(SMOKE, tmp_path / "my.json", ["cps"])


def test_a_whole_number_for_a_fraction_gives_the_same_run(tmp_path):
    (tmp_path / "my.json").write_text('{"optimiser": {"learning_rate": 1}}')
    of_file = changed(SMOKE, changes_of_file(SMOKE, tmp_path / "my.json", ["cps"]))
    assert to_json(run(of_file)) == to_json(run(with_texts("optimiser.learning_rate=1")))


def test_notebooks_get_the_same_changes(monkeypatch):
    new = with_texts(*TEXTS, "options.feature_layer=2")
    monkeypatch.setenv("RUN_SETTINGS", to_variable(new))
    assert from_variable(SMOKE) == new
    monkeypatch.setenv("RUN_SETTINGS", "{")
    with pytest.raises(InputError, match="RUN_SETTINGS: .* is not JSON"):
        from_variable(SMOKE)


def test_rows_keep_what_they_are_about():
    """Figure 6 varies lambda_g itself, Table 4 the terms, and the readings are whole settings."""
    new = with_texts("options.lambda_g=0.7", "options.lambda_u=0.9", "options.cgmm.use_max=false")
    options = {row.label: row.configs[0].options for row in figure6_weights(new, 1)}
    assert [of.lambda_g for of in options.values()] == [0.03, 0.1, 0.2, 0.3, 0.4]
    assert {of.lambda_u for of in options.values()} == {0.9}
    assert [row.configs[0].options.cgmm.use_max for row in table4(new, 1)] == [0, 0, 1, 1, 1]
    shown = {row.label: row.configs[0].options for row in table1(new, 1)}
    assert shown["GuidedNet"].lambda_g == 0.7
    assert shown["GuidedNet, as printed"] == GuidedNetConfig.printed()
    assert table3(new, 1)[3].configs[0].options == shown["GuidedNet"]


def test_lists_of_a_sweep():
    lists = lists_of_texts(
        SMOKE,
        ["options.lambda_g=0.1,0.2", "batch.crop=16,16,16/16,32,32", "batch.flip_axes=()/1,2/2"],
        "guidednet",
    )
    assert lists == {
        "options.lambda_g": [0.1, 0.2],
        "batch.crop": [(16, 16, 16), (16, 32, 32)],
        "batch.flip_axes": [(), (1, 2), (2,)],
    }
    with pytest.raises(InputError, match="a value stands there twice"):
        lists_of_texts(SMOKE, ["options.lambda_g=0.1,0.10"], "guidednet")


def test_long_names_stay_different():
    names = {shortened("-field=1" * 20 + str(number)) for number in range(3)}
    assert len(names) == 3 and max(map(len, names)) < 100
