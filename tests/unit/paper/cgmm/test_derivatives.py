"""Derivatives written by hand are those of autograd."""

import torch

from guidednet.cgmm.derivatives import AbsoluteDistance
from helpers.batches import C, K


def test_absolute_distance_and_its_gradient():
    torch.manual_seed(0)
    features = torch.randn(2, C, 7, dtype=torch.float64, requires_grad=True)
    centroids = torch.randn(2, K, C, dtype=torch.float64, requires_grad=True)
    plain = (features[:, None] - centroids[..., None]).abs().mean(2)
    torch.testing.assert_close(
        AbsoluteDistance.apply(features, centroids), plain, rtol=0, atol=1e-12
    )
    assert torch.autograd.gradcheck(AbsoluteDistance.apply, (features, centroids))
