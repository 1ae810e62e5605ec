"""GA-CPS: its losses against their formulas in numpy, and what an absent class feels."""

import numpy as np
import pytest
import torch

from guidednet.methods.ga_cps import balanced_cross_entropy, gradient_aware_dice, highest

K, ABSENT = 4, 2


def an_example():
    torch.manual_seed(0)
    logits = torch.randn(2, K, 2, 3, 4, dtype=torch.float64)
    labels = torch.randint(0, K, (2, 2, 3, 4))
    return logits, labels.masked_fill(labels == ABSENT, 0)


def test_the_gradient_of_an_absent_class_is_its_probability_over_the_voxels():
    logits, labels = an_example()
    exact = logits.softmax(1).requires_grad_()
    (expected,) = torch.autograd.grad(gradient_aware_dice(exact, labels), exact)
    # 1/K d/dp of sg[p] p / N
    formula = exact[:, ABSENT].detach() / (labels.numel() * K)
    torch.testing.assert_close(expected[:, ABSENT], formula, rtol=1e-12, atol=0)
    single = logits.float().softmax(1).requires_grad_()
    (found,) = torch.autograd.grad(gradient_aware_dice(single, labels), single)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-9)


def test_present_classes_have_the_dice_loss():
    logits, labels = an_example()
    p = logits.softmax(1).numpy()
    terms = []
    for k in range(K):
        y = labels.numpy() == k
        if y.any():
            terms.append(1 - 2 * p[:, k][y].sum() / ((p[:, k] ** 2).sum() + y.sum()))
        else:
            terms.append((p[:, k] ** 2).sum() / y.size)
    assert gradient_aware_dice(logits.softmax(1), labels).item() == pytest.approx(np.mean(terms))


@pytest.mark.parametrize("hardest", [1.0, 0.25])
def test_cross_entropy_weighs_classes_by_the_root_of_their_size(hardest):
    logits, labels = an_example()
    losses = -logits.log_softmax(1).gather(1, labels[:, None])[:, 0].numpy().ravel()
    chosen = np.argsort(losses)[::-1][: int(hardest * losses.size)]
    of, value = labels.numpy().ravel()[chosen], losses[chosen]
    expected = sum(
        value[of == k].sum() / np.sqrt((of == k).sum() * len(chosen)) for k in np.unique(of)
    )
    found = balanced_cross_entropy(logits, labels, hardest)
    assert found.item() == pytest.approx(expected)


def test_a_balance_of_one_is_the_mean_over_voxels():
    logits, labels = an_example()
    torch.testing.assert_close(
        balanced_cross_entropy(logits, labels, balance=1.0),
        torch.nn.functional.cross_entropy(logits, labels),
    )


def test_the_highest_tenth():
    values = torch.arange(100.0).view(2, 2, 5, 5)
    assert values[highest(values, 0.1)].tolist() == list(range(90, 100))
