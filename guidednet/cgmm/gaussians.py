"""The class Gaussians of 3D-CGMM as printed: centroids, spreads and posteriors (eqs. 3-7).

Axis letters: b image, k class, c feature channel, v voxel. Squared distances to centroids are
expanded as |f|² - 2 μ·f + |μ|², so that nothing of shape (b,k,c,v) is made. Under TF32 matrix
products this expansion cancels badly: leave torch's matmul precision at "highest".
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from guidednet.cgmm.config import DEFAULT, CGMMConfig
from guidednet.cgmm.derivatives import SquaredNorm
from guidednet.losses import full_precision, one_hot
from guidednet.processes.distributed import sum_over_ranks


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
