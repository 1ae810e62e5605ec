"""CGMM forward and backward: the matrix form of `guidednet.cgmm` against a plain broadcast form.

Both forms compute eqs. 3-10 of one network on a batch of 2 labelled crops: statistics, posterior,
L_gt, L_self and L_max, with gradients of features and logits. Their losses and gradients are
compared first. The peak memory includes the gradients.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from benchmarks.common import best_cpu_seconds, comparison, peak_mebibytes, require_agreement, using
from guidednet.cgmm.config import CGMMConfig
from guidednet.cgmm.printed import class_statistics, gt_loss, log_posterior, max_loss, self_loss

FULL, QUICK = (2, 14, 16, 32, 64, 64), (2, 5, 8, 16, 16, 16)  # B, K, C, D, H, W
WANTED = {"time": 10, "memory": 10}  # the smallest acceptable ratio of the plain form's cost
SIGMA_MIN = CGMMConfig().sigma_min


def inputs(shape: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """Features like those of a trained network (ReLU, one direction per class), logits and labels.

    The labels contain every class.
    """
    b, k, c, *size = shape
    torch.manual_seed(0)
    labels = torch.randint(k, (b, *size))
    features = (torch.randn(b, c, *size) + 2 * torch.randn(k, c)[labels].movedim(-1, 1)).relu_()
    return features.requires_grad_(), torch.randn(b, k, *size).requires_grad_(), labels


def matrix_form(features: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
    """The sum of the losses by the library's functions."""
    probabilities = logits.softmax(1)
    gaussians = class_statistics(features, labels, probabilities)
    posterior = log_posterior(features, gaussians)
    return (
        gt_loss(posterior, labels, gaussians.present)
        + self_loss(posterior, probabilities, gaussians.present)
        + max_loss(gaussians)
    )


def plain_form(features: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
    """The same sum from the equations written down plainly with broadcasting."""
    f, p = features.flatten(2), logits.flatten(2).softmax(1)
    y = torch.nn.functional.one_hot(labels.flatten(1), p.shape[1]).movedim(-1, 1).to(f.dtype)
    mean = (y[:, :, None] * f[:, None]).sum((0, 3)) / y.sum((0, 2))[:, None]
    distance = (f[:, None] - mean[None, :, :, None]).square().mean(2)
    std = ((y * p * distance).sum((0, 2)) / (y * p).sum((0, 2)) + SIGMA_MIN**2).sqrt().detach()
    density = (-distance / (2 * std[:, None] ** 2)).exp() / std[:, None]
    posterior = density / density.sum(1, keepdim=True)
    loss_gt = -(y * posterior.clamp_min(1e-30).log()).sum(1).mean()
    q = p.clamp(1e-6, 1 - 1e-6)
    loss_self = -(posterior * q.log() + (1 - posterior) * (1 - q).log()).mean()
    similarity = (-(mean[:, None] - mean[None]).square().mean(2)).exp()
    first, second = torch.triu_indices(len(mean), len(mean), offset=1)
    return loss_gt + loss_self + similarity[first, second].mean()


FORMS = {"matrix": matrix_form, "plain": plain_form}


def forward_and_backward(form: str, tensors: tuple[Tensor, Tensor, Tensor]) -> None:
    """Run one pass of `form`, which leaves gradients in the features and the logits."""
    for tensor in tensors[:2]:
        tensor.grad = None
    FORMS[form](*tensors).backward()


def work(form: str, shape: tuple[int, ...]) -> Callable[[], None]:
    """`forward_and_backward` with its inputs, after a tiny run that loads the kernels."""
    forward_and_backward(form, inputs((1, 3, 2, 4, 4, 4)))
    return partial(forward_and_backward, form, inputs(shape))


def disagreement(shape: tuple[int, ...] = (2, 5, 4, 8, 8, 8)) -> float:
    """Largest difference between the forms in loss and gradients, relative to the largest entry."""
    results = []
    for form in FORMS.values():
        features, logits, labels = (
            t.double().detach().requires_grad_() if t.is_floating_point() else t
            for t in inputs(shape)
        )
        loss = form(features, logits, labels)
        results.append((loss, *torch.autograd.grad(loss, (features, logits))))
    return max(
        ((ours - plain).abs().max() / plain.abs().max()).item()
        for ours, plain in zip(*results, strict=True)
    )


def measure(quick: bool = False) -> list[dict[str, Any]]:
    """Time and peak memory of both forms, in one thread."""
    shape, repeats = (QUICK, 1) if quick else (FULL, 5)
    require_agreement("losses and gradients of the two forms", disagreement(), 1e-9)
    size, other = "x".join(map(str, shape)), "plain broadcast form"
    with using(threads=1):
        times = best_cpu_seconds({form: work(form, shape) for form in FORMS}, repeats)
    peaks = {form: peak_mebibytes(partial(work, form, shape)) for form in FORMS}
    return [
        comparison(
            f"time at {size}",
            "CPU s",
            times["matrix"],
            other,
            times["plain"],
            WANTED["time"],
            threads=1,
        ),
        comparison(
            f"peak memory at {size}",
            "MiB",
            peaks["matrix"],
            other,
            peaks["plain"],
            WANTED["memory"],
            threads=1,
        ),
    ]
