"""Two processes compute the losses and gradients of the whole batch."""

import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing

from guidednet.cgmm import cgmm_losses
from guidednet.ktcps import true_positive_counts
from guidednet.losses import supervised_loss, weighted_cross_entropy
from helpers.two_processes import meet

K, SHAPE = 5, (2, 4, 6, 5)


def batch_losses(features, logits, labels):
    """Every ratio of sums in one scalar; rows are labelled first."""
    labelled, other = logits[: len(labels)], logits.flip(1)
    weights = 1.0 + true_positive_counts(labelled, labels, K)
    cgmm = cgmm_losses(features, logits, features.flip(1), other, labels)
    return (
        supervised_loss(labelled, labels)
        + weighted_cross_entropy(logits, other.argmax(1), weights)
        + sum(cgmm.values())
    )


def whole_batch():
    torch.manual_seed(1)
    features, logits = (
        torch.rand(4, 3, 4, 4, 4, dtype=torch.float64),
        torch.randn(4, K, 4, 4, 4, dtype=torch.float64),
    )
    labels = torch.randint(0, 2, (2, 4, 4, 4))
    labels[1] += 2  # the two processes see different classes
    return features.requires_grad_(), logits.requires_grad_(), labels


def one_of_two(rank, folder):
    meet(folder, rank)
    features, logits, labels = whole_batch()
    rows = [rank, 2 + rank]
    loss = batch_losses(features[rows], logits[rows], labels[rank : rank + 1])
    loss.backward()
    gradients = [features.grad / 2, logits.grad / 2]  # DDP averages over processes
    for gradient in gradients:
        dist.all_reduce(gradient)
    torch.save((loss.detach(), *gradients), f"{folder}/{rank}.pt")
    dist.destroy_process_group()


def test_two_processes_compute_what_one_does(tmp_path):
    features, logits, labels = whole_batch()
    loss = batch_losses(features, logits, labels)
    loss.backward()
    multiprocessing.spawn(one_of_two, args=(str(tmp_path),), nprocs=2)
    for rank in range(2):
        for ours, expected in zip(
            torch.load(tmp_path / f"{rank}.pt"), (loss, features.grad, logits.grad), strict=True
        ):
            torch.testing.assert_close(ours, expected.detach(), rtol=1e-9, atol=1e-12)
