"""3D-CGMM as printed: one Gaussian per class in feature space, and the losses built on it (eqs.
3-14).

Axis letters: b image, k class, c feature channel, v voxel. Squared distances to centroids are
expanded as |f|² - 2 μ·f + |μ|², so that nothing of shape (b,k,c,v) is made. Under TF32 matrix
products this expansion cancels badly: leave torch's matmul precision at "highest".
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from guidednet.cgmm.config import DEFAULT, CGMMConfig
from guidednet.cgmm.derivatives import SquaredNorm, TwoSidedCrossEntropy
from guidednet.losses import (
    batch_mean,
    class_counts,
    full_precision,
    mean_over_pairs,
    one_hot,
    ratio_of_sums,
    resize_labels,
    resize_maps,
)
from guidednet.processes.distributed import own_sums, sum_over_ranks


@dataclass(frozen=True)
class ClassStatistics:
    """One Gaussian per class: `mean` μ (K,C), `std` σ (K,) and the labelled voxels `count` (K,) it
    was made from.

    A class with count 0 has mean 0 and is never used.
    """

    mean: Tensor
    std: Tensor
    count: Tensor

    @property
    def present(self) -> Tensor:
        """Whether the class has a Gaussian (K,)."""
        return self.count > 0


@full_precision
def class_statistics(
    features: Tensor, labels: Tensor, probabilities: Tensor, config: CGMMConfig = DEFAULT
) -> ClassStatistics:
    """Centroid and spread of each class over the labelled voxels of the whole batch.

    eq. 3: μ_k = Σ_{v∈S_k} f_v / |S_k|. eq. 4: σ_k² = Σ_{v∈S_k} p_kv d²_kv / Σ_{v∈S_k} p_kv +
    σ_min², with d²_kv = |f_v - μ_k|² / C. `features` (B,C,D,H,W), integer `labels` (B,D,H,W),
    `probabilities` (B,K,D,H,W), all of labelled rows at one resolution. μ keeps its gradient; σ is
    detached, or L_gt could fall by widening the other classes.
    """
    members = one_hot(labels, probabilities.shape[1]).flatten(2)
    count = sum_over_ranks(members.sum((0, 2)))
    count = torch.where(count >= config.min_count, count, 0)
    masks = members.to(features.dtype)
    mean = (
        _class_sums(masks, features.flatten(2))
        * (count > 0).unsqueeze(1)
        / count.clamp_min(1).unsqueeze(1)
    )
    if not config.use_std:
        return ClassStatistics(mean, torch.ones_like(mean[:, 0]), count)
    with torch.set_grad_enabled(torch.is_grad_enabled() and not config.detach_std):
        own = probabilities.gather(1, labels.long().unsqueeze(1)).flatten(2)
        spread = _class_spread(features.flatten(2), mean, masks, own)
        return ClassStatistics(mean, (spread + config.sigma_min**2).sqrt(), count)


def _class_sums(masks: Tensor, values: Tensor) -> Tensor:
    """Σ_{b,v} of `values` (B,N,V) over the voxels of each class, (K,N); a product, so that it is
    deterministic.
    """
    return sum_over_ranks(torch.bmm(masks, values.transpose(1, 2)).sum(0))


def _class_spread(features: Tensor, mean: Tensor, masks: Tensor, own_probability: Tensor) -> Tensor:
    """The ratio of eq. 4 (K,), unweighted where Σ p_kv is next to nothing; `own_probability`
    (B,1,V) is p of the label.
    """
    difference = torch.baddbmm(features, mean.T.expand(len(masks), -1, -1), masks, alpha=-1)
    distance = difference.square().mean(1, keepdim=True)
    weighted, weight, plain, count = _class_sums(
        masks,
        torch.cat(
            [own_probability * distance, own_probability, distance, torch.ones_like(distance)], 1
        ),
    ).T
    return torch.where(weight > 1e-6, weighted / weight.clamp_min(1e-6), plain / count.clamp_min(1))


@full_precision
def log_posterior(
    features: Tensor, statistics: ClassStatistics, config: CGMMConfig = DEFAULT
) -> Tensor:
    """ln G (B,K,D,H,W): the logarithm of P(class k | voxel v); -inf for a class with no labelled
    voxel.

    eq. 5: ln N_kv = -d²_kv / (2 σ_k²) - ln σ_k, the Gaussian of the rms distance d (times C for
    "isotropic"). eq. 6: G_kv = π_k N_kv / Σ_j π_j N_jv over the present classes; π_k = 1/K cancels.
    eq. 7: G_v collects the K posteriors (their printed sum over k is 1 everywhere). `features`
    (B,C,D,H,W), labelled or not.
    """
    flat = features.flatten(2)
    channels = flat.shape[1] if config.density == "isotropic" else 1
    precision = channels / (2 * statistics.std.square() * flat.shape[1])
    # -precision |f - μ|² = 2 precision μ·f - precision |f|² - precision |μ|²
    offset = -precision * statistics.mean.square().sum(1) - channels * statistics.std.log()
    offset = offset.masked_fill(~statistics.present, -torch.inf).unsqueeze(1)
    weight = 2 * precision.unsqueeze(1) * statistics.mean
    density = torch.baddbmm(offset, weight.expand(len(flat), -1, -1), flat)
    density = torch.baddbmm(
        density, -precision.unsqueeze(1).expand(len(flat), -1, -1), SquaredNorm.apply(flat)
    )
    return density.log_softmax(1).unflatten(2, features.shape[2:])


@full_precision
def self_loss(
    log_posterior: Tensor, probabilities: Tensor, present: Tensor, target: str = "none"
) -> Tensor:
    """L_self (eq. 9) = -mean_{b,v} 1/|S| Σ_{k∈S} [G_k ln p_k + (1 - G_k) ln(1 - p_k)], logarithms
    clamped at 1e-6.

    Maps (B,K,D,H,W) of labelled rows; `present` (K,) marks S. Gradient flows into both G and p
    unless `target` detaches one of them.
    """
    log_posterior = log_posterior.detach() if target == "detach_posterior" else log_posterior
    probabilities = probabilities.detach() if target == "detach_probabilities" else probabilities
    share = present.to(probabilities.dtype) / present.sum().clamp_min(1)
    return batch_mean(
        TwoSidedCrossEntropy.apply(log_posterior, probabilities, share), probabilities[:, 0].numel()
    )


@full_precision
def gt_loss(
    log_posterior: Tensor, labels: Tensor, present: Tensor, balance: str = "voxel"
) -> Tensor:
    """L_gt (eq. 8) = -mean_{b,v} ln G_{y_v} over labelled voxels of present classes.

    `log_posterior` (B,K,D,H,W), integer `labels` (B,D,H,W), `present` (K,). `balance` "class"
    averages over the voxels of each class first, so that the background does not outweigh the
    organs.
    """
    targets = labels.long().masked_fill(~present[labels.long()], -100)
    weights = torch.ones_like(log_posterior[0, :, 0, 0, 0])
    if balance == "class":
        weights = weights / class_counts(labels, len(weights)).clamp_min(1)
    total = functional.nll_loss(log_posterior, targets, weights, ignore_index=-100, reduction="sum")
    return ratio_of_sums(total, (weights[labels.long()] * (targets >= 0)).sum())


def max_loss(statistics: ClassStatistics) -> Tensor:
    """L_max (eq. 10) = 2 / (|S| (|S| - 1)) Σ_{k<j∈S} exp(-|μ_k - μ_j|² / C): 1 where all centroids
    coincide, 0 for |S| < 2.
    """
    difference = statistics.mean.unsqueeze(0) - statistics.mean.unsqueeze(1)
    return mean_over_pairs((-difference.square().mean(2)).exp(), statistics.present)


@full_precision
def consistency_loss(log_posterior_a: Tensor, log_posterior_b: Tensor) -> Tensor:
    """L_cons (eq. 11) = mean_{b,k,v} (G'^A - G'^B)² of two maps (B,K,D,H,W); gradient flows into
    both.
    """
    return batch_mean((log_posterior_a.exp() - log_posterior_b.exp()).square())


@full_precision
def rectify_loss(
    logits: Tensor, log_posterior: Tensor, present: Tensor, config: CGMMConfig = DEFAULT
) -> Tensor:
    """L_rectify (eq. 13, one network) = -Σ_v m_v Σ_k sg[G'_k] ln p_k / Σ_v m_v with m_v = [argmax_k
    p_kv ∈ S].

    Maps (B,K,D,H,W) of unlabelled rows. G' has no bin for a class that no labelled crop of the
    batch shows; without m (`rectify_mask` "none") it would push that class's voxels to another one.
    """
    target = (log_posterior.detach() if config.detach_rectify_target else log_posterior).exp()
    per_voxel = functional.cross_entropy(logits, target, reduction="none")
    counted = (
        present[logits.argmax(1)]
        if config.rectify_mask == "predicted_present"
        else torch.ones_like(per_voxel)
    )
    return ratio_of_sums((per_voxel * counted).sum(), counted.sum().to(per_voxel.dtype))


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
    """The terms of one network, and its ln G' (B_u,K,D,H,W) for the consistency term; arguments as
    in `cgmm_losses`.
    """
    rows = [len(labels), len(logits) - len(labels)]
    labelled_features, unlabelled_features = features.split(rows)
    labelled_logits, unlabelled_logits = logits.split(rows)
    probabilities = labelled_logits.softmax(1)
    size = features.shape[2:]
    statistics = class_statistics(
        labelled_features, resize_labels(labels, size), resize_maps(probabilities, size), config
    )
    present = statistics.present
    labelled = _full_size(
        log_posterior(labelled_features, statistics, config), present, logits.shape[2:]
    )
    unlabelled = _full_size(
        log_posterior(unlabelled_features, statistics, config), present, logits.shape[2:]
    )
    losses = {
        "gt": gt_loss(labelled, labels, present, config.gt_balance),
        "rectify": rectify_loss(unlabelled_logits, unlabelled, present, config),
    }
    if config.use_self:
        losses["self"] = self_loss(labelled, probabilities, present, config.self_target)
    if config.use_max:
        losses["max"] = max_loss(statistics)
    return losses, labelled if config.consistency_on == "labelled" else unlabelled


def paired_losses(
    features: Tensor, logits: Tensor, labels: Tensor, config: CGMMConfig
) -> tuple[dict[str, Tensor], Tensor]:
    """`network_losses` of each labelled row with the unlabelled row of the same place, averaged
    over the pairs.

    With several processes every pair lies within one of them (guidednet.data.sampling). Raises
    ValueError unless there are as many unlabelled rows as labelled ones.
    """
    rows = len(labels)
    if len(logits) != 2 * rows:
        raise ValueError(
            f"centroids per image need as many unlabelled rows as labelled ones: {rows} of {len(logits)} rows are labelled"
        )
    with own_sums():
        pairs = [
            network_losses(features[row::rows], logits[row::rows], labels[row : row + 1], config)
            for row in range(rows)
        ]
    losses = {
        name: batch_mean(sum(terms[name] for terms, _ in pairs), rows) for name in pairs[0][0]
    }
    return losses, torch.cat([posterior for _, posterior in pairs])


def _full_size(log_posterior: Tensor, present: Tensor, size: torch.Size) -> Tensor:
    """`log_posterior` upsampled to `size` as G, not as ln G; -inf stays -inf."""
    if log_posterior.shape[2:] == size:
        return log_posterior
    posterior = resize_maps(log_posterior.exp(), size)
    return posterior.clamp_min(1e-12).log().masked_fill(~present.view(1, -1, 1, 1, 1), -torch.inf)
