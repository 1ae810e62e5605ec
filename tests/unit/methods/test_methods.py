"""Of every method: each loss term reaches exactly the parameters it should, every parameter learns,
and predictors give logits.
"""

import pytest
import torch

from guidednet.methods import METHODS
from guidednet.methods.ad_mt import ADMTConfig
from guidednet.methods.depl import DePLConfig
from guidednet.methods.fixmatch import FixMatchConfig
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
    "all_labels": {"supervised": {"network"}},
    "noisy_student": {"supervised": {"student"}},
    "fixmatch": {"supervised": {"network"}, "pseudo_label": {"network"}},
    "bcp": {"supervised": {"student"}, "pseudo_label": {"student"}},
    "ad_mt": {"supervised": {"student"}, "pseudo_label": {"student"}},
    "ga_cps": PAIR,
    "crest": PAIR,
    "depl": PAIR,
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
# Options with which every pseudo-label counts, though the networks are untrained.
SURE = {
    "fixmatch": FixMatchConfig(threshold=0.0),
    "ad_mt": ADMTConfig(threshold=0.0),
    "depl": DePLConfig(threshold=0.0),
    "ua_mt": UAMTConfig(entropy_base=None),
}
PRINTED = GuidedNetConfig.printed(), REACH["guidednet"] | {"cgmm_rectify": BOTH}


@pytest.mark.parametrize(
    ("name", "options", "reach"),
    [(name, SURE.get(name), REACH[name]) for name in METHODS] + [("guidednet", *PRINTED)],
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
    assert frozen <= {"teacher", "second_teacher"}


@pytest.mark.parametrize("name", METHODS)
def test_predictors_give_logits(name):
    method = a_method(name).eval()
    predictors = method.predictors()
    assert "primary" in predictors
    for network in predictors.values():
        assert network(torch.rand(1, 1, 8, 8, 8)).logits.shape == (1, 14, 8, 8, 8)
