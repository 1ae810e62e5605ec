"""3D-CGMM as printed: the losses on the class Gaussians, and their sums (eqs. 8-14).

Axis letters: b image, k class, c feature channel, v voxel.
"""

import torch
from torch import Tensor
from torch.nn import functional

from guidednet.cgmm.config import DEFAULT, CGMMConfig
from guidednet.cgmm.derivatives import TwoSidedCrossEntropy
from guidednet.cgmm.gaussians import ClassStatistics, class_statistics, log_posterior
from guidednet.losses import (
    batch_mean,
    full_precision,
    hard_labels,
    mean_over_pairs,
    ratio_of_sums,
    resize_labels,
    resize_maps,
)
from guidednet.processes.distributed import own_sums


@full_precision
def self_loss(log_posterior: Tensor, probabilities: Tensor, present: Tensor) -> Tensor:
    """L_self (eq. 9) = -mean_{b,v} 1/|S| Σ_{k∈S} [G_k ln p_k + (1 - G_k) ln(1 - p_k)].

    Maps (B,K,D,H,W) of labelled rows; `present` (K,) marks S; p is clamped to [1e-6, 1 - 1e-6].
    Gradient flows into both G and p.
    """
    share = present.to(probabilities.dtype) / present.sum().clamp_min(1)  # (K,)
    return batch_mean(  # eq. 9, a scalar
        TwoSidedCrossEntropy.apply(log_posterior, probabilities, share), probabilities[:, 0].numel()
    )


@full_precision
def gt_loss(log_posterior: Tensor, labels: Tensor, present: Tensor) -> Tensor:
    """L_gt (eq. 8) = -mean_{b,v} ln G_{y_v} over the labelled voxels of present classes.

    `log_posterior` (B,K,D,H,W), integer `labels` (B,D,H,W), `present` (K,).
    """
    targets = labels.long().masked_fill(~present[labels.long()], -100)
    # eq. 8: both sums are scalars
    total = functional.nll_loss(log_posterior, targets, ignore_index=-100, reduction="sum")
    return ratio_of_sums(total, (targets >= 0).sum().to(total.dtype))


def max_loss(statistics: ClassStatistics) -> Tensor:
    """L_max (eq. 10) = 2 / (|S| (|S| - 1)) Σ_{k<j∈S} exp(-|μ_k - μ_j|² / C).

    It is 1 if all centroids coincide, and 0 if |S| < 2.
    """
    difference = statistics.mean.unsqueeze(0) - statistics.mean.unsqueeze(1)  # (K,K,C)
    # eq. 10: (K,K) -> scalar
    return mean_over_pairs((-difference.square().mean(2)).exp(), statistics.present)


@full_precision
def consistency_loss(log_posterior_a: Tensor, log_posterior_b: Tensor) -> Tensor:
    """L_cons (eq. 11) = mean_{b,k,v} (G'^A - G'^B)² of maps (B,K,D,H,W); gradient into both."""
    return batch_mean((log_posterior_a.exp() - log_posterior_b.exp()).square())  # eq. 11, a scalar


@full_precision
def rectify_loss(
    logits: Tensor, log_posterior: Tensor, present: Tensor, config: CGMMConfig = DEFAULT
) -> Tensor:
    """L_rectify of one network (eq. 13) = -Σ_v m_v Σ_k sg[G'_k] ln p_k / Σ_v m_v.

    m_v = [argmax_k p_kv ∈ S], times the gate of `config.rectify`. Maps (B,K,D,H,W) of unlabelled
    rows. G' has no bin for a class that no labelled crop of the batch shows; without m the loss
    would push that class's voxels to another one. With `rectify` "value" it has no gradient.
    """
    target = (log_posterior.detach() if config.detach_rectify_target else log_posterior).exp()
    logits = logits.detach() if config.rectify == "value" else logits
    per_voxel = functional.cross_entropy(logits, target, reduction="none")  # (B,D,H,W)
    # (B,D,H,W), m_v
    counted = present[hard_labels(logits)] & rectify_gate(logits, target, config)
    # eq. 13: both sums are scalars
    loss = ratio_of_sums((per_voxel * counted).sum(), counted.sum().to(per_voxel.dtype))
    return loss.detach() if config.rectify == "value" else loss


@torch.no_grad()
def rectify_gate(logits: Tensor, posterior: Tensor, config: CGMMConfig) -> Tensor:
    """The voxels (B,D,H,W) on which eq. 13 acts: all, the sure ones or the agreeing ones.

    `logits` and `posterior` G' (B,K,D,H,W).
    """
    surest, teacher = posterior.max(1)
    if config.rectify == "sure":
        return surest >= config.sure_posterior
    return teacher == hard_labels(logits) if config.rectify == "agreeing" else surest >= 0


