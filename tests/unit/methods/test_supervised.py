"""Sup only learns from labelled rows alone."""

import torch

from guidednet.data.sampling import Batch
from helpers.batches import a_batch, a_method


def test_supervised_does_not_look_at_unlabelled_rows():
    method, batch = a_method("supervised").eval(), a_batch()
    other = Batch(torch.cat([batch.image[:2], torch.rand_like(batch.image[2:])]), batch.label)
    assert torch.equal(method(batch, 0)["supervised"], method(other, 0)["supervised"])
