"""DePL: debiased pseudo-labels (DebiasPL, Wang et al., CVPR 2022), on CPS as in DHC's comparison.

A network that favours a class gives it as a pseudo-label too often. The logarithm of the network's
mean probability of each class on unlabelled crops is therefore subtracted from its logits before
they become pseudo-labels, and only sure ones count. The other network learns them with the same
term added to its own logits, which asks for a margin in favour of rare classes.

Deviations: there is one mean per class, as in the original; DHC's comparison has one per class and
place in the crop, and no margin. The weight is that of CPS.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from guidednet.data.sampling import Batch
from guidednet.losses import batch_mean, full_precision, supervised_loss
from guidednet.methods.base import MethodSetup, TwoNetworkMethod
from guidednet.methods.parts.pseudo_labels import NO_LABEL, sure_labels
from guidednet.processes.distributed import sum_over_ranks

LEAST = 1e-6  # mean probability, so that its logarithm is finite


@dataclass(frozen=True)
class DePLConfig:
    """Options of DePL.

    `weight` scales the cross term at full ramp and `strength` the debiasing. Pseudo-labels of a
    debiased probability above `threshold` count. `momentum` keeps the mean probabilities.
    """

    weight: float = 0.1
    strength: float = 1.0
    threshold: float = 0.9
    momentum: float = 0.99


class DePL(TwoNetworkMethod):
    """L = L_sup(A) + L_sup(B) + w(i) [CE(z_A + ln q_B, y_B) + CE(z_B + ln q_A, y_A)].

    q is a network's mean probability and y the sure ones of its labels argmax(z - ln q).
    """

    label = "DePL"
    Config = DePLConfig

    def __init__(self, setup: MethodSetup, options: DePLConfig) -> None:
        super().__init__(setup, options)
        uniform = setup.takes_part.float() / setup.takes_part.sum()
        self.register_buffer("mean_a", uniform.clone())
        self.register_buffer("mean_b", uniform.clone())

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """Supervised terms on labelled rows, and the debiased cross term on all rows."""
        labelled, label = len(batch.label), batch.label
        a, b = self.network_a(batch.image).logits, self.network_b(batch.image).logits
        bias_a, bias_b = self.bias(self.mean_a), self.bias(self.mean_b)
        label_a, label_b = self.debiased(a, bias_a), self.debiased(b, bias_b)
        follow(self.mean_a, a[labelled:], self.options.momentum)
        follow(self.mean_b, b[labelled:], self.options.momentum)
        cross = cross_entropy_of_labelled(a + bias_b, label_b) + cross_entropy_of_labelled(
            b + bias_a, label_a
        )
        return {
            "supervised_a": supervised_loss(a[:labelled], label),
            "supervised_b": supervised_loss(b[:labelled], label),
            "cps": self.options.weight * self.ramp_weight(step) * cross,
        }

    def bias(self, mean: Tensor) -> Tensor:
        """`strength` times ln q, (K,1,1,1); a copy, which later updates do not change."""
        return self.options.strength * mean.clamp_min(LEAST).log().view(-1, 1, 1, 1)

    @torch.no_grad()
    def debiased(self, logits: Tensor, bias: Tensor) -> Tensor:
        """The sure labels (B,D,H,W) of logits (B,K,D,H,W) without the network's bias."""
        return sure_labels((logits - bias).softmax(1), self.options.threshold)


@torch.no_grad()
def follow(mean: Tensor, logits: Tensor, momentum: float) -> None:
    """Move `mean` (K,) towards the mean probability of `logits` (B,K,D,H,W) on all processes."""
    total = sum_over_ranks(logits.softmax(1).flatten(2).sum((0, 2)))
    # without any row the mean stays
    mean.lerp_(total / total.sum().clamp_min(1), (1 - momentum) * (total.sum() > 0).to(mean.dtype))


@full_precision
def cross_entropy_of_labelled(logits: Tensor, labels: Tensor) -> Tensor:
    """Σ_v -ln p_{t_v} over voxels that have a label, divided by the number of all voxels."""
    entropies = functional.cross_entropy(logits, labels, ignore_index=NO_LABEL, reduction="sum")
    return batch_mean(entropies, labels.numel())
