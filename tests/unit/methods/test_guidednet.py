"""GuidedNet: its weights, feature layers and switches, in both readings."""

import pytest
import torch

from guidednet.data.sampling import Batch
from guidednet.methods.guidednet import GuidedNetConfig
from helpers.batches import a_batch, a_method


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
