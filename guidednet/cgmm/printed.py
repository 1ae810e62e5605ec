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
    full_precision,
    hard_labels,
    mean_over_pairs,
    one_hot,
    ratio_of_sums,
    resize_labels,
    resize_maps,
)
from guidednet.processes.distributed import own_sums, sum_over_ranks


@dataclass(frozen=True)
class ClassStatistics:
    """One Gaussian per class: `mean` μ (K,C), `std` σ and its labelled voxels, `count` (K,).

    σ is (K,), or (K,C) if every channel has its own. A class with count 0 has mean 0 and is never
    used.
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
    σ_min², with d²_kv = |f_v - μ_k|² / C, or (f_vc - μ_kc)² for each channel c of a "diagonal"
    density. `features` (B,C,D,H,W), integer `labels` (B,D,H,W) and `probabilities` (B,K,D,H,W) are
    those of the labelled rows, at one resolution. μ keeps its gradient; σ has none, because L_gt
    could otherwise fall by widening the other classes.
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
    with torch.no_grad():  # eq. 4
        own = probabilities.gather(1, labels.long().unsqueeze(1)).flatten(2)  # (B,1,V), p_kv
        each = config.density == "diagonal"
        spread = _class_spread(features.flatten(2), mean, masks, own, each)  # (K,1) or (K,C)
        spread = _floored(spread + config.sigma_min**2, count > 0, config.sigma_floor)
        return ClassStatistics(mean, (spread if each else spread.squeeze(1)).sqrt(), count)


def _floored(spread: Tensor, present: Tensor, floor: float) -> Tensor:
    """`spread` (K,1) or (K,C), nowhere below `floor` times its mean over the `present` classes."""
    mean = (spread * present.unsqueeze(1)).sum() / (present.sum() * spread.shape[1]).clamp_min(1)
    return spread.clamp_min(floor * mean)


def _class_sums(masks: Tensor, values: Tensor) -> Tensor:
    """Σ_{b,v} of `values` (B,N,V) over each class, (K,N); a product, hence deterministic."""
    return sum_over_ranks(torch.bmm(masks, values.transpose(1, 2)).sum(0))  # (B,K,N) -> (K,N)


def _class_spread(
    features: Tensor, mean: Tensor, masks: Tensor, own_probability: Tensor, each_channel: bool
) -> Tensor:
    """The ratio of eq. 4, (K,1) or (K,C) for `each_channel`; unweighted if Σ p_kv is close to 0.

    `own_probability` (B,1,V) is p of each voxel's label.
    """
    # (B,C,V), f_v - μ_k with k the label of v
    difference = torch.baddbmm(features, mean.T.expand(len(masks), -1, -1), masks, alpha=-1)
    squared = difference.square()
    distance = squared if each_channel else squared.mean(1, keepdim=True)  # (B,N,V), d²_kv
    weights = torch.cat([own_probability, torch.ones_like(own_probability)], 1)  # (B,2,V)
    sums = _class_sums(  # (K, 2N + 2)
        masks, torch.cat([own_probability * distance, distance, weights], 1)
    )
    n = distance.shape[1]
    weighted, plain, weight, count = sums.split([n, n, 1, 1], 1)
    return torch.where(weight > 1e-6, weighted / weight.clamp_min(1e-6), plain / count.clamp_min(1))


@full_precision
def log_posterior(
    features: Tensor, statistics: ClassStatistics, config: CGMMConfig = DEFAULT
) -> Tensor:
    """ln G (B,K,D,H,W), the logarithm of P(class k | voxel v); -inf if k has no labelled voxel.

    eq. 5: ln N_kv = -d²_kv / (2 σ_k²) - ln σ_k, the Gaussian of the rms distance d ("tempered"); it
    is C times that for "isotropic", and -Σ_c [(f_vc - μ_kc)² / (2 σ_kc²) + ln σ_kc] for "diagonal".
    eq. 6: G_kv = π_k N_kv / Σ_j π_j N_jv over the present classes; a uniform π_k cancels. eq. 7:
    G_v collects the K posteriors (the sum over k that is printed is 1 everywhere). `features`
    (B,C,D,H,W) may be labelled or not.
    """
    flat = features.flatten(2)  # (B,C,V)
    precision, normaliser = _shape_of_density(statistics, flat.shape[1], config)  # (K,1|C), (K,)
    # eq. 5, with -precision (f - μ)² = 2 precision μ f - precision f² - precision μ²
    offset = normaliser - (precision * statistics.mean.square()).sum(1)  # (K,)
    if config.prior == "counts":
        offset = offset + statistics.count.clamp_min(1).log()  # eq. 6, ln π_k up to a constant
    offset = offset.masked_fill(~statistics.present, -torch.inf).unsqueeze(1)  # (K,1)
    weight = 2 * precision * statistics.mean  # (K,C)
    density = torch.baddbmm(offset, weight.expand(len(flat), -1, -1), flat)  # (B,K,V)
    # (K,1) with (B,1,V), or (K,C) with (B,C,V)
    squares = flat.square() if config.density == "diagonal" else SquaredNorm.apply(flat)
    density = torch.baddbmm(density, -precision.expand(len(flat), -1, -1), squares)
    return density.log_softmax(1).unflatten(2, features.shape[2:])  # (B,K,D,H,W), eqs. 6 and 7


def _shape_of_density(
    statistics: ClassStatistics, channels: int, config: CGMMConfig
) -> tuple[Tensor, Tensor]:
    """The factor of each squared difference, (K,1) or (K,C), and the rest of ln N_k (K,)."""
    if config.density == "diagonal" and statistics.std.dim() == 2:
        return 1 / (2 * statistics.std.square()), -statistics.std.log().sum(1)
    sharpness = 1 if config.density == "tempered" else channels
    precision = sharpness / (2 * statistics.std.square() * channels)  # (K,)
    return precision.unsqueeze(1), -sharpness * statistics.std.log()


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
