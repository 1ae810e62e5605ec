"""Pseudo-labels where a network is sure, and the supervised loss on voxels that have a label."""

import torch
from torch import Tensor
from torch.nn import functional

from guidednet.losses import batch_dice_loss, full_precision, ratio_of_sums

NO_LABEL = -1  # the label of a voxel that counts in no loss


@torch.no_grad()
def sure_labels(probabilities: Tensor, threshold: float) -> Tensor:
    """The most probable class of each voxel (B,D,H,W), NO_LABEL where its probability is too low.

    It must exceed `threshold`: 0 keeps all voxels, 1 none. `probabilities` is (B,K,D,H,W).
    """
    highest, label = probabilities.max(1)
    return label.masked_fill(highest <= threshold, NO_LABEL)


@full_precision
def partial_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """L_s of eq. 1, 1/2 [CE + Dice], over the voxels that have a label; 0 if there are none.

    `logits` (B,K,D,H,W), integer `labels` (B,D,H,W) with NO_LABEL elsewhere. If every voxel has a
    label, it is `supervised_loss`.
    """
    mask = labels != NO_LABEL
    entropies = functional.cross_entropy(logits, labels, ignore_index=NO_LABEL, reduction="sum")
    cross = ratio_of_sums(entropies, mask.sum().to(logits.dtype))
    return (cross + batch_dice_loss(logits.softmax(1) * mask.unsqueeze(1), labels)) / 2
