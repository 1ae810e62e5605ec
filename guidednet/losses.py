"""The losses that several methods share (supervised, weighted, cross-supervised) and the ramp-up.

Every ratio of sums over the batch is summed over all processes before it is divided
(`sum_over_ranks`). Axis letters: b image, k class, v voxel. K classes include the background, class
0.
"""

import functools
import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from guidednet.processes.distributed import sum_over_ranks


def full_precision(function: Callable) -> Callable:
    """Let `function` compute in at least float32.

    Half-precision arguments are cast up, and autocast is off inside. A mean over millions of voxels
    sends back gradients that half precision would round to zero.
    """

    def cast(value: object) -> object:
        return (
            value.float()
            if isinstance(value, Tensor) and value.dtype in (torch.float16, torch.bfloat16)
            else value
        )

    @functools.wraps(function)
    def wrapped(*arguments: object, **options: object) -> object:
        device = next(
            value.device.type
            for value in (*arguments, *options.values())
            if isinstance(value, Tensor)
        )
        with torch.autocast(device, enabled=False):
            return function(
                *map(cast, arguments), **{name: cast(value) for name, value in options.items()}
            )

    return wrapped


def ramp(step: int, ramp_steps: int, staircase: int | None = None) -> float:
    """r(t) = exp(-5 (1 - clip(t, 0, 1))²) with t = step / ramp_steps, from 0.0067 to 1.

    With `staircase`, t rises only once in that many steps; the released code has ramp_steps 30,000
    and staircase 150.
    """
    if staircase:
        step = step // staircase * staircase
    return math.exp(-5 * (1 - min(max(step / ramp_steps, 0.0), 1.0)) ** 2)


def hard_labels(scores: Tensor) -> Tensor:
    """The class (B,...) with the largest of `scores` (B,K,...).

    It is found by `max` because `argmax` takes up to four times as long on a CPU.
    """
    return scores.max(1).indices


def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    """Boolean (B,K,D,H,W) of integer `labels` (B,D,H,W); labels outside 0..K-1 have no class."""
    classes = torch.arange(num_classes, device=labels.device)
    return labels.unsqueeze(1) == classes.view(-1, *[1] * (labels.dim() - 1))


def class_counts(labels: Tensor, num_classes: int) -> Tensor:
    """Number of voxels of each class (K,), int64, on all processes.

    torch.bincount is not used because it would wait for the GPU.
    """
    return sum_over_ranks(one_hot(labels, num_classes).flatten(2).sum((0, 2)))


def ratio_of_sums(numerator: Tensor, denominator: Tensor) -> Tensor:
    """numerator / denominator (scalars), each summed over all processes; 0 if both are 0."""
    total = sum_over_ranks(torch.stack([numerator, denominator]))
    return total[0] / total[1].clamp_min(1e-8)


def batch_mean(values: Tensor, count: int | None = None) -> Tensor:
    """Sum of `values` over `count` (default: their number), on all processes; 0 for no values."""
    total = values.sum()
    return ratio_of_sums(total, torch.full_like(total, values.numel() if count is None else count))


def mean_over_pairs(similarity: Tensor, present: Tensor) -> Tensor:
    """Mean of `similarity` (K,K) over pairs k < j of classes that are both `present` (K,).

    It is 0 if there are no such pairs.
    """
    pairs = torch.outer(present, present).triu(diagonal=1)
    return (similarity * pairs).sum() / pairs.sum().clamp_min(1)


def resize_labels(labels: Tensor, size: torch.Size) -> Tensor:
    """Integer `labels` (B,D,H,W) resized to `size` by nearest neighbour."""
    if labels.shape[1:] == size:
        return labels
    return (
        functional.interpolate(labels.unsqueeze(1).float(), size, mode="nearest-exact")
        .squeeze(1)
        .to(labels.dtype)
    )


def resize_maps(maps: Tensor, size: torch.Size) -> Tensor:
    """`maps` (B,N,D,H,W) resized to `size`.

    A smaller size takes averages, a larger one trilinear interpolation.
    """
    if maps.shape[2:] == size:
        return maps
    if maps.shape[2] > size[0]:
        return functional.adaptive_avg_pool3d(maps, size)
    return functional.interpolate(maps, size, mode="trilinear", align_corners=False)


