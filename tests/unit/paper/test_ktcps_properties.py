"""What holds for the class weights of KT-CPS with any counts."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from guidednet.ktcps import difficulty_weights


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=16))
def test_classes_with_fewer_true_positives_weigh_more(counts):
    weights = difficulty_weights(torch.tensor(counts))
    assert weights.max() == len(counts) and weights.min() >= 0
    assert (weights[torch.tensor(counts).argsort()].diff() <= 0).all()
    assert weights[np.argmax(counts)] == (0 if len(set(counts)) > 1 else len(counts))
