"""Hand-written derivatives, where autograd would keep or make maps larger than its results.

At the paper's size one map (b,k,v) of the labelled half takes 235 MB and one of (b,c,v) 268 MB.
Axis letters: b image, k class, c feature channel, v voxel.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx


class SquaredNorm(torch.autograd.Function):
    """|f|² over channels, (B,C,V) -> (B,1,V); its backward pass makes one map, autograd three."""

    @staticmethod
    def forward(ctx: FunctionCtx, features: Tensor) -> Tensor:
        """Σ_c f²."""
        ctx.save_for_backward(features)
        return features.square().sum(1, keepdim=True)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:
        """∂/∂f = 2 f."""
        (features,) = ctx.saved_tensors
        return features * (2 * gradient)


class TwoSidedCrossEntropy(torch.autograd.Function):
    """-Σ_k w_k Σ_{b,v} [G ln p + (1 - G) ln(1 - p)], with p clamped to [ε, 1 - ε].

    Takes the maps ln G and p (B,K,...) and the weights w (K,). Both passes go class by class: at
    the paper's size every map (B,K,V) that autograd need not keep saves 235 MB.
    """

    epsilon = 1e-6

    @classmethod
    def terms(cls, log_posterior: Tensor, probabilities: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield G and the clamped p of one class after the other, each (B,...)."""
        for log_g, p in zip(log_posterior.unbind(1), probabilities.unbind(1), strict=True):
            yield log_g.exp(), p.clamp(cls.epsilon, 1 - cls.epsilon)

    @classmethod
    def forward(
        cls, ctx: FunctionCtx, log_posterior: Tensor, probabilities: Tensor, weights: Tensor
    ) -> Tensor:
        """The sum, a scalar."""
        ctx.save_for_backward(log_posterior, probabilities, weights)
        sums = [
            -(g * p.logit() + (-p).log1p()).sum()
            for g, p in cls.terms(log_posterior, probabilities)
        ]
        return weights.dot(torch.stack(sums))

    @classmethod
    def backward(cls, ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        """∂/∂ln G = -w G ln(p / (1 - p)); ∂/∂p = w (p - G) / (p (1 - p)), 0 where p was clamped."""
        log_posterior, probabilities, weights = ctx.saved_tensors
        to_log_posterior = torch.empty_like(log_posterior)
        to_probabilities = torch.empty_like(probabilities)
        for k, (g, p) in enumerate(cls.terms(log_posterior, probabilities)):
            weight = gradient * weights[k]
            to_log_posterior[:, k] = g * p.logit() * -weight
            to_probabilities[:, k] = torch.where(
                p == probabilities[:, k], (p - g) / (p * (1 - p)) * weight, 0
            )
        return to_log_posterior, to_probabilities, None


class AbsoluteDistance(torch.autograd.Function):
    """a_bkv = mean_c |f_bcv - μ_bkc|: features (B,C,V), centroids (B,K,C) -> (B,K,V).

    This distance has no matrix form, so it is computed class by class. The backward pass recomputes
    the signs, so that nothing of shape (b,k,c,v) is ever kept.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, features: Tensor, centroids: Tensor) -> Tensor:
        """The distances, class by class."""
        ctx.save_for_backward(features, centroids)
        return torch.stack(
            [(features - centroid.unsqueeze(2)).abs_().mean(1) for centroid in centroids.unbind(1)],
            1,
        )

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """∂a/∂f = sign(f - μ) / C and ∂a/∂μ = -sign(f - μ) / C, weighted by `gradient` (B,K,V)."""
        features, centroids = ctx.saved_tensors
        to_features, to_centroids = torch.zeros_like(features), torch.zeros_like(centroids)
        for k, centroid in enumerate(centroids.unbind(1)):
            flow = (features - centroid.unsqueeze(2)).sign_() * (
                gradient[:, k : k + 1] / features.shape[1]
            )
            to_features += flow
            to_centroids[:, k] = -flow.sum(2)
        return to_features, to_centroids
