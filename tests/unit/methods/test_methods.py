"""Of every method: each loss term reaches exactly the parameters it should, every parameter learns,
and predictors give logits.
"""

import pytest
import torch

from guidednet.methods import METHODS
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.methods.ua_mt import UAMTConfig
from guidednet.optimiser import OptimiserConfig
from helpers.batches import a_batch, a_method, reached

BOTH = {"network_a", "network_b"}
# Which networks the gradient of each term reaches.
PAIR = {"supervised_a": {"network_a"}, "supervised_b": {"network_b"}, "cps": BOTH}
REACH = {
    "supervised": {"supervised": {"network"}},
    "supervised_augmented": {"supervised": {"network"}},
    "dan": {
        "supervised": {"network"},
        "adversarial": {"network"},
        "discriminator": {"discriminator"},
    },
    "mean_teacher": {"supervised": {"student"}, "consistency": {"student"}},
    "ua_mt": {"supervised": {"student"}, "consistency": {"student"}},
    "sassnet": {
        "supervised": {"network"},
        "distance": {"network", "distance_head"},
        "adversarial": {"network", "distance_head"},
        "discriminator": {"discriminator"},
    },
    "dtc": {
        "supervised": {"network"},
        "distance": {"network", "distance_head"},
        "consistency": {"network", "distance_head"},
    },
    "cps": PAIR,
    "cld": PAIR,
    "dhc": PAIR,
    "magicnet": {
        "supervised": {"student"},
        "supervised_mixed": {"student"},
        "supervised_cubes": {"student"},
        "location": {"student", "locator"},
        "consistency": {"student"},
    },
    "guidednet": PAIR
    | {f"cgmm_{name}": BOTH for name in ("gt", "self", "max", "consistency")}
    | {"cgmm_rectify": set()},
}
# Readings that reach what the defaults do not: eq. 13 by value has no gradient, and no voxel of an
# untrained teacher is as sure as a fair coin.
OTHERWISE = {
    ("guidednet", GuidedNetConfig.printed()): REACH["guidednet"] | {"cgmm_rectify": BOTH},
    ("ua_mt", UAMTConfig(entropy_base=None)): REACH["ua_mt"],
}
REACH["ua_mt"] = REACH["ua_mt"] | {"consistency": set()}


@pytest.mark.parametrize(
    ("name", "options", "reach"),
    [(name, None, REACH[name]) for name in METHODS]
    + [(*reading, reach) for reading, reach in OTHERWISE.items()],
)
def test_each_term_reaches_exactly_its_networks(name, options, reach):
    method = a_method(name, options)
    terms = method(a_batch(), step=4)
    assert {term: reached(method, value) for term, value in terms.items()} == reach


@pytest.mark.parametrize("name", METHODS)
def test_every_parameter_learns(name):
    method = a_method(name)
    sum(method(a_batch(), step=4).values()).backward()
    silent = [
        parameter
        for parameter, value in method.named_parameters()
        if value.requires_grad and value.grad is None
    ]
    assert not silent


@pytest.mark.parametrize("name", METHODS)
def test_every_trainable_parameter_has_one_optimiser_and_teachers_have_none(name):
    method = a_method(name)
    optimised = [
        id(value)
        for optimiser in method.optimisers(OptimiserConfig())
        for group in optimiser.param_groups
        for value in group["params"]
    ]
    assert sorted(optimised) == sorted(
        id(value) for value in method.parameters() if value.requires_grad
    )
    frozen = {
        parameter.split(".")[0]
        for parameter, value in method.named_parameters()
        if not value.requires_grad
    }
    assert frozen <= {"teacher"}


@pytest.mark.parametrize("name", METHODS)
def test_predictors_give_logits(name):
    method = a_method(name).eval()
    predictors = method.predictors()
    assert "primary" in predictors
    for network in predictors.values():
        assert network(torch.rand(1, 1, 8, 8, 8)).logits.shape == (1, 14, 8, 8, 8)