@full_precision
def cgmm_losses(
    features_a: Tensor,
    logits_a: Tensor,
    features_b: Tensor,
    logits_b: Tensor,
    labels: Tensor,
    config: CGMMConfig = DEFAULT,
) -> dict[str, Tensor]:
    """The terms of eqs. 12 and 14 as printed; arguments as in `guidednet.cgmm.cgmm_losses`."""
    of_network = network_losses if config.centroids == "batch" else paired_losses
    losses_a, posterior_a = of_network(features_a, logits_a, labels, config)
    losses_b, posterior_b = of_network(features_b, logits_b, labels, config)
    losses = {name: losses_a[name] + losses_b[name] for name in losses_a}
    if config.use_consistency:
        losses["consistency"] = consistency_loss(posterior_a, posterior_b)
    return losses


def network_losses(
    features: Tensor, logits: Tensor, labels: Tensor, config: CGMMConfig = DEFAULT
) -> tuple[dict[str, Tensor], Tensor]:
    """The terms of one network, and its ln G' (B_u,K,D,H,W) for the consistency term.

    Arguments as in `cgmm_losses`. With `consistency_on` "labelled" the second value is ln G of the
    labelled rows.
    """
    labelled_logits, unlabelled_logits = logits[: len(labels)], logits[len(labels) :]
    statistics, labelled, unlabelled = log_posteriors(features, logits, labels, config)
    present = statistics.present
    losses = {
        "gt": gt_loss(labelled, labels, present),
        "rectify": rectify_loss(unlabelled_logits, unlabelled, present, config),
    }
    if config.use_self:
        losses["self"] = self_loss(labelled, labelled_logits.softmax(1), present)
    if config.use_max:
        losses["max"] = max_loss(statistics)
    return losses, labelled if config.consistency_on == "labelled" else unlabelled


def log_posteriors(
    features: Tensor, logits: Tensor, labels: Tensor, config: CGMMConfig = DEFAULT
) -> tuple[ClassStatistics, Tensor, Tensor]:
    """The class Gaussians of the labelled rows, ln G (B_l,K,D,H,W) and ln G' (B_u,K,D,H,W).

    Arguments as in `cgmm_losses`.
    """
    rows, size = len(labels), features.shape[2:]
    probabilities = resize_maps(logits[:rows].softmax(1), size)  # (B_l,K,d,h,w)
    statistics = class_statistics(
        features[:rows], resize_labels(labels, size), probabilities, config
    )
    labelled, unlabelled = (  # (B,K,d,h,w) -> (B,K,D,H,W)
        _full_size(log_posterior(part, statistics, config), statistics.present, logits.shape[2:])
        for part in (features[:rows], features[rows:])
    )
    return statistics, labelled, unlabelled


def posteriors(
    features: Tensor, logits: Tensor, labels: Tensor, config: CGMMConfig = DEFAULT
) -> tuple[Tensor, Tensor]:
    """G (B_l,K,D,H,W) and G' (B_u,K,D,H,W), with the centroids of the whole batch."""
    _, labelled, unlabelled = log_posteriors(features, logits, labels, config)
    return labelled.exp(), unlabelled.exp()


def paired_losses(
    features: Tensor, logits: Tensor, labels: Tensor, config: CGMMConfig
) -> tuple[dict[str, Tensor], Tensor]:
    """`network_losses` of each labelled row and the unlabelled row paired with it, averaged.

    The b-th labelled and unlabelled rows are a pair; with several processes both rows of a pair lie
    within one of them (guidednet.data.sampling). Raises ValueError unless there are as many
    unlabelled rows as labelled ones.
    """
    rows = len(labels)
    if len(logits) != 2 * rows:
        raise ValueError(
            "centroids per image need as many unlabelled rows as labelled ones: "
            f"{rows} of {len(logits)} rows are labelled"
        )
    with own_sums():
        pairs = [
            network_losses(features[row::rows], logits[row::rows], labels[row : row + 1], config)
            for row in range(rows)
        ]
    losses = {
        name: batch_mean(sum(terms[name] for terms, _ in pairs), rows) for name in pairs[0][0]
    }
    return losses, torch.cat([posterior for _, posterior in pairs])  # (B_u,K,D,H,W)


def _full_size(log_posterior: Tensor, present: Tensor, size: torch.Size) -> Tensor:
    """Upsample `log_posterior` to `size` as G, not as ln G; -inf stays -inf."""
    if log_posterior.shape[2:] == size:
        return log_posterior
    posterior = resize_maps(log_posterior.exp(), size)  # (B,K,d,h,w) -> (B,K,D,H,W)
    return posterior.clamp_min(1e-12).log().masked_fill(~present.view(1, -1, 1, 1, 1), -torch.inf)
