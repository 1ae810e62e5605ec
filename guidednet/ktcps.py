"""KT-CPS: knowledge-transfer cross pseudo supervision (eqs. 15-19).

Classes in which a network has few true positives on the labelled half are the difficult ones; their
pseudo-labels weigh more. Eqs. 16-17 as printed give 0 or 0/0 (`printed_weights`): with R_k = N_k /
max N the largest log R is 0. Inverting the ratio is the reading that works, and the one of the
released code.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from guidednet.errors import check_choices
from guidednet.losses import class_counts, weighted_cross_entropy


@dataclass(frozen=True)
class KTCPSConfig:
    """The reading of eqs. 16 to 19; the defaults are the paper's, `official()` is what the released
    code computes.

    `smoothing` is added to both counts of R. `keep_absent` leaves classes that the batch's labels
    lack as they are. `shared_state` gives both networks one running state, updated by A and then by
    B. `background_floor` (share of K) is the least weight of the background, which eq. 17 gives 0.
    `normalisation` is "weighted_mean" (divide by the sum of the weights) or "voxel_mean" (by the
    number of voxels, as eq. 19 is printed).
    """

    momentum: float = 0.99
    smoothing: float = 1.0
    keep_absent: bool = True
    wrong_as_background: bool = False
    shared_state: bool = False
    background_floor: float = 0.0
    normalisation: Literal["weighted_mean", "voxel_mean"] = "weighted_mean"

    def __post_init__(self) -> None:
        check_choices(self)

    @classmethod
    def official(cls) -> "KTCPSConfig":
        """The released code: a class without a true positive, absent or not, gets all the weight."""
        return cls(smoothing=1e-8, keep_absent=False, wrong_as_background=True, shared_state=True)


DEFAULT = KTCPSConfig()


@torch.no_grad()
def true_positive_counts(
    logits: Tensor, labels: Tensor, num_classes: int, wrong_as_background: bool = False
) -> Tensor:
    """N_k of eq. 16 (K,): labelled voxels of class k that the network gets right, on all processes.

    `logits` (B,K,D,H,W) of labelled rows, integer `labels` (B,D,H,W). `wrong_as_background` counts
    every voxel that is wrong as a true positive of the background, as the released code does.
    """
    nowhere = 0 if wrong_as_background else -1
    return class_counts(labels.masked_fill(logits.argmax(1) != labels, nowhere), num_classes)


def difficulty_weights(
    true_positives: Tensor, present: Tensor | None = None, smoothing: float = 1.0
) -> Tensor:
    """w_k = K ln R_k / max_j ln R_j with R_k = (max_j N_j + s) / (N_k + s): eqs. 16-17, ratio
    inverted; (K,), largest K.

    The class with most true positives gets 0. Where all classes are equally right (max ln R = 0)
    all weights are K, which makes a weighted mean a plain one. Maxima run over the classes that
    `present` (K,) marks, by default all; the values of the others mean nothing. The released code
    has s = 1e-8.
    """
    counts = true_positives.to(torch.get_default_dtype())
    present = torch.ones_like(counts, dtype=torch.bool) if present is None else present
    most = counts.masked_fill(~present, 0).max()
    log_ratio = ((most + smoothing) / (counts + smoothing)).log()
    hardest = log_ratio.masked_fill(~present, 0).max()
    return len(counts) * torch.where(hardest > 0, log_ratio / hardest, 1.0)


def printed_weights(true_positives: Tensor) -> Tensor:
    """w_k = max_j(log R_j) / log R_k with R_k = N_k / max_j N_j: eqs. 16-17 to the letter, 0 or NaN
    for every class.
    """
    log_ratio = (true_positives / true_positives.max()).log()
    return log_ratio.max() / log_ratio


class KTCPSWeights(nn.Module):
    """The running class weights of networks A and B, as buffers: w_t = m w_{t-1} + (1 - m) w, per
    network (eq. 18).

    `labelled_voxels` (K,), the class counts over the labelled cases, gives both their first value.
    """

    weights_a: Tensor
    weights_b: Tensor

    def __init__(self, labelled_voxels: Tensor, config: KTCPSConfig = DEFAULT) -> None:
        super().__init__()
        self.config = config
        for name in ("weights_a", "weights_b"):
            self.register_buffer(
                name, difficulty_weights(labelled_voxels, smoothing=config.smoothing)
            )

    @torch.no_grad()
    def update(self, logits_a: Tensor, logits_b: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Take in one batch; returns the weights (K,) of A and of B to use in it.

        `logits_*` (B,K,D,H,W) with the labelled rows first, `labels` (B_l,D,H,W). Only labelled
        rows are looked at.
        """
        rows, shared = len(labels), self.config.shared_state
        self.weights_a = self._step(
            self.weights_b if shared else self.weights_a, logits_a[:rows], labels
        )
        self.weights_b = self._step(
            self.weights_a if shared else self.weights_b, logits_b[:rows], labels
        )
        return self._floored(self.weights_a), self._floored(self.weights_b)

    def _step(self, weights: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
        momentum, num_classes = self.config.momentum, len(weights)
        true_positives = true_positive_counts(
            logits, labels, num_classes, self.config.wrong_as_background
        )
        known = torch.ones_like(weights, dtype=torch.bool)
        if self.config.keep_absent:
            # No true positive in a crop without the organ says nothing about its difficulty; nor
            # does a lone class.
            present = class_counts(labels, num_classes) > 0
            known = present & (present.sum() > 1)
        current = difficulty_weights(true_positives, known, self.config.smoothing)
        return torch.where(known, momentum * weights + (1 - momentum) * current, weights)

    def _floored(self, weights: Tensor) -> Tensor:
        floor = torch.zeros_like(weights)
        floor[0] = self.config.background_floor * len(weights)
        return weights.maximum(floor)


def ktcps_loss(
    logits_a: Tensor,
    logits_b: Tensor,
    weights_a: Tensor,
    weights_b: Tensor,
    config: KTCPSConfig = DEFAULT,
) -> Tensor:
    """L_ktcps = WCE(z_A, ŷ_B; w_B) + WCE(z_B, ŷ_A; w_A) with ŷ = argmax z (eqs. 15 and 19), over
    all rows.

    `logits_*` (B,K,D,H,W), `weights_*` (K,): the weights are those of the network that made the
    pseudo-label.
    """
    normalise = config.normalisation == "weighted_mean"
    learned_by_a = weighted_cross_entropy(logits_a, logits_b.argmax(1), weights_b, normalise)
    learned_by_b = weighted_cross_entropy(logits_b, logits_a.argmax(1), weights_a, normalise)
    return learned_by_a + learned_by_b
