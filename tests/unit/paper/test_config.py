"""Configurations survive JSON, and a field that nothing reads is named."""

import dataclasses
import json
from typing import Literal, Optional

import pytest

from guidednet.config import RunConfig, TrainingConfig, from_dict, to_json
from guidednet.errors import InputError
from guidednet.methods import METHODS
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.runs.profiles import PROFILES, profile
from guidednet.runs.record import config_from_record


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("method", METHODS)
def test_run_configuration_survives_json(name, method):
    ratio = (42, 0) if METHODS[method].uses_hidden_labels else (42, 378)
    config = profile(name).run("flare22", method, ratio, seed=1)
    assert config_from_record(json.loads(to_json(config))) == config


def test_nested_options_survive_json():
    config = profile("smoke").run(
        "amos", "guidednet", (2, 2), 0, GuidedNetConfig.official(use_ktcps=False, feature_layer=2)
    )
    assert config_from_record(json.loads(to_json(config))) == config


def test_unknown_field_is_named():
    with pytest.raises(InputError, match="no field 'sed'"):
        from_dict(RunConfig, {"sed": 3})


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


def test_an_unknown_precision_is_refused():
    with pytest.raises(InputError, match="unknown precision 'fp8': use one of fp32, bf16, fp16"):
        TrainingConfig(precision="fp8")
