"""Small and awkward inputs for hypothesis to draw."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

K = 4
SEEDS = st.integers(0, 2**32 - 1)
VOLUMES = array_shapes(min_dims=3, max_dims=3, max_side=6)
SIDES = st.tuples(*[st.integers(1, 6)] * 3)
SPACINGS = st.tuples(*[st.floats(0.5, 5)] * 3)


def volumes(elements, number, dtype=np.uint8):
    """So many arrays of one shape (D,H,W)."""
    return VOLUMES.flatmap(
        lambda shape: st.tuples(*[arrays(dtype, shape, elements=elements)] * number)
    )


LABEL_PAIRS = volumes(st.integers(0, K - 1), 2)
MASK_PAIRS = volumes(st.booleans(), 2, bool).filter(lambda masks: all(mask.any() for mask in masks))
