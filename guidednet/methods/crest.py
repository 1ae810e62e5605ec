"""CReST: class-rebalancing self-training (Wei et al., CVPR 2021), on CPS as in DHC's comparison.

Each class weighs what the class of the opposite rank is frequent: the rarest class 1, the most
frequent one as little as the rarest is. The frequencies are those of each network's own
pseudo-labels and follow them slowly. Supervised and cross terms both use the weights.

Deviations: frequencies are averaged over steps instead of the weights, so that pseudo-labels
without some class do not take all weight from the background; classes that no labelled case has
stand in no rank.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import class_counts, hard_labels, weighted_cross_entropy
from guidednet.methods.base import MethodSetup, TwoNetworkMethod
from guidednet.methods.dhc import weighted_supervised


@dataclass(frozen=True)
class CReSTConfig:
    """Options of CReST.

    `weight` scales the cross term at full ramp, `momentum` keeps the frequencies, and `exponent`
    flattens the weights.
    """

    weight: float = 0.1
    momentum: float = 0.99
    exponent: float = 1 / 3


class CReST(TwoNetworkMethod):
    """L = L_sup(A; w_A) + L_sup(B; w_B) + w(i) [WCE(z_A, y_B; w_A) + WCE(z_B, y_A; w_B)]."""

    label = "CReST"
    Config = CReSTConfig

    def __init__(self, setup: MethodSetup, options: CReSTConfig) -> None:
        super().__init__(setup, options)
        self.balance_a, self.balance_b = (
            OppositeRankWeights(setup.labelled_voxels, setup.takes_part, options) for _ in "ab"
        )

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """Weighted supervised terms, and the weighted cross term on all rows."""
        labelled, label = len(batch.label), batch.label
        a, b = self.network_a(batch.image).logits, self.network_b(batch.image).logits
        weights_a = self.balance_a.update(a[labelled:])
        weights_b = self.balance_b.update(b[labelled:])
        to_a = weighted_cross_entropy(a, hard_labels(b), weights_a)
        to_b = weighted_cross_entropy(b, hard_labels(a), weights_b)
        return {
            "supervised_a": weighted_supervised(a[:labelled], label, weights_a),
            "supervised_b": weighted_supervised(b[:labelled], label, weights_b),
            "cps": self.options.weight * self.ramp_weight(step) * (to_a + to_b),
        }


class OppositeRankWeights(torch.nn.Module):
    """w of the class of rank r is (f of rank K + 1 - r / max f)^exponent, f its frequency."""

    frequency: Tensor

    def __init__(self, labelled_voxels: Tensor, takes_part: Tensor, options: CReSTConfig) -> None:
        super().__init__()
        self.options = options
        self.register_buffer("takes_part", takes_part)
        self.register_buffer("frequency", frequencies(labelled_voxels))

    @torch.no_grad()
    def update(self, unlabelled_logits: Tensor) -> Tensor:
        """Update with the pseudo-labels of unlabelled rows; returns the weights (K,)."""
        counts = class_counts(hard_labels(unlabelled_logits), len(self.frequency))
        current = frequencies(counts)
        # without any unlabelled row the frequencies stay
        share = (1 - self.options.momentum) * (counts.sum() > 0)
        self.frequency.lerp_(current, share.to(current.dtype))
        return self.weights()

    def weights(self) -> Tensor:
        """The weights (K,), 0 for a class of which no labelled case has a voxel."""
        order = self.frequency.masked_fill(~self.takes_part, torch.inf).argsort()
        place = torch.arange(len(order), device=order.device)
        opposite = order[(self.takes_part.sum() - 1 - place).clamp_min(0)]
        share = self.frequency[opposite] / self.frequency.max()
        weights = torch.zeros_like(share).scatter(0, order, share**self.options.exponent)
        return weights.masked_fill(~self.takes_part, 0)


def frequencies(counts: Tensor) -> Tensor:
    """The share (K,) of each class in voxel counts (K,); 0 if there are no voxels."""
    return (counts / counts.sum().clamp_min(1)).to(torch.get_default_dtype())