@full_precision
def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """CE = -mean_{b,v} ln p_{y_v}.

    `logits` is (B,K,D,H,W) with integer `labels` (B,D,H,W), or (B,K) with (B,).
    """
    return batch_mean(
        functional.cross_entropy(logits, labels.long(), reduction="sum"), labels.numel()
    )


@full_precision
def weighted_cross_entropy(
    logits: Tensor, targets: Tensor, class_weights: Tensor, normalise: bool = True
) -> Tensor:
    """Σ_v w_{t_v} l_v / Σ_v w_{t_v} with l_v = -ln p_{t_v}.

    `logits` (B,K,D,H,W), integer `targets` (B,D,H,W), `class_weights` (K,) without gradient. If all
    weights are zero, the loss and its gradient are 0. `normalise=False` divides by the number of
    voxels instead, as in eq. 19 of the paper.
    """
    weights = class_weights.detach().to(logits.dtype)
    targets = targets.long()
    weighted = functional.cross_entropy(logits, targets, weights, reduction="sum")
    if not normalise:
        return batch_mean(weighted, targets.numel())
    return ratio_of_sums(weighted, weights[targets].sum())


@full_precision
def batch_dice_loss(
    probabilities: Tensor, labels: Tensor, smooth: float = 1e-5, skip_absent: bool = False
) -> Tensor:
    """1/K Σ_k [1 - (2 Σ p_k Y_k + s) / (Σ p_k² + Σ Y_k + s)], with sums over b and v together.

    `probabilities` (B,K,D,H,W), integer `labels` (B,D,H,W). The background is included. A class
    that is absent from the labels is penalised for its false positives; `skip_absent` leaves it out
    of the mean.
    """
    num_classes = probabilities.shape[1]
    masks = one_hot(labels, num_classes)
    intersection = (probabilities * masks).flatten(2).sum((0, 2))
    predicted = probabilities.square().flatten(2).sum((0, 2))
    intersection, predicted = sum_over_ranks(torch.stack([intersection, predicted]))
    reference = class_counts(labels, num_classes)
    terms = 1 - (2 * intersection + smooth) / (predicted + reference + smooth)
    counted = reference > 0 if skip_absent else torch.ones_like(reference)
    return (terms * counted).sum() / counted.sum().clamp_min(1)


@full_precision
def weighted_dice_loss(
    probabilities: Tensor, labels: Tensor, class_weights: Tensor, smooth: float = 1.0
) -> Tensor:
    """-mean_{k>=1} w_k (2 TP_k + s) / (2 TP_k + FP_k + FN_k + s), of CLD and DHC.

    It is negative by design. The counts are soft and over the batch; the background is left out.
    `probabilities` (B,K,D,H,W), integer `labels` (B,D,H,W), `class_weights` (K,).
    """
    masks = one_hot(labels, probabilities.shape[1])
    hit = (probabilities * masks).flatten(2).sum((0, 2))
    hit, predicted = sum_over_ranks(torch.stack([hit, probabilities.flatten(2).sum((0, 2))]))
    reference = class_counts(labels, probabilities.shape[1])
    score = (2 * hit + smooth) / (predicted + reference + smooth)
    return -(class_weights.detach().to(score.dtype) * score)[1:].mean()


@full_precision
def supervised_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """L_s = 1/2 [CE + Dice] of eq. 1; `logits` (B,K,D,H,W), integer `labels` (B,D,H,W)."""
    return (cross_entropy(logits, labels) + batch_dice_loss(logits.softmax(1), labels)) / 2


def cps_loss(logits_a: Tensor, logits_b: Tensor) -> Tensor:
    """CE(z_A, argmax z_B) + CE(z_B, argmax z_A) of Chen et al. 2021.

    Each network learns from the hard labels of the other. `logits_a` and `logits_b` are
    (B,K,D,H,W); pass all rows (as in the original) or only the unlabelled ones.
    """
    return cross_entropy(logits_a, hard_labels(logits_b)) + cross_entropy(
        logits_b, hard_labels(logits_a)
    )
