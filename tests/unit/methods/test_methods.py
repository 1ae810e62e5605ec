"""Every loss term reaches exactly the parameters it should, and the methods do what their files
promise.
"""

import pytest
import torch

from guidednet.data.sampling import Batch
from guidednet.losses import cps_loss, supervised_loss
from guidednet.methods import METHODS
from guidednet.methods.cps import CPSConfig
from guidednet.methods.guidednet import GuidedNetConfig
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
    | {f"cgmm_{name}": BOTH for name in ("gt", "self", "max", "rectify", "consistency")},
}


@pytest.mark.parametrize("name", METHODS)
def test_each_term_reaches_exactly_its_networks(name):
    method = a_method(name)
    terms = method(a_batch(), step=4)
    assert {term: reached(method, value) for term, value in terms.items()} == REACH[name]


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


def test_networks_of_a_pair_differ_in_every_convolution():
    method = a_method("cps")
    pairs = zip(
        method.network_a.named_parameters(), method.network_b.named_parameters(), strict=True
    )
    assert all(not torch.equal(a, b) for (name, a), (_, b) in pairs if name.endswith("weight"))


def test_pseudo_label_carries_no_gradient_to_its_maker():
    method, batch = a_method("cps"), a_batch()
    logits_a, logits_b = method.network_a(batch.image).logits, method.network_b(batch.image).logits
    learned_by_a = torch.nn.functional.cross_entropy(logits_a, logits_b.argmax(1))
    assert reached(method, learned_by_a) == {"network_a"}


def test_supervised_does_not_look_at_unlabelled_rows():
    method, batch = a_method("supervised").eval(), a_batch()
    other = Batch(torch.cat([batch.image[:2], torch.rand_like(batch.image[2:])]), batch.label)
    assert torch.equal(method(batch, 0)["supervised"], method(other, 0)["supervised"])


def test_cps_terms_are_the_equations():
    method, batch = a_method("cps").eval(), a_batch()
    a, b = method.network_a(batch.image).logits, method.network_b(batch.image).logits
    terms = method(batch, step=5)
    torch.testing.assert_close(terms["supervised_a"], supervised_loss(a[:2], batch.label))
    # the ramp is full at the last step
    torch.testing.assert_close(terms["cps"], 0.1 * cps_loss(a, b))


def test_cps_on_unlabelled_rows_ignores_labelled_ones():
    method, batch = a_method("cps", CPSConfig(rows="unlabelled")).eval(), a_batch()
    other = Batch(torch.cat([torch.rand_like(batch.image[:2]), batch.image[2:]]), batch.label)
    torch.testing.assert_close(method(batch, 3)["cps"], method(other, 3)["cps"])


def test_lambda_g_scales_the_cgmm_terms_alone():
    batch = a_batch()
    single, double = (
        a_method("guidednet", GuidedNetConfig(lambda_g=value)).eval()(batch, 2)
        for value in (0.3, 0.6)
    )
    for name in single:
        torch.testing.assert_close(
            double[name], single[name] * (2 if name.startswith("cgmm") else 1)
        )


@pytest.mark.parametrize("layer", [1, 2])
def test_feature_layers_of_figure_6(layer):
    terms = a_method("guidednet", GuidedNetConfig(feature_layer=layer))(a_batch(), 2)
    assert all(torch.isfinite(value) for value in terms.values())


def test_official_reading_trains():
    method = a_method("guidednet", GuidedNetConfig.official())
    terms = method(a_batch(), 2)
    assert all(torch.isfinite(value) for value in terms.values())
    assert "cgmm_rectify" in terms


def test_unlabelled_images_do_not_move_the_class_weights():
    first, second = a_method("guidednet").eval(), a_method("guidednet").eval()
    batch = a_batch()
    first(batch, 0)
    second(Batch(torch.cat([batch.image[:2], torch.rand_like(batch.image[2:])]), batch.label), 0)
    assert torch.equal(first.class_weights.weights_a, second.class_weights.weights_a)
    assert not torch.equal(
        first.class_weights.weights_a, a_method("guidednet").class_weights.weights_a
    )


@pytest.mark.parametrize("switch", ["use_self", "use_max", "use_consistency"])
def test_switches_of_table_4_remove_exactly_their_term(switch):
    cgmm = type(GuidedNetConfig().cgmm)(**{switch: False})
    terms = a_method("guidednet", GuidedNetConfig(cgmm=cgmm))(a_batch(), 2)
    full = a_method("guidednet")(a_batch(), 2)
    assert set(full) - set(terms) == {"cgmm_" + switch.removeprefix("use_")}
