"""KT-CPS: knowledge-transfer cross pseudo supervision (eqs. 15-19).

Classes with few true positives on the labelled half are the difficult ones, and their pseudo-labels
weigh more. As printed, eqs. 16-17 give 0 or 0/0 (`printed_weights`): with R_k = N_k / max N the
largest log R is 0. Inverting the ratio makes them work; the released code does so too.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from guidednet.errors import check_choices
from guidednet.losses import class_counts, hard_labels, weighted_cross_entropy


@dataclass(frozen=True)
class KTCPSConfig:
    """The reading of eqs. 16 to 19: the defaults are the paper's, `official()` the released code's.

    `momentum` is that of the running weights (eq. 18). `smoothing` is added to both counts of R.
    `keep_absent` leaves the weight of a class unchanged if the batch's labels lack it.
    `wrong_as_background` counts every misclassified voxel as a true positive of the background.
    `shared_state` gives both networks one running state, which A updates first and then B.
    `background` is the background's weight: "printed" (0 by eq. 17), or the mean weight of the
    organs, of all ("mean") or of those in the batch's labels ("present"); with `background_floor`
    (a share of K) it is never below that. `normalisation` is "weighted_mean" (divide by the sum of
    the weights) or "voxel_mean" (divide by the number of voxels, as eq. 19 is printed).
    """

    momentum: float = 0.99
    smoothing: float = 1.0
    keep_absent: bool = True
    wrong_as_background: bool = False
    shared_state: bool = False
    background: Literal["printed", "mean", "present"] = "printed"
    background_floor: float = 0.0
    normalisation: Literal["weighted_mean", "voxel_mean"] = "weighted_mean"

    def __post_init__(self) -> None:
        check_choices(self)

    @classmethod
    def official(cls) -> "KTCPSConfig":
        """The released code: a class without true positives, absent or not, gets the weight K."""
        return cls(smoothing=1e-8, keep_absent=False, wrong_as_background=True, shared_state=True)


DEFAULT = KTCPSConfig()


@torch.no_grad()
def true_positive_counts(
    logits: Tensor, labels: Tensor, num_classes: int, wrong_as_background: bool = False
) -> Tensor:
    """N_k of eq. 16 (K,): correctly classified labelled voxels of each class, over all processes.

    `logits` (B,K,D,H,W) of labelled rows, integer `labels` (B,D,H,W). `wrong_as_background` counts
    every misclassified voxel as a true positive of the background, as the released code does.
    """
    nowhere = 0 if wrong_as_background else -1
    # eq. 16: prediction (B,K,D,H,W) -> (B,D,H,W), counts N_k (K,)
    return class_counts(labels.masked_fill(hard_labels(logits) != labels, nowhere), num_classes)


def difficulty_weights(
    true_positives: Tensor, present: Tensor | None = None, smoothing: float = 1.0
) -> Tensor:
    """w_k = K ln R_k / max_j ln R_j (K,), with R_k = (max_j N_j + s) / (N_k + s).

    These are eqs. 16-17 with the ratio inverted. The largest weight is K, and the class with the
    most true positives gets 0. If all classes are equally well segmented (max ln R = 0), all
    weights are K, which turns a weighted mean into a plain one. Maxima run over the classes that
    `present` (K,) marks, by default all; the other classes' values are meaningless. The released
    code uses s = 1e-8.
    """
    counts = true_positives.to(torch.get_default_dtype())
    present = torch.ones_like(counts, dtype=torch.bool) if present is None else present
    most = counts.masked_fill(~present, 0).max()  # scalar, max_j N_j
    log_ratio = ((most + smoothing) / (counts + smoothing)).log()  # (K,), eq. 16: ln R_k, inverted
    hardest = log_ratio.masked_fill(~present, 0).max()  # scalar, max_j ln R_j
    return len(counts) * torch.where(hardest > 0, log_ratio / hardest, 1.0)  # (K,), eq. 17


def printed_weights(true_positives: Tensor) -> Tensor:
    """w_k = max_j(log R_j) / log R_k (K,), R_k = N_k / max_j N_j: eqs. 16-17 to the letter."""
    log_ratio = (true_positives / true_positives.max()).log()  # (K,), eq. 16
    return log_ratio.max() / log_ratio  # (K,), eq. 17


class KTCPSWeights(nn.Module):
    """Running class weights of networks A and B, as buffers: w_t = m w_{t-1} + (1 - m) w (eq. 18).

    `labelled_voxels` (K,), the class counts over the labelled cases, gives both their initial
    value. Classes outside `takes_part` (K,), by default those without a labelled voxel, have the
    weight 0 throughout.
    """

    weights_a: Tensor
    weights_b: Tensor
    takes_part: Tensor

    def __init__(
        self,
        labelled_voxels: Tensor,
        config: KTCPSConfig = DEFAULT,
        takes_part: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        present = labelled_voxels > 0 if takes_part is None else takes_part
        self.register_buffer("takes_part", present)
        first = difficulty_weights(labelled_voxels, self.takes_part, config.smoothing)
        for name in ("weights_a", "weights_b"):
            self.register_buffer(name, first.masked_fill(~self.takes_part, 0))

    @torch.no_grad()
    def update(self, logits_a: Tensor, logits_b: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Update both states with one batch; returns the weights (K,) of A and of B to use in it.

        `logits_*` (B,K,D,H,W) with the labelled rows first, `labels` (B_l,D,H,W). Unlabelled rows
        are ignored.
        """
        rows, shared = len(labels), self.config.shared_state
        self.weights_a = self._step(
            self.weights_b if shared else self.weights_a, logits_a[:rows], labels
        )
        self.weights_b = self._step(
            self.weights_a if shared else self.weights_b, logits_b[:rows], labels
        )
        return self._to_use(self.weights_a, labels), self._to_use(self.weights_b, labels)

    def _step(self, weights: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
        momentum, num_classes = self.config.momentum, len(weights)
        true_positives = true_positive_counts(
            logits, labels, num_classes, self.config.wrong_as_background
        )
        known = self.takes_part
        if self.config.keep_absent:
            # A crop without the organ says nothing about its difficulty, and neither does a class
            # that has no other to be compared with.
            present = self.takes_part & (class_counts(labels, num_classes) > 0)
            known = present & (present.sum() > 1)
        current = difficulty_weights(true_positives, known, self.config.smoothing)
        # eq. 18, (K,)
        return torch.where(known, momentum * weights + (1 - momentum) * current, weights)

    def _to_use(self, weights: Tensor, labels: Tensor) -> Tensor:
        """`weights` (K,) with that of the background as `config.background` has it."""
        organs = self.takes_part.clone()
        organs[0] = False
        if self.config.background == "present":
            organs &= class_counts(labels, len(weights)) > 0
        mean = (weights * organs).sum() / organs.sum().clamp_min(1)
        own = weights[0] if self.config.background == "printed" else mean
        used = weights.clone()
        used[0] = own.clamp_min(self.config.background_floor * len(weights))
        return used


def ktcps_loss(
    logits_a: Tensor,
    logits_b: Tensor,
    weights_a: Tensor,
    weights_b: Tensor,
    config: KTCPSConfig = DEFAULT,
) -> Tensor:
    """L_ktcps = WCE(z_A, ŷ_B; w_B) + WCE(z_B, ŷ_A; w_A), ŷ = argmax z (eqs. 15, 19), over all rows.

    `logits_*` (B,K,D,H,W), `weights_*` (K,): a pseudo-label is weighted by the network that
    produced it.
    """
    normalise = config.normalisation == "weighted_mean"
    # eqs. 15 and 19: pseudo-labels (B,K,D,H,W) -> (B,D,H,W), losses are scalars
    learned_by_a = weighted_cross_entropy(logits_a, hard_labels(logits_b), weights_b, normalise)
    learned_by_b = weighted_cross_entropy(logits_b, hard_labels(logits_a), weights_a, normalise)
    return learned_by_a + learned_by_b
