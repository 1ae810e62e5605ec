"""3D-CGMM as the released code computes it: no spread, no Bayes posterior, centroids per image.

It is written from what that code computes, not from its text. It departs from the printed equations
in these ways, each of which can be studied by itself:
 * every labelled image has its own centroids, and the b-th unlabelled image is paired with the b-th
   labelled one;
 * G_kv = exp(-a²) with a the mean absolute difference over channels; the K maps are not normalised;
 * every cross-entropy is two-sided, halved, and averaged over the classes present in the labelled
   image;
 * L_cons compares softmax(G) on labelled rows and enters once per network, that is twice;
 * L_max acts on centroids summed over images;
 * L_rectify is computed in half precision, which rounds all its gradients to zero at the published
   batch size of 4 x 64 x 128 x 128 voxels. Here it has none at any size (`rectify` "value"): a
   smaller batch that kept some would not train as the released code does.
No other gradient is stopped. Axis letters: b image, k class, c feature channel, v voxel.
"""

import torch
from torch import Tensor

from guidednet.cgmm.config import CGMMConfig
from guidednet.cgmm.derivatives import AbsoluteDistance
from guidednet.losses import (
    batch_mean,
    full_precision,
    mean_over_pairs,
    one_hot,
    resize_labels,
    resize_maps,
)
from guidednet.processes.distributed import sum_over_ranks


def image_centroids(features: Tensor, labels: Tensor, num_classes: int) -> tuple[Tensor, Tensor]:
    """Mean feature of each class in each image (B,K,C), zeros if absent, and its presence (B,K).

    `features` (B,C,D,H,W), integer `labels` (B,D,H,W).
    """
    masks = one_hot(labels, num_classes).flatten(2)
    count = masks.sum(2)
    sums = torch.bmm(masks.to(features.dtype), features.flatten(2).transpose(1, 2))
    return sums / count.clamp_min(1).unsqueeze(2), count > 0


def likelihood(features: Tensor, centroids: Tensor) -> Tensor:
    """G = exp(-a²) (B,K,D,H,W), each map in (0, 1] by itself.

    `features` (B,C,D,H,W), `centroids` (B,K,C).
    """
    distance = AbsoluteDistance.apply(features.flatten(2), centroids)
    return (-distance.square()).exp().unflatten(2, features.shape[2:])


def two_sided_loss(target: Tensor, probability: Tensor, present: Tensor) -> Tensor:
    """mean_{b,v} A_b[-1/2 (t ln q + (1 - t) ln(1 - q))], A_b the mean over the classes of image b.

    Maps (B,K,D,H,W), `present` (B,K).
    """
    terms = (
        target * (probability + 1e-6).log() + (1 - target) * (1 - probability + 1e-6).log()
    ) / -2
    share = present.to(terms.dtype) / present.sum(1, keepdim=True).clamp_min(1)
    return batch_mean(torch.einsum("bkdhw,bk->bdhw", terms, share))


def max_loss(centroids: Tensor, present: Tensor) -> Tensor:
    """L_max: mean of exp(-(mean_c |M_k - M_j|)²) over pairs of classes present in the batch.

    M (K,C) sums the images' `centroids` (B,K,C).
    """
    total, images = sum_over_ranks(centroids.sum(0)), sum_over_ranks(present.sum(0))
    distance = (total.unsqueeze(0) - total.unsqueeze(1)).abs().mean(2)
    return mean_over_pairs((-distance.square()).exp(), images > 0)


def likelihood_maps(features: Tensor, logits: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
    """G (B_l,K,D,H,W), G' (B_u,K,D,H,W), the centroids (B_l,K,C) and their presence (B_l,K).

    Arguments as in `cgmm_losses`.
    """
    rows, size = len(labels), logits.shape[2:]
    centroids, present = image_centroids(
        features[:rows], resize_labels(labels, features.shape[2:]), logits.shape[1]
    )
    labelled = resize_maps(likelihood(features[:rows], centroids), size)
    unlabelled = resize_maps(likelihood(features[rows:], centroids), size)
    return labelled * present.view(rows, -1, 1, 1, 1), unlabelled, centroids, present


def posteriors(
    features: Tensor, logits: Tensor, labels: Tensor, config: CGMMConfig
) -> tuple[Tensor, Tensor]:
    """The maps divided by their sums, (B_l,K,D,H,W) and (B_u,K,D,H,W), for `diagnostics`."""
    labelled, unlabelled, _, present = likelihood_maps(features, logits, labels)
    shown = labelled, unlabelled * present.view(len(labels), -1, 1, 1, 1)
    return tuple(maps / maps.sum(1, keepdim=True).clamp_min(1e-30) for maps in shown)


def network_losses(
    features: Tensor, logits: Tensor, labels: Tensor, config: CGMMConfig
) -> tuple[dict[str, Tensor], Tensor]:
    """The terms of one network, and softmax(G) for the consistency term.

    Arguments as in `cgmm_losses`.
    """
    rows, num_classes = len(labels), logits.shape[1]
    labelled, unlabelled, centroids, present = likelihood_maps(features, logits, labels)
    probabilities = logits.softmax(1)
    rectify = two_sided_loss(unlabelled, probabilities[rows:], present)
    losses = {
        "gt": two_sided_loss(one_hot(labels, num_classes).to(labelled.dtype), labelled, present),
        "rectify": rectify.detach() if config.rectify == "value" else rectify,
    }
    if config.use_self:
        losses["self"] = two_sided_loss(labelled, probabilities[:rows], present)
    if config.use_max:
        losses["max"] = max_loss(centroids, present)
    return losses, (labelled if config.consistency_on == "labelled" else unlabelled).softmax(1)


@full_precision
def cgmm_losses(
    features_a: Tensor,
    logits_a: Tensor,
    features_b: Tensor,
    logits_b: Tensor,
    labels: Tensor,
    config: CGMMConfig,
) -> dict[str, Tensor]:
    """As `guidednet.cgmm.cgmm_losses`; "consistency" is twice the mean square, once per network.

    Raises ValueError unless there are as many unlabelled rows as labelled ones.
    """
    if len(logits_a) != 2 * len(labels):
        raise ValueError(
            "the official reading pairs labelled with unlabelled rows: "
            f"{len(labels)} of {len(logits_a)} rows are labelled"
        )
    losses_a, maps_a = network_losses(features_a, logits_a, labels, config)
    losses_b, maps_b = network_losses(features_b, logits_b, labels, config)
    losses = {name: losses_a[name] + losses_b[name] for name in losses_a}
    if config.use_consistency:
        losses["consistency"] = 2 * batch_mean((maps_a - maps_b).square())
    return losses
