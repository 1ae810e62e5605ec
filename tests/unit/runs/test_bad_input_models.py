"""Bad records, weights and exported models: one sentence that names the file, and no model is
written from them.
"""

import json
import shutil

import numpy as np
import pytest

from guidednet.runs.model_file import export, load_model
from guidednet.runs.record import finished_runs, read_record
from guidednet.support.files import write_json
from guidednet.training import checkpoint
from guidednet.training.loop import make_method
from helpers.bad_input import refused
from helpers.tiny_runs import save_run, tiny_config


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return save_run(tmp_path_factory.mktemp("run"), "cps")


@pytest.fixture
def run(finished, tmp_path):
    """A finished run of CPS to spoil."""
    return shutil.copytree(finished, tmp_path / "run")


def without(values, name):
    return {key: value for key, value in values.items() if key != name}


def in_config(**changed):
    return lambda record: record | {"config": record["config"] | changed}


def in_part(part, **changed):
    return lambda record: in_config(**{part: record["config"][part] | changed})(record)


RECORDS = {
    "a list": (lambda record: [record], "record.json: holds a list instead of named values"),
    "null": (lambda record: None, "record.json: holds a NoneType"),
    "no configuration": (
        lambda record: without(record, "config"),
        "record.json: the record has no config",
    ),
    "no preparation": (
        lambda record: without(record, "prepare"),
        "record.json: the record has no prepare",
    ),
    "a configuration in words": (
        lambda record: record | {"config": "cps"},
        "record.json: the configuration names no method and options",
    ),
    "no method": (
        lambda record: record | {"config": without(record["config"], "method")},
        "names no method and options",
    ),
    "no seed": (
        lambda record: record | {"config": without(record["config"], "seed")},
        "RunConfig: the field 'seed' is missing",
    ),
    "another version's field": (in_config(flavour=1), "RunConfig: it has no field 'flavour'"),
    "an unknown method": (in_config(method="mixmatch"), "unknown method 'mixmatch'"),
    "a list of methods": (in_config(method=["cps"]), "unknown method '['cps']'"),
    "an unknown data set": (in_config(dataset="kits"), "unknown data set 'kits'"),
    "a seed in words": (
        in_config(seed="zero"),
        "RunConfig: seed is 'zero'; give a value of type int",
    ),
    "a negative seed": (
        in_config(seed=-1),
        "seed: -1 is too small; give a whole number of at least 0",
    ),
    "options of another method": (
        in_config(options={"feature_layer": 2}),
        "CPSConfig: it has no field 'feature_layer'",
    ),
    "options in words": (
        in_config(options={"weight": "much"}),
        "CPSConfig: weight is 'much'; give a value of type float",
    ),
    "options without names": (
        in_config(options=[0.1]),
        "CPSConfig: [0.1] is not a dictionary; give its fields by name",
    ),
    "no network": (in_config(network=None), "NetworkConfig: None is not a dictionary"),
    "a width of nothing": (
        in_part("network", width=0),
        "network width: 0 is too small; give a whole number of at least 1",
    ),
    "a width that is true": (
        in_part("network", width=True),
        "NetworkConfig: width is True; give a value of type int",
    ),
    "another width": (
        in_part("network", width=3),
        "weights.pt: the weights do not fit the configuration (cps)",
    ),
    "a dropout of 7": (
        in_part("network", dropout=7),
        "network.dropout: 7 is out of range; give a number from 0 to 1",
    ),
    "a crop of two sides": (
        in_part("batch", crop=[8, 8]),
        "BatchConfig: crop is [8, 8]; give tuple[int, int, int]",
    ),
    "an odd window": (
        in_part("window", size=[7, 8, 8]),
        "window size: (7, 8, 8) does not suit a network of depth 3; use multiples of 4",
    ),
    "a window that stands still": (
        in_part("window", stride=[0, 4, 4]),
        "window stride is (0, 4, 4): give numbers from 1",
    ),
    "a precision of 8 bits": (
        in_part("training", precision="fp8"),
        "unknown precision 'fp8': use one of fp32, bf16, fp16",
    ),
    "voxels of nothing": (
        lambda record: record | {"prepare": {"spacing_mm": [0, 1, 1]}},
        "record.json: spacing is (0, 1, 1) mm: give numbers",
    ),
    "one voxel size": (
        lambda record: record | {"prepare": {"spacing_mm": 3}},
        "spacing_mm is 3; give tuple[float, float, float]",
    ),
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_that_is_not_ours_is_one_sentence(name, run, tmp_path):
    change, message = RECORDS[name]
    write_json(
        run / "record.json", change(json.loads((run / "record.json").read_text(encoding="utf-8")))
    )
    refused(message, load_model, run)
    refused(message, export, run, tmp_path / "model.pt")
    assert not list(tmp_path.glob("*model.pt"))


DAMAGED = {
    "empty": b"",
    "cut off": b'{"key": "0123", "conf',
    "bytes": b"\xff\xfe\x00",
    "deep": b'{"config": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_record_is_one_sentence_wherever_it_is_read(content, run):
    (run / "record.json").write_bytes(content)
    for read in (load_model, read_record, lambda folder: finished_runs(folder.parent)):
        refused("record.json: is damaged, so it cannot be read as JSON", read, run)


OTHER = "the weights do not fit the configuration (cps)"
WEIGHTS = {
    "of another method": (
        lambda weights: make_method(tiny_config("supervised")).state_dict(),
        OTHER,
    ),
    "with an entry less": (lambda weights: dict([*weights.items()][1:]), OTHER),
    "with words": (lambda weights: dict.fromkeys(weights, "heavy"), OTHER),
    "without names": (lambda weights: [*weights.values()], OTHER),
    "not a number": (
        lambda weights: {name: value * np.nan for name, value in weights.items()},
        "some weights are not finite numbers",
    ),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_that_do_not_fit_are_one_sentence(name, run, tmp_path):
    change, message = WEIGHTS[name]
    weights = change(checkpoint.load(run / "weights.pt"))
    export(run, tmp_path / "model.pt")
    checkpoint.save(
        tmp_path / "model.pt", checkpoint.load(tmp_path / "model.pt") | {"weights": weights}
    )
    checkpoint.save(run / "weights.pt", weights)
    refused(f"model.pt: {message}", load_model, tmp_path / "model.pt")
    refused(f"weights.pt: {message}", load_model, run)


@pytest.mark.parametrize(
    "damage", [lambda content: content[:5000], lambda content: b"", lambda content: b"heavy", None]
)
def test_damaged_or_missing_weights_are_one_sentence(damage, run, tmp_path):
    content = (run / "weights.pt").read_bytes()
    (run / "weights.pt").unlink() if damage is None else (run / "weights.pt").write_bytes(
        damage(content)
    )
    message = "weights.pt: no such file" if damage is None else "weights.pt: the file is damaged"
    refused(message, load_model, run)
    refused(message, export, run, tmp_path / "model.pt")


MODELS = {
    "a list": (lambda model: [1], "the file is not an exported model"),
    "no weights": (lambda model: without(model, "weights"), "the model lacks its weights"),
    "no version": (lambda model: without(model, "version"), "the model lacks its version"),
    "a version in words": (
        lambda model: model | {"version": "first"},
        "the model has version 'first', not 1",
    ),
    "a configuration that is a number": (
        lambda model: model | {"config": 3},
        "the configuration names no method and options",
    ),
    "a preparation of another program": (
        lambda model: model | {"prepare": {1: 2}},
        "PrepareConfig: it has no field '1'",
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_is_not_ours_is_one_sentence(name, run, tmp_path):
    change, message = MODELS[name]
    export(run, tmp_path / "model.pt")
    checkpoint.save(tmp_path / "model.pt", change(checkpoint.load(tmp_path / "model.pt")))
    refused(f"model.pt: {message}", load_model, tmp_path / "model.pt")
