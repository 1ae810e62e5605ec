"""DHC: dual-debiased heterogeneous co-training (Wang and Li, MICCAI 2023).

Network A learns with weights from learning difficulty, B with weights from the distribution of its
pseudo-labels. Fixed: statistics of classes that the labelled crops lack stay as they are (in the
published code their Dice counts as 1/2, which makes large jumps); a batch whose targets all weigh 0
costs 0, not NaN. As published, the mean of both networks is selected and reported. Both start as
those of every pair (kaiming and xavier; published: two draws of kaiming).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from guidednet.data.sampling import Batch
from guidednet.losses import class_counts, hard_labels, weighted_cross_entropy, weighted_dice_loss
from guidednet.methods.base import MethodSetup, Predictor, TwoNetworkMethod


@dataclass(frozen=True)
class DHCConfig:
    """Options of DHC.

    `weight` scales the cross term at full ramp. The difficulty averages over `accumulate` steps,
    the distribution with `momentum`. `exponent` applies to the ratio of unlearning to learning;
    `smoothing` is the e of the formulas.
    """

    weight: float = 0.1
    accumulate: int = 50
    momentum: float = 0.99
    exponent: float = 0.2
    smoothing: float = 1e-8


class DHC(TwoNetworkMethod):
    """L = L_sup(A; W_A) + L_sup(B; W_B) + w(i) [WCE(z_A, y_B; W_A) + WCE(z_B, y_A; W_B)].

    The weights are those of the student.
    """

    label = "DHC"
    in_paper = True
    Config = DHCConfig

    def __init__(self, setup: MethodSetup, options: DHCConfig) -> None:
        super().__init__(setup, options)
        self.difficulty = DifficultyWeights(setup.takes_part, options)
        self.distribution = DistributionWeights(setup.labelled_voxels, setup.takes_part, options)

    def forward(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """Weighted supervised terms, and the weighted cross term on all rows."""
        labelled, label = len(batch.label), batch.label
        a, b = self.network_a(batch.image).logits, self.network_b(batch.image).logits
        weights_a = self.difficulty.update(a[:labelled], label)
        weights_b = self.distribution.update(b[labelled:])
        cross = weighted_cross_entropy(a, hard_labels(b), weights_a) + weighted_cross_entropy(
            b, hard_labels(a), weights_b
        )
        return {
            "supervised_a": weighted_supervised(a[:labelled], label, weights_a),
            "supervised_b": weighted_supervised(b[:labelled], label, weights_b),
            "cps": self.options.weight * self.ramp_weight(step) * cross,
        }

    def predictors(self) -> dict[str, Predictor]:
        """The mean of both networks' logits, which selects the step and is reported."""
        return {"primary": self.ensemble}


def weighted_supervised(logits: Tensor, label: Tensor, weights: Tensor) -> Tensor:
    """Weighted cross-entropy and weighted Dice."""
    return weighted_cross_entropy(logits, label, weights) + weighted_dice_loss(
        logits.softmax(1), label, weights
    )


class DistributionWeights(torch.nn.Module):
    """DistDW: w_k = K ln R_k / max_j ln R_j with R_k = (max n + e) / (n_k + e).

    n counts the voxels of each pseudo-label class; w is a moving average.
    """

    weights: Tensor

    def __init__(self, labelled_voxels: Tensor, takes_part: Tensor, options: DHCConfig) -> None:
        super().__init__()
        self.options = options
        self.register_buffer("takes_part", takes_part)
        self.register_buffer("weights", self.from_counts(labelled_voxels.float()))

    def from_counts(self, counts: Tensor) -> Tensor:
        """Weights (K,) of voxel counts (K,): all K if the counts are equal, 0 for a class of which
        no labelled case has a voxel.
        """
        smoothing = self.options.smoothing
        log_ratio = ((counts.max() + smoothing) / (counts + smoothing)).log()
        log_ratio = log_ratio.masked_fill(~self.takes_part, 0)
        weights = torch.where(log_ratio.max() > 0, log_ratio / log_ratio.max(), 1.0)
        return len(counts) * weights.masked_fill(~self.takes_part, 0)

    @torch.no_grad()
    def update(self, unlabelled_logits: Tensor) -> Tensor:
        """Update with the pseudo-labels of unlabelled rows; returns the weights (K,)."""
        current = self.from_counts(
            class_counts(hard_labels(unlabelled_logits), len(self.weights)).to(self.weights.dtype)
        )
        self.weights.lerp_(current, 1 - self.options.momentum)
        return self.weights.clone()


class DifficultyWeights(torch.nn.Module):
    """DiffDW: W_k = K d_k g_k / max (d g).

    d_k says whether class k is being learned or unlearned, and g_k averages 1 - Dice.
    """

    def __init__(self, takes_part: Tensor, options: DHCConfig) -> None:
        super().__init__()
        self.options, num_classes = options, len(takes_part)
        self.register_buffer("takes_part", takes_part)
        self.register_buffer("last_dice", torch.full((num_classes,), options.smoothing))
        self.register_buffer("learning", torch.zeros(num_classes))
        self.register_buffer("unlearning", torch.zeros(num_classes))
        self.register_buffer("gap", torch.ones(num_classes))
        self.register_buffer("weights", torch.full((num_classes,), float(num_classes)))

    @torch.no_grad()
    def update(self, logits: Tensor, label: Tensor) -> Tensor:
        """Update with the labelled rows of network A; returns the weights (K,)."""
        e, share = self.options.smoothing, 1 / self.options.accumulate
        dice, present = hard_dice(logits, label, e)
        change = (dice - self.last_dice) * (dice / self.last_dice).log()  # never negative
        grew = dice > self.last_dice
        self._average("learning", change * grew, present, share)
        self._average("unlearning", change * ~grew, present, share)
        self._average("gap", 1 - dice, present, share)
        self.last_dice.copy_(torch.where(present, dice, self.last_dice))
        product = ((self.unlearning + e) / (self.learning + e)) ** self.options.exponent * self.gap
        product = product.masked_fill(~self.takes_part, 0)
        self.weights.copy_(len(product) * product / product.max())
        return self.weights.clone()

    def _average(self, name: str, current: Tensor, present: Tensor, share: float) -> None:
        value = getattr(self, name)
        value.copy_(torch.where(present, value + share * (current - value), value))


def hard_dice(logits: Tensor, label: Tensor, smoothing: float) -> tuple[Tensor, Tensor]:
    """Batch Dice (K,) of argmax segmentations, background included, and the classes of `label`.

    The second value (K,) says which classes `label` has.
    """
    num_classes, prediction = logits.shape[1], hard_labels(logits)
    hit = class_counts(label.masked_fill(prediction != label, -1), num_classes)
    predicted, reference = class_counts(prediction, num_classes), class_counts(label, num_classes)
    dice = (2 * hit + smoothing) / (predicted + reference + 2 * smoothing)
    return dice.to(torch.get_default_dtype()), reference > 0
