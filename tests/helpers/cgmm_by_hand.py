"""3D-CGMM written out class by class and image by image."""

import itertools

import torch

from helpers.batches import K


def rows_of(maps):
    """(B,N,D,H,W) as one row per voxel."""
    return maps.movedim(1, -1).reshape(-1, maps.shape[1])


def gradients(loss, leaves):
    """Gradients of one of several losses that share a graph, zeros where there is none."""
    return torch.autograd.grad(
        loss, leaves, retain_graph=True, allow_unused=True, materialize_grads=True
    )


def naive_statistics(features, labels, probabilities, sigma_min=1e-2):
    f, p, y = rows_of(features), rows_of(probabilities), labels.flatten()
    mean, std = {}, {}
    for k in y.unique().tolist():
        members = f[y == k]
        mean[k] = members.mean(0)
        squared_distance = ((members - mean[k]) ** 2).mean(1)
        weight = p[y == k, k]
        std[k] = ((weight * squared_distance).sum() / weight.sum() + sigma_min**2).sqrt().detach()
    return mean, std


def naive_posterior(features, mean, std, power=1):
    f = rows_of(features)
    densities = torch.zeros(len(f), K, dtype=f.dtype)
    for k in mean:
        squared_distance = ((f - mean[k]) ** 2).mean(1)
        densities[:, k] = torch.exp(-squared_distance * power / (2 * std[k] ** 2)) / std[k] ** power
    return densities / densities.sum(1, keepdim=True)


def naive_network(features, logits, labels):
    """Eqs. 8-10 and 13 of one network, and its unlabelled posterior, by broadcasting and indexing."""
    n, present = len(labels), labels.unique().tolist()
    p, p_unlabelled = rows_of(logits[:n].softmax(1)), rows_of(logits[n:].softmax(1))
    mean, std = naive_statistics(features[:n], labels, logits[:n].softmax(1))
    g, g_unlabelled = (
        naive_posterior(features[:n], mean, std),
        naive_posterior(features[n:], mean, std),
    )
    pairs = list(itertools.combinations(present, 2))
    two_sided = sum(
        g[:, k] * p[:, k].log() + (1 - g[:, k]) * (1 - p[:, k]).log() for k in present
    ) / len(present)
    kept = torch.isin(p_unlabelled.argmax(1), torch.tensor(present))
    rectify = -(g_unlabelled.detach() * p_unlabelled.log()).sum(1)[kept].mean()
    return {
        "gt": -g[torch.arange(len(g)), labels.flatten()].log().mean(),
        "self": -two_sided.mean(),
        "max": sum((-((mean[k] - mean[j]) ** 2).mean()).exp() for k, j in pairs) / len(pairs),
        "rectify": rectify,
    }, g_unlabelled
