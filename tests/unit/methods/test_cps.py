"""CPS: two networks that differ and teach each other."""

import torch

from guidednet.data.sampling import Batch
from guidednet.losses import cps_loss, supervised_loss
from guidednet.methods.cps import CPSConfig
from helpers.batches import a_batch, a_method, reached


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
