"""GA-CPS: gradient-aware losses on CPS (Qi et al., ECCV 2024), against organs that are never found.

Cross-entropy counts the hardest voxels, and each class by the root of its size. Dice pushes a class
that the crops lack away voxel by voxel, in proportion to its probability. The cross term is the
balanced cross-entropy on all voxels. Deviations: the supervised term is halved, as in eq. 1 and in
CPS here; batch and classes are those of all processes.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from guidednet.data.sampling import Batch
from guidednet.losses import class_counts, full_precision, hard_labels, one_hot
from guidednet.methods.base import TwoNetworkMethod
from guidednet.processes.distributed import own_places, rows_of_all, sum_over_ranks

IGNORED = -100  # the target that torch's cross-entropy leaves out


@dataclass(frozen=True)
class GACPSConfig:
    """Options of GA-CPS.

    `weight` scales the cross term at full ramp. The supervised cross-entropy counts the `hardest`
    share of the voxels. `balance` is the exponent of the number of voxels: 1 weighs every voxel
    alike, 0 every class.
    """

    weight: float = 0.1
    hardest: float = 0.1
    balance: float = 0.5


class GACPS(TwoNetworkMethod):
    """L = 1/2 [GACE + GADice](A) + the same of B + w(i) [GACE(z_A, y_B) + GACE(z_B, y_A)]."""

    label = "GA-CPS"
    Config = GACPSConfig

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """Supervised terms on labelled rows, and the cross term on all rows."""
        labelled, label, options = len(batch.label), batch.label, self.options
        a, b = self.network_a(batch.image).logits, self.network_b(batch.image).logits
        cross = balanced_cross_entropy(
            a, hard_labels(b), balance=options.balance
        ) + balanced_cross_entropy(b, hard_labels(a), balance=options.balance)
        return {
            "supervised_a": self.supervised(a[:labelled], label),
            "supervised_b": self.supervised(b[:labelled], label),
            "cps": options.weight * self.ramp_weight(step) * cross,
        }

    def supervised(self, logits: Tensor, label: Tensor) -> Tensor:
        """1/2 [GACE of the hardest voxels + GADice]."""
        options = self.options
        entropy = balanced_cross_entropy(logits, label, options.hardest, options.balance)
        return (entropy + gradient_aware_dice(logits.softmax(1), label)) / 2


@full_precision
def balanced_cross_entropy(
    logits: Tensor, targets: Tensor, hardest: float = 1.0, balance: float = 0.5
) -> Tensor:
    """Σ_k Σ_{v: t_v = k} l_v / (n_k^(1-γ) N^γ) with l_v = -ln p_{t_v} and γ = `balance`.

    The sums go over the N voxels that are the `hardest` share of the batch, n_k of them of class k.
    `logits` (B,K,D,H,W), integer `targets` (B,D,H,W).
    """
    targets = targets.long()
    if hardest < 1:
        with torch.no_grad():
            entropies = functional.cross_entropy(logits, targets, reduction="none")
            targets = targets.masked_fill(~highest(entropies, hardest), IGNORED)
    counts = class_counts(targets, logits.shape[1]).to(logits.dtype)
    weights = counts.clamp_min(1) ** (balance - 1) * counts.sum() ** -balance
    return sum_over_ranks(functional.cross_entropy(logits, targets, weights, reduction="sum"))


def highest(values: Tensor, share: float) -> Tensor:
    """Which of `values` (B,D,H,W) are among the highest `share` of those of all processes."""
    everything = rows_of_all(values, *own_places(len(values), len(values))).flatten()
    return values >= everything.topk(max(1, int(share * len(everything)))).values[-1]


@full_precision
def gradient_aware_dice(probabilities: Tensor, labels: Tensor, smooth: float = 1e-10) -> Tensor:
    """1/K Σ_k d_k: for a class in `labels` the Dice loss, else Σ_v sg[p_kv] p_kv / N.

    Dice gives an absent class almost no gradient; here its gradient is p_kv / N at each of the N
    voxels. `probabilities` (B,K,D,H,W), integer `labels` (B,D,H,W), sums over b and v together.
    """
    masks, square = one_hot(labels, probabilities.shape[1]), probabilities.square()
    own = (probabilities * masks, square, probabilities.detach() * probabilities)
    hit, predicted, pushed = sum_over_ranks(
        torch.stack([values.flatten(2).sum((0, 2)) for values in own])
    )
    counts = class_counts(labels, probabilities.shape[1])
    dice = 1 - (2 * hit + smooth) / (predicted + counts + smooth)
    return torch.where(counts > 0, dice, pushed / counts.sum()).mean()
