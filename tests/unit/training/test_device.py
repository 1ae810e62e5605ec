"""Precision and layout change a training by rounding alone."""

import dataclasses

import pytest
import torch

from guidednet.config import TrainingConfig
from guidednet.data.sampling import BatchDataset
from guidednet.methods import METHODS
from guidednet.networks import NetworkConfig
from guidednet.training.device import accelerated, autocast
from guidednet.training.loop import make_method
from helpers.cases import SPLIT, BlobStore
from helpers.tiny_runs import tiny_config


@pytest.mark.parametrize("method", METHODS)
def test_networks_in_bf16_and_losses_in_float32(method):
    """One step of every method: terms are float32, finite, and those of float32 networks but for
    bf16's rounding.
    """
    terms = {}
    for precision in ("fp32", "bf16"):
        config = dataclasses.replace(
            tiny_config(method), network=NetworkConfig(width=4, depth=3, dropout=0.0)
        )
        plan = dataclasses.replace(config.training, precision=precision)
        built = make_method(config)
        classes = config.num_classes if built.uses_distance_maps else 0
        batch = BatchDataset(
            BlobStore(), SPLIT.labelled, SPLIT.unlabelled, config.batch, 0, classes
        )[0]
        torch.manual_seed(0)
        with autocast(plan, "cpu", training=True):
            terms[precision] = built(batch, 1)
    assert all(
        value.dtype == torch.float32 and torch.isfinite(value) for value in terms["bf16"].values()
    )
    for name, value in terms["fp32"].items():
        assert terms["bf16"][name].item() == pytest.approx(value.item(), rel=0.1, abs=0.02), name


@pytest.mark.parametrize(
    ("precision", "training", "dtype"),
    [("fp32", True, "float32"), ("bf16", True, "bfloat16"), ("bf16", False, "float32")],
)
def test_a_cpu_trains_in_the_precision_asked_for_and_predicts_in_float32(
    precision, training, dtype
):
    with autocast(TrainingConfig(precision=precision), "cpu", training):
        assert torch.nn.Conv3d(1, 1, 1)(torch.ones(1, 1, 2, 2, 2)).dtype == getattr(torch, dtype)


def test_the_layout_of_a_cpu_is_the_same_training():
    config = dataclasses.replace(
        tiny_config("guidednet"), network=NetworkConfig(width=4, depth=3, dropout=0.0)
    )
    weights = []
    for method in (make_method(config), accelerated(make_method(config), config.training, "cpu")):
        batch = BatchDataset(BlobStore(), SPLIT.labelled, SPLIT.unlabelled, config.batch, 0)[0]
        torch.manual_seed(0)
        sum(method.train()(batch, 1).values()).backward()
        weights.append([parameter.grad for parameter in method.parameters()])
    for plain, other in zip(*weights, strict=True):
        torch.testing.assert_close(other, plain, rtol=1e-3, atol=1e-4)
