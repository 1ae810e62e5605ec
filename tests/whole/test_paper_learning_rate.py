"""Every method's loss falls at the paper's learning rate, whatever the scale of its terms."""

import pytest
import torch

from guidednet.methods import METHODS
from guidednet.optimiser import OptimiserConfig, gradient_norm, update
from helpers.batches import a_batch, a_method

STEPS = 50


@pytest.mark.parametrize("name", METHODS)
def test_fifty_steps_of_sgd_at_a_tenth_lower_the_supervised_loss(name):
    method = a_method(name)
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
