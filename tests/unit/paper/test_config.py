"""Configurations survive JSON, profiles are sound, and wrong names get one sentence."""

import dataclasses
import json
from typing import Literal, Optional

import pytest

from guidednet.config import RunConfig, from_dict, to_json
from guidednet.data.datasets import organ_set
from guidednet.data.sampling import BatchConfig
from guidednet.errors import InputError
from guidednet.inference import WindowConfig
from guidednet.methods import METHODS, method_class
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.networks import NetworkConfig
from guidednet.optimiser import OptimiserConfig
from guidednet.runs.profiles import PROFILES, profile
from guidednet.runs.record import config_from_record
from guidednet.study.artefacts import artefacts
from guidednet.study.rows import table3


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("method", METHODS)
def test_run_configuration_survives_json(name, method):
    config = profile(name).run("flare22", method, (42, 378), seed=1)
    assert config_from_record(json.loads(to_json(config))) == config


def test_nested_options_survive_json():
    config = profile("smoke").run(
        "amos", "guidednet", (2, 2), 0, GuidedNetConfig.official(use_ktcps=False, feature_layer=2)
    )
    assert config_from_record(json.loads(to_json(config))) == config


def test_unknown_field_is_named():
    with pytest.raises(InputError, match="no field 'sed'"):
        from_dict(RunConfig, {"sed": 3})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: profile("fast"), "unknown profile 'fast': use one of smoke"),
        (lambda: organ_set("kits"), "unknown data set 'kits': use one of flare22, amos"),
        (lambda: method_class("fixmatch"), "unknown method 'fixmatch': use one of supervised"),
        (lambda: artefacts("table3,table9"), "unknown artefact 'table9'"),
    ],
)
def test_unknown_names_get_one_sentence(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_profile_paper_trains_as_section_4_1_says():
    config = profile("paper").run("flare22", "guidednet", (42, 378), seed=0)
    assert config.optimiser == OptimiserConfig(
        "sgd", learning_rate=0.1, momentum=0.9, weight_decay=1e-4, power=0.9
    )
    assert config.batch == BatchConfig(
        4, 4, crop=(64, 128, 128), flip_axes=(0, 1, 2)
    ) and config.network == NetworkConfig(16, 5, 0.3)
    assert config.training.steps == 20_000 and config.training.warm_start_steps == 0
    assert (config.options.lambda_u, config.options.lambda_g, config.options.ktcps.momentum) == (
        0.1,
        0.3,
        0.99,
    )
    assert config.window == WindowConfig(size=(64, 160, 160), stride=(32, 80, 80))


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_are_sound(name):
    sizes = profile(name)
    divisor = 2 ** (sizes.network.depth - 1)
    assert all(side % divisor == 0 for side in (*sizes.batch.crop, *sizes.window.size))
    assert sizes.training.checkpoint_every <= sizes.training.steps
    for data in sizes.data.values():
        if data.phantom:
            held_out = data.validation + data.test
            for labelled, unlabelled in data.ratios:
                assert labelled + held_out <= data.phantom.labelled
                assert (
                    labelled + unlabelled + held_out
                    <= data.phantom.labelled + data.phantom.unlabelled
                )


def test_table3_has_the_rows_of_the_print_and_differs_by_switches_alone():
    rows = table3(profile("paper"), seeds=3)
    assert [row.label for row in rows] == ["CPS", "CPS+KT-CPS", "CPS+3D-CGMM", "GuidedNet"]
    assert len({config for row in rows for config in row.configs}) == 12
    assert {(config.n_labelled, config.n_unlabelled) for row in rows for config in row.configs} == {
        (42, 378)
    }


@pytest.mark.parametrize(
    ("organs", "first", "last"),
    [
        (organ_set("flare22"), "Liv Spl Sto L.kid", "RAG LAG"),
        (organ_set("amos"), "Liv Sto Spl L.kid", "Eso RAG LAG"),
    ],
)
def test_paper_order_names_every_organ_once(organs, first, last):
    columns = " ".join(organs.columns)
    assert columns.startswith(first) and columns.endswith(last)
    assert sorted(organs.column_labels) == sorted(organs.by_label)
    assert len({organ.colour for organ in organs.by_label.values()}) == len(organs.by_label)


@dataclasses.dataclass(frozen=True)
class OptionsOfAUsers:
    kind: Literal["hard", "soft"] = "hard"
    weight: int | float = 1
    name: Optional[str] = None  # noqa: UP045 (as others write it)
    by_organ: dict[str, float] = dataclasses.field(default_factory=dict)
    layers: list[int] = dataclasses.field(default_factory=list)


def test_options_of_any_type_survive_json():
    options = OptionsOfAUsers("soft", 0.5, "mine", {"liver": 2.0}, [1])
    assert from_dict(OptionsOfAUsers, json.loads(to_json(options))) == options
    with pytest.raises(InputError, match="weight is 'heavy'; give a value of type int"):
        from_dict(OptionsOfAUsers, {"weight": "heavy"})
