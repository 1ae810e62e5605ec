"""Methods of the tests, and the batches that they and 3D-CGMM are given."""

import torch

from guidednet.data.sampling import BatchDataset
from guidednet.training.loop import make_method
from helpers.cases import SPLIT, BlobStore
from helpers.tiny_runs import tiny_config

K, C, SIZE = 5, 3, (3, 4, 2)
ABSENT = 3


def make_batch(seed=0, rows=4, dtype=torch.float64):
    """Features, logits (labelled rows first) and labels without class 3, as leaves that want
    gradients.
    """
    torch.manual_seed(seed)
    labels = torch.randint(0, K - 1, (rows // 2, *SIZE))
    labels[labels == ABSENT] = 4
    features = torch.rand(rows, C, *SIZE, dtype=dtype) + 0.5 * torch.randn(K, C, dtype=dtype)[
        labels
    ].movedim(-1, 1).repeat(2, 1, 1, 1, 1)
    return (
        features.requires_grad_(),
        torch.randn(rows, K, *SIZE, dtype=dtype).requires_grad_(),
        labels,
    )


def a_method(name, options=None):
    torch.manual_seed(0)
    return make_method(tiny_config(name, options), BlobStore().class_voxels(SPLIT.labelled)).train()


def a_batch(step=0, distance_classes=14):
    config = tiny_config("cps")
    dataset = BatchDataset(
        BlobStore(),
        SPLIT.labelled,
        SPLIT.unlabelled,
        config.batch,
        seed=0,
        distance_classes=distance_classes,
    )
    return dataset[step].to(torch.device("cpu"))


def reached(method, term):
    """The children of `method` with a parameter that `term` has a non-zero gradient for."""
    if not term.requires_grad:
        return set()
    parameters = {name: value for name, value in method.named_parameters() if value.requires_grad}
    gradients = torch.autograd.grad(
        term,
        list(parameters.values()),
        retain_graph=True,
        allow_unused=True,
        materialize_grads=True,
    )
    return {
        name.split(".")[0]
        for name, gradient in zip(parameters, gradients, strict=True)
        if gradient.abs().sum() > 0
    }
