"""Train a method's heads on the networks of a warm start, before its own training begins.

DTC and SASSnet have a distance head, MagicNet a locator of cubes, DAN and SASSnet a discriminator.
A shared warm start trains networks alone. A head that starts from random numbers beside trained
networks would disturb them at once, which no published training does.
"""

from collections.abc import Iterable

import torch

from guidednet.config import RunConfig
from guidednet.data.sampling import Batch
from guidednet.methods import Method
from guidednet.optimiser import update
from guidednet.processes.distributed import data_parallel
from guidednet.training.device import autocast
from guidednet.training.loss_scale import LossScaler

SHARE = 10  # the warm start has this many times as many steps


def head_steps(config: RunConfig, method: Method) -> int:
    """For how many steps the heads of `method` are trained beforehand; 0 without a warm start."""
    steps = config.training.warm_start_steps
    return max(1, steps // SHARE) if steps and method.heads() else 0


def train_heads(
    method: Method, config: RunConfig, batches: Iterable[Batch], device: torch.device | str
) -> None:
    """Train the heads on `batches` with the terms of the method's first step.

    The networks and the method's running statistics stay as they are.
    """
    heads = tuple(f"{name}." for name in method.heads())
    before = {
        name: value.clone()
        for name, value in method.state_dict().items()
        if not name.startswith(heads)
    }
    trained = [
        parameter
        for network in method.networks().values()
        for parameter in network.parameters()
        if parameter.requires_grad
    ]
    for parameter in trained:
        parameter.requires_grad_(False)
    optimisers, losses = method.optimisers(config.optimiser), data_parallel(method)
    scaler = LossScaler(config.training, device)
    for batch in batches:
        with autocast(config.training, device, training=True):
            terms = losses.train()(batch.to(device), 0)
        update(optimisers, sum(terms.values()), scaler)
    for parameter in trained:
        parameter.requires_grad_(True)
    method.load_state_dict(method.state_dict() | before)
