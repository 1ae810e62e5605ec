"""Heads are trained on the networks of a warm start, and nothing else is."""

import dataclasses

import pytest
import torch

from guidednet.methods.parts.distance_head import distance_loss
from guidednet.training.heads import head_steps, train_heads
from helpers.batches import a_batch, a_method
from helpers.tiny_runs import tiny_config

WITH_HEADS = ("dan", "sassnet", "dtc", "magicnet")


@pytest.mark.parametrize("name", WITH_HEADS)
def test_heads_learn_and_the_rest_stays_as_it_is(name):
    method, config = a_method(name), tiny_config(name, warm_start_steps=20)
    before = {key: value.clone() for key, value in method.state_dict().items()}
    train_heads(method, config, [a_batch(step) for step in range(3)], "cpu")
    heads = tuple(f"{head}." for head in method.heads())
    changed = {key for key, value in method.state_dict().items() if not value.equal(before[key])}
    assert changed and all(key.startswith(heads) for key in changed)
    network = next(iter(method.networks().values()))
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_a_trained_distance_head_is_closer_to_the_maps():
    method, config = a_method("dtc"), tiny_config("dtc", warm_start_steps=20)
    batch = a_batch()

    def error():
        with torch.no_grad():
            maps = method.distance_head(method.network(batch.image))[: len(batch.label)]
            return distance_loss(maps, batch.distance_maps)

    first = error()
    train_heads(method, config, [a_batch(step) for step in range(20)], "cpu")
    assert error() < 0.95 * first


def test_only_methods_with_heads_train_any_and_only_after_a_warm_start():
    start = tiny_config("dtc", warm_start_steps=500)
    scratch = dataclasses.replace(
        start, training=dataclasses.replace(start.training, warm_start_steps=0)
    )
    assert head_steps(start, a_method("dtc")) == 50
    assert head_steps(start, a_method("cps")) == head_steps(scratch, a_method("dtc")) == 0
