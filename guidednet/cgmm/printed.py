"""3D-CGMM as printed: one Gaussian per class in feature space, and its losses (eqs. 3-14).

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
    """One Gaussian per class: `mean` μ (K,C), `std` σ (K,) and its labelled voxels, `count` (K,).

    A class with count 0 has mean 0 and is never used.
    """

    mean: Tensor
    std: Tensor
    count: Tensor

    @property
    def present(self) -> Tensor:
        """Which classes have a Gaussian (K,)."""
        return self.count > 0


@full_precision
def class_statistics(
    features: Tensor, labels: Tensor, probabilities: Tensor, config: CGMMConfig = DEFAULT
) -> ClassStatistics:
    """Centroid and spread of each class over the labelled voxels of the whole batch.

    eq. 3: μ_k = Σ_{v∈S_k} f_v / |S_k|. eq. 4: σ_k² = Σ_{v∈S_k} p_kv d²_kv / Σ_{v∈S_k} p_kv +
    σ_min², with d²_kv = |f_v - μ_k|² / C. `features` (B,C,D,H,W), integer `labels` (B,D,H,W) and
    `probabilities` (B,K,D,H,W) are those of the labelled rows, at one resolution. μ keeps its
    gradient; σ is detached by default, because L_gt could otherwise fall by widening the other
    classes.
    """
    members = one_hot(labels, probabilities.shape[1]).flatten(2)  # (B,K,V), masks of S_k
    count = sum_over_ranks(members.sum((0, 2)))  # (K,), |S_k|
    count = torch.where(count >= config.min_count, count, 0)
    masks = members.to(features.dtype)
    mean = (  # eq. 3: μ_k
        _class_sums(masks, features.flatten(2))  # (B,C,D,H,W) -> (B,C,V) -> (K,C)
        * (count > 0).unsqueeze(1)  # (K,1)
        / count.clamp_min(1).unsqueeze(1)  # (K,1)
    )
    if not config.use_std:
        return ClassStatistics(mean, torch.ones_like(mean[:, 0]), count)
    with torch.set_grad_enabled(torch.is_grad_enabled() and not config.detach_std):
        # eq. 4
        own = probabilities.gather(1, labels.long().unsqueeze(1)).flatten(2)  # (B,1,V), p_kv
        spread = _class_spread(features.flatten(2), mean, masks, own)  # (K,)
        return ClassStatistics(mean, (spread + config.sigma_min**2).sqrt(), count)


def _class_sums(masks: Tensor, values: Tensor) -> Tensor:
    """Σ_{b,v} of `values` (B,N,V) over each class, (K,N); a product, hence deterministic."""
    return sum_over_ranks(torch.bmm(masks, values.transpose(1, 2)).sum(0))  # (B,K,N) -> (K,N)


def _class_spread(features: Tensor, mean: Tensor, masks: Tensor, own_probability: Tensor) -> Tensor:
    """The ratio of eq. 4 (K,), unweighted if Σ p_kv is close to 0.

    `own_probability` (B,1,V) is p of each voxel's label.
    """
    # (B,C,V), f_v - μ_k with k the label of v
    difference = torch.baddbmm(features, mean.T.expand(len(masks), -1, -1), masks, alpha=-1)
    distance = difference.square().mean(1, keepdim=True)  # (B,1,V), d²_kv
    weighted, weight, plain, count = _class_sums(
        masks,
        torch.cat(  # (B,4,V)
            [own_probability * distance, own_probability, distance, torch.ones_like(distance)], 1
        ),
    ).T  # (K,4) -> (4,K)
    return torch.where(weight > 1e-6, weighted / weight.clamp_min(1e-6), plain / count.clamp_min(1))


@full_precision
def log_posterior(
    features: Tensor, statistics: ClassStatistics, config: CGMMConfig = DEFAULT
) -> Tensor:
    """ln G (B,K,D,H,W), the logarithm of P(class k | voxel v); -inf if k has no labelled voxel.

    eq. 5: ln N_kv = -d²_kv / (2 σ_k²) - ln σ_k, the Gaussian of the rms distance d (times C for
    "isotropic"). eq. 6: G_kv = π_k N_kv / Σ_j π_j N_jv over the present classes; π_k = 1/K cancels.
    eq. 7: G_v collects the K posteriors (the sum over k that is printed is 1 everywhere).
    `features` (B,C,D,H,W) may be labelled or not.
    """
    flat = features.flatten(2)  # (B,C,V)
    channels = flat.shape[1] if config.density == "isotropic" else 1
    # eq. 5, with -precision |f - μ|² = 2 precision μ·f - precision |f|² - precision |μ|²
    precision = channels / (2 * statistics.std.square() * flat.shape[1])  # (K,)
    offset = -precision * statistics.mean.square().sum(1) - channels * statistics.std.log()  # (K,)
    offset = offset.masked_fill(~statistics.present, -torch.inf).unsqueeze(1)  # (K,1)
    weight = 2 * precision.unsqueeze(1) * statistics.mean  # (K,C)
    density = torch.baddbmm(offset, weight.expand(len(flat), -1, -1), flat)  # (B,K,V)
    density = torch.baddbmm(  # (B,K,V) + (B,K,1) (B,1,V)
        density, -precision.unsqueeze(1).expand(len(flat), -1, -1), SquaredNorm.apply(flat)
    )
    return density.log_softmax(1).unflatten(2, features.shape[2:])  # (B,K,D,H,W), eqs. 6 and 7


@full_precision
def self_loss(
    log_posterior: Tensor, probabilities: Tensor, present: Tensor, target: str = "none"
) -> Tensor:
    """L_self (eq. 9) = -mean_{b,v} 1/|S| Σ_{k∈S} [G_k ln p_k + (1 - G_k) ln(1 - p_k)].

    Maps (B,K,D,H,W) of labelled rows; `present` (K,) marks S; p is clamped to [1e-6, 1 - 1e-6].
    Gradient flows into both G and p unless `target` detaches one of them.
    """
    log_posterior = log_posterior.detach() if target == "detach_posterior" else log_posterior
    probabilities = probabilities.detach() if target == "detach_probabilities" else probabilities
    share = present.to(probabilities.dtype) / present.sum().clamp_min(1)  # (K,)
    return batch_mean(  # eq. 9, a scalar
        TwoSidedCrossEntropy.apply(log_posterior, probabilities, share), probabilities[:, 0].numel()
    )


@full_precision
def gt_loss(
    log_posterior: Tensor, labels: Tensor, present: Tensor, balance: str = "voxel"
) -> Tensor:
    """L_gt (eq. 8) = -mean_{b,v} ln G_{y_v} over the labelled voxels of present classes.

    `log_posterior` (B,K,D,H,W), integer `labels` (B,D,H,W), `present` (K,). `balance` "class"
    averages over each class's voxels first, so that the background does not outweigh the organs.
    """
    targets = labels.long().masked_fill(~present[labels.long()], -100)
    weights = torch.ones_like(log_posterior[0, :, 0, 0, 0])  # (K,)
    if balance == "class":
        weights = weights / class_counts(labels, len(weights)).clamp_min(1)
    # eq. 8: both sums are scalars
    total = functional.nll_loss(log_posterior, targets, weights, ignore_index=-100, reduction="sum")
    return ratio_of_sums(total, (weights[labels.long()] * (targets >= 0)).sum())


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

    m_v = [argmax_k p_kv ∈ S]. Maps (B,K,D,H,W) of unlabelled rows. G' has no bin for a class that
    no labelled crop of the batch shows; without m (`rectify_mask` "none") the loss would push that
    class's voxels to another one.
    """
    target = (log_posterior.detach() if config.detach_rectify_target else log_posterior).exp()
    per_voxel = functional.cross_entropy(logits, target, reduction="none")  # (B,D,H,W)
    counted = (  # (B,D,H,W), m_v
        present[logits.argmax(1)]
        if config.rectify_mask == "predicted_present"
        else torch.ones_like(per_voxel)
    )
    # eq. 13: both sums are scalars
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
    """The terms of one network, and its ln G' (B_u,K,D,H,W) for the consistency term.

    Arguments as in `cgmm_losses`. With `consistency_on` "labelled" the second value is ln G of the
    labelled rows.
    """
    rows = [len(labels), len(logits) - len(labels)]
    labelled_features, unlabelled_features = features.split(rows)
    labelled_logits, unlabelled_logits = logits.split(rows)
    probabilities = labelled_logits.softmax(1)  # (B_l,K,D,H,W)
    size = features.shape[2:]
    statistics = class_statistics(
        labelled_features, resize_labels(labels, size), resize_maps(probabilities, size), config
    )
    present = statistics.present
    labelled = _full_size(  # (B_l,K,d,h,w) -> (B_l,K,D,H,W)
        log_posterior(labelled_features, statistics, config), present, logits.shape[2:]
    )
    unlabelled = _full_size(  # (B_u,K,d,h,w) -> (B_u,K,D,H,W)
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
