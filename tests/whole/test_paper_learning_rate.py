"""Every method's loss falls at the paper's learning rate, whatever the scale of its terms."""

import pytest
import torch

from guidednet.methods import METHODS
from guidednet.optimiser import OptimiserConfig, gradient_norm, update
from guidednet.training.loop import make_method
from helpers.batches import a_batch
from helpers.cases import SPLIT, BlobStore
from helpers.tiny_runs import tiny_config

STEPS = 50


@pytest.mark.parametrize("name", METHODS)
def test_fifty_steps_of_sgd_at_a_tenth_lower_the_supervised_loss(name):
    config = tiny_config(name, steps=STEPS)
    method = make_method(config, BlobStore().class_voxels(SPLIT.labelled)).train()
    torch.manual_seed(0)
    optimisers = method.optimisers(OptimiserConfig())  # SGD at 0.1, as in the paper
    supervised = []
    for step in range(STEPS):
        terms = method(a_batch(step), step)
        update(optimisers, sum(terms.values()))
        method.after_step(step)
        assert torch.tensor(gradient_norm(optimisers)).isfinite()
        supervised.append(
            sum(value.item() for term, value in terms.items() if term.startswith("supervised"))
        )
    assert sum(supervised[-5:]) < sum(supervised[:5])
