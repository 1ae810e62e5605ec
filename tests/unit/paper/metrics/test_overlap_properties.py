"""What holds for the overlap of any two label maps."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from guidednet.metrics.overlap import dice, false_positive_voxels, jaccard, mean_over_cases
from helpers.strategies import LABEL_PAIRS, SEEDS, K


@given(LABEL_PAIRS)
def test_jaccard_follows_from_dice(maps):
    d = dice(*maps, K)
    np.testing.assert_allclose(jaccard(*maps, K), d / (2 - d))


@given(LABEL_PAIRS)
def test_overlap_is_symmetric_in_organs_that_both_have(maps):
    for metric in (dice, jaccard):
        there, back = metric(*maps, K), metric(*reversed(maps), K)
        both = ~np.isnan(there) & ~np.isnan(back)
        np.testing.assert_array_equal(there[both], back[both])
        assert ((there[both] >= 0) & (there[both] <= 1)).all()


@given(LABEL_PAIRS, SEEDS)
def test_overlap_does_not_depend_on_the_order_of_voxels(maps, seed):
    order = np.random.default_rng(seed).permutation(maps[0].size)
    for metric in (dice, jaccard, false_positive_voxels):
        np.testing.assert_array_equal(
            metric(*(one.ravel()[order] for one in maps), K), metric(*maps, K)
        )


@given(LABEL_PAIRS)
def test_overlap_is_one_for_the_reference_itself_and_nothing_else(maps):
    reference = maps[1]
    present = np.isin(np.arange(1, K), reference)
    for metric in (dice, jaccard):
        np.testing.assert_array_equal(metric(reference, reference, K), np.where(present, 1, np.nan))
        equal = [np.array_equal(maps[0] == organ, reference == organ) for organ in range(1, K)]
        np.testing.assert_array_equal(metric(*maps, K)[present] == 1, np.array(equal)[present])


CASES = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=8
)


@given(CASES, SEEDS)
def test_rules_for_absent_organs(cases, seed):
    overlaps, reference, predicted = (np.array(column) for column in zip(*cases, strict=True))
    values = np.where(reference > 0, overlaps, np.nan)
    present = [overlap for overlap, voxels, _ in cases if voxels]
    left_alone = sum(1 for _, voxels, claimed in cases if not voxels and not claimed)
    expected = {
        "skip": sum(present) / len(present) if present else np.nan,
        "released": sum(present) / len(present) if present else np.nan,
        "challenge": (sum(present) + left_alone) / len(cases),
    }
    order = np.random.default_rng(seed).permutation(len(cases))
    for rule, mean in expected.items():
        np.testing.assert_allclose(mean_over_cases(values, reference, predicted, rule), mean)
        np.testing.assert_allclose(
            mean_over_cases(values[order], reference[order], predicted[order], rule), mean
        )
