"""What the class Gaussians teach, in numbers: is the posterior a better teacher than the network?

Axis letters: b image, k class, c feature channel, v voxel.
"""

import torch
from torch import Tensor

from guidednet.cgmm import printed, released
from guidednet.cgmm.config import CGMMConfig
from guidednet.losses import batch_mean, class_counts, full_precision, hard_labels


@torch.no_grad()
@full_precision
def posterior_diagnostics(
    features: Tensor, logits: Tensor, labels: Tensor, config: CGMMConfig
) -> dict[str, Tensor]:
    """Scalars that compare one network's posterior G with its probabilities p.

    `entropy`: mean entropy of G' on unlabelled voxels in nats. `disagreement`: the share of these
    where argmax G' is not argmax p. On labelled voxels: `foreground_ratio`, the voxels that G
    calls organ over those that are, and `dice_posterior` and `dice_network`, the mean Dice of
    argmax G and argmax p over the organs there. `features` (B,C,d,h,w) and `logits` (B,K,D,H,W)
    have the labelled rows first; `labels` is (B_l,D,H,W).
    """
    reading = released if config.reading == "official" else printed
    labelled, unlabelled = reading.posteriors(features, logits, labels, config)
    rows, num_classes = len(labels), logits.shape[1]
    network, teacher = hard_labels(logits), hard_labels(labelled)
    organ_voxels = class_counts(labels, num_classes)[1:].sum()
    return {
        "entropy": batch_mean(entropy(unlabelled)),
        "disagreement": batch_mean((hard_labels(unlabelled) != network[rows:]).float()),
        "foreground_ratio": class_counts(teacher, num_classes)[1:].sum()
        / organ_voxels.clamp_min(1),
        "dice_posterior": mean_dice(teacher, labels, num_classes),
        "dice_network": mean_dice(network[:rows], labels, num_classes),
    }


def entropy(posterior: Tensor) -> Tensor:
    """-Σ_k G_k ln G_k (B,D,H,W) of `posterior` (B,K,D,H,W)."""
    return torch.special.entr(posterior).sum(1)


def mean_dice(prediction: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    """Mean over the organs in `labels` of the Dice of all rows together; both (B,D,H,W)."""
    hit = class_counts(labels.masked_fill(prediction != labels, -1), num_classes)
    predicted, reference = class_counts(prediction, num_classes), class_counts(labels, num_classes)
    dice = 2 * hit / (predicted + reference).clamp_min(1)  # (K,)
    shown = reference > 0
    shown[0] = False
    return (dice * shown).sum() / shown.sum().clamp_min(1)
