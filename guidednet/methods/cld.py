"""CLD: calibrating label distribution (Lin et al., MICCAI 2022), as in its multi-organ port.

Left out: the probability-aware crop, because all methods here share the same crop. Fixed: a class
that the window lacks keeps its confidence instead of falling to 0; a class that no labelled case
has counts as one voxel.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from guidednet.data.sampling import Batch
from guidednet.losses import (
    batch_mean,
    hard_labels,
    one_hot,
    weighted_cross_entropy,
    weighted_dice_loss,
)
from guidednet.methods.base import MethodSetup, TwoNetworkMethod
from guidednet.processes.distributed import sum_over_ranks


@dataclass(frozen=True)
class CLDConfig:
    """Options of CLD.

    `weight` scales the cross term at full ramp; the bank averages `window` steps at a time, with
    `momentum`.
    """

    weight: float = 0.1
    window: int = 8
    momentum: float = 0.999


class CLD(TwoNetworkMethod):
    """L = L_sup(A) + L_sup(B) + w(i) L_cps.

    Classes are weighted by frequency, and voxels of L_cps are sampled by confidence.
    """

    label = "CLD"
    in_paper = True
    Config = CLDConfig

    def __init__(self, setup: MethodSetup, options: CLDConfig) -> None:
        super().__init__(setup, options)
        counts = setup.labelled_voxels.clamp_min(1).float()
        weights = (counts.max() / counts) ** (1 / 3)
        self.register_buffer("class_weights", weights.masked_fill(~setup.takes_part, 0))
        self.bank_a = ConfidenceBank(setup.num_classes, options.momentum)
        self.bank_b = ConfidenceBank(setup.num_classes, options.momentum)

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """Supervised terms on labelled rows, the sampled cross term on all rows."""
        labelled, label = len(batch.label), batch.label
        a, b = self.network_a(batch.image).logits, self.network_b(batch.image).logits
        close = (step + 1) % self.options.window == 0
        self.bank_a.update(a[:labelled].softmax(1), label, close)
        self.bank_b.update(b[:labelled].softmax(1), label, close)
        cross = self.sampled_loss(a, b, self.bank_a) + self.sampled_loss(b, a, self.bank_b)
        return {
            "supervised_a": self.supervised(a[:labelled], label),
            "supervised_b": self.supervised(b[:labelled], label),
            "cps": self.options.weight * self.ramp_weight(step) * cross,
        }

    def supervised(self, logits: Tensor, label: Tensor) -> Tensor:
        """Weighted cross-entropy and weighted Dice."""
        return weighted_cross_entropy(logits, label, self.class_weights) + weighted_dice_loss(
            logits.softmax(1), label, self.class_weights
        )

    def sampled_loss(self, student: Tensor, teacher: Tensor, bank: "ConfidenceBank") -> Tensor:
        """mean_v m_v w CE(z, argmax z'), where m samples the voxels.

        A voxel is kept with the sampling rate of the class that the student predicts there.
        """
        kept = torch.rand_like(student[:, 0]) < bank.sampling_rate()[hard_labels(student)]
        per_voxel = functional.cross_entropy(
            student, hard_labels(teacher), self.class_weights, reduction="none"
        )
        return batch_mean(per_voxel * kept)


class ConfidenceBank(torch.nn.Module):
    """A network's confidence c_k in each class on labelled voxels, as a slow moving average."""

    def __init__(self, num_classes: int, momentum: float) -> None:
        super().__init__()
        self.momentum = momentum
        for name in ("confidence", "sums", "counts"):
            self.register_buffer(name, torch.zeros(num_classes))
        self.register_buffer("seen", torch.zeros(num_classes, dtype=torch.bool))

    @torch.no_grad()
    def update(self, probabilities: Tensor, label: Tensor, close: bool) -> None:
        """Add one step's labelled rows, without gradient.

        `close` ends the window: c <- m c + (1 - m) S/N for the classes that it holds.
        """
        masks = one_hot(label, len(self.counts))
        self.sums += sum_over_ranks(
            (probabilities * masks).flatten(2).sum((0, 2)).to(self.sums.dtype)
        )
        self.counts += sum_over_ranks(masks.flatten(2).sum((0, 2)).to(self.sums.dtype))
        if close:
            present, current = self.counts > 0, self.sums / self.counts.clamp_min(1)
            averaged = torch.where(
                self.seen, self.momentum * self.confidence + (1 - self.momentum) * current, current
            )
            self.confidence.copy_(torch.where(present, averaged, self.confidence))
            self.seen |= present
            self.sums.zero_()
            self.counts.zero_()

    def sampling_rate(self) -> Tensor:
        """rho_k = sqrt((1 - c_k) / max_j (1 - c_j)): 1 for the least confident class."""
        doubt = 1 - self.confidence
        return (doubt / doubt.max().clamp_min(1e-8)).clamp(0, 1).sqrt()
