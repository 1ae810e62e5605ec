"""What holds for any input, tried on inputs that hypothesis draws: small, awkward, and the same
ones in every run.
"""

import ast
import itertools
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Literal, get_args, get_origin, get_type_hints

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import guidednet
from guidednet.cgmm.config import CGMMConfig
from guidednet.cgmm.printed import class_statistics, log_posterior
from guidednet.config import Precision, RunConfig, TrainingConfig, to_json
from guidednet.data.nifti import Volume, canonical
from guidednet.data.resample import label_to_spacing, prepared_grid, to_grid
from guidednet.data.sampling import BatchConfig, BatchDataset, random_crop, stream_case
from guidednet.errors import InputError
from guidednet.evaluation.statistics import bootstrap_interval, holm, paired_p_value
from guidednet.inference import (
    WindowConfig,
    predict_labels,
    predict_probabilities,
    windows,
    windows_per_voxel,
)
from guidednet.ktcps import KTCPSConfig, difficulty_weights
from guidednet.methods import METHODS
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.metrics.overlap import dice, false_positive_voxels, jaccard, mean_over_cases
from guidednet.metrics.surface_distance import surface_scores
from guidednet.networks import Initialisation, NetworkConfig
from guidednet.runs.fingerprint import code_hash
from guidednet.runs.record import config_from_record
from helpers.volumes import AXIS_ORDERS, reoriented

settings.register_profile("seeded", derandomize=True, deadline=None, database=None, max_examples=25)
settings.load_profile("seeded")

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

# Overlap
# --------------------------------------------------------------------------------------------------------


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


# Surfaces
# -------------------------------------------------------------------------------------------------------


@given(MASK_PAIRS, SPACINGS, st.floats(0, 10))
def test_surface_scores_are_symmetric_and_within_their_range(masks, spacing, tolerance):
    nsd, hd95 = surface_scores(*masks, spacing, tolerance)
    assert surface_scores(*reversed(masks), spacing, tolerance) == pytest.approx((nsd, hd95))
    assert 0 <= nsd <= 1 and 0 <= hd95 <= np.linalg.norm(np.multiply(masks[0].shape, spacing))
    assert surface_scores(*masks, spacing, tolerance + 1)[0] >= nsd
    assert surface_scores(masks[0], masks[0], spacing, 0.0) == (1.0, 0.0)


@given(MASK_PAIRS, SPACINGS, st.floats(0.1, 10))
def test_distances_scale_with_the_voxels(masks, spacing, factor):
    scaled = surface_scores(*masks, tuple(factor * side for side in spacing), 1.0)[1]
    assert scaled == pytest.approx(factor * surface_scores(*masks, spacing, 1.0)[1])


@given(MASK_PAIRS, SPACINGS, st.integers(0, 2), st.integers(1, 4))
def test_a_shift_is_as_far_as_its_voxels_are_thick(masks, spacing, axis, voxels):
    """A plate moves by just that; any other mask at most, since every voxel has its own image at
    that distance.
    """
    widths = [(0, voxels if place == axis else 0) for place in range(3)]
    mask = np.pad(masks[0], widths)
    plate = np.zeros_like(mask)
    plate[(slice(None),) * axis + (0,)] = True
    far = voxels * spacing[axis]
    nsd, hd95 = surface_scores(np.roll(mask, voxels, axis), mask, spacing, far)
    assert nsd == 1 and hd95 <= far
    assert surface_scores(np.roll(plate, voxels, axis), plate, spacing, 0.0) == (
        0.0,
        pytest.approx(far),
    )


# Statistics
# -----------------------------------------------------------------------------------------------------

P_VALUES = st.lists(st.one_of(st.floats(0, 1), st.just(np.nan)), min_size=1, max_size=9)
SCORES = st.lists(st.floats(0, 100), min_size=2, max_size=12)


@given(P_VALUES, st.floats(0, 1))
def test_holm_rejects_what_the_step_down_procedure_rejects(values, level):
    p_values = pd.Series(values, dtype=float)
    tested = p_values.dropna().sort_values()
    passed = itertools.takewhile(
        lambda item: item[1] * (len(tested) - item[0]) <= level, enumerate(tested)
    )
    rejected = tested.index[: len(list(passed))] if level < 1 else tested.index
    corrected = holm(p_values)
    assert set(corrected.index[corrected <= level]) == set(rejected)
    assert (
        corrected.isna().equals(p_values.isna())
        and (corrected.dropna() >= p_values.dropna()).all()
        and (corrected.dropna() <= 1).all()
    )


@given(SCORES)
def test_bootstrap_interval_holds_the_mean_and_lies_within_the_values(values):
    low, high = bootstrap_interval(np.array(values))
    slack = 1e-9 * max(values)
    assert (
        min(values) - slack <= low <= np.mean(values) + slack
        and np.mean(values) - slack <= high <= max(values) + slack
    )


# exact, so that time doubles with each
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=7))
def test_paired_p_value_does_not_ask_which_comes_first(pairs):
    first, second = (pd.Series(column, dtype=float) for column in zip(*pairs, strict=True))
    assert 0 < paired_p_value(first, second) <= 1
    assert paired_p_value(first, second) == pytest.approx(paired_p_value(second, first))


# Batches
# --------------------------------------------------------------------------------------------------------


class NumberedStore:
    """Volumes in which every voxel of every case has a number of its own; asking for the label of
    an unlabelled case fails.
    """

    def __init__(self, shape):
        self.shape = shape

    def image(self, case):
        return np.arange(np.prod(self.shape), dtype=np.float32).reshape(self.shape) + 1000 * int(
            case[1:]
        )

    def label(self, case):
        assert case.startswith("l"), "the label of an unlabelled case was opened"
        return (self.image(case) % 7).astype(np.uint8)


@st.composite
def datasets(draw):
    """The arguments of a BatchDataset over a few cases, of any size of volume, crop and batch."""
    labelled, unlabelled = (
        [f"{kind}{number}" for number in range(draw(st.integers(1, 5)))] for kind in "lu"
    )
    config = BatchConfig(
        draw(st.integers(1, 4)),
        draw(st.integers(1, 4)),
        draw(SIDES),
        tuple(draw(st.sets(st.integers(0, 2)))),
    )
    return NumberedStore(draw(VOLUMES)), labelled, unlabelled, config, draw(SEEDS)


@given(st.integers(1, 12), SEEDS, st.integers(0, 1), st.integers(0, 1000))
def test_every_epoch_is_a_permutation(number, seed, stream, epoch):
    cases = [str(case) for case in range(number)]
    seen = [stream_case(cases, seed, stream, number * epoch + place) for place in range(number)]
    assert sorted(seen) == sorted(cases)


@given(datasets(), st.integers(0, 1000), SEEDS)
def test_a_batch_depends_on_seed_and_step_alone(arguments, step, noise):
    expected = BatchDataset(*arguments)[step]
    np.random.seed(noise)
    torch.manual_seed(noise)
    dataset = BatchDataset(*arguments)
    assert torch.equal(dataset[step + 1].image, BatchDataset(*arguments)[step + 1].image)
    again = dataset[step]
    assert torch.equal(again.image, expected.image) and torch.equal(again.label, expected.label)


@given(datasets(), st.integers(0, 100), st.data())
def test_what_processes_see_together_is_what_one_sees(arguments, step, data):
    whole, config = BatchDataset(*arguments)[step], arguments[3]
    processes = data.draw(st.integers(1, min(config.labelled, config.unlabelled)))
    for rank in range(processes):
        part = BatchDataset(*arguments, rank=rank, world_size=processes)[step]
        own = [
            *range(rank, config.labelled, processes),
            *range(config.labelled + rank, len(whole.image), processes),
        ]
        assert torch.equal(part.image, whole.image[own]) and torch.equal(
            part.label, whole.label[rank::processes]
        )


@given(datasets(), st.integers(0, 100))
def test_labels_are_those_of_the_labelled_rows_and_of_no_other(arguments, step):
    config, batch = arguments[3], BatchDataset(*arguments)[step]
    assert batch.image.shape == (config.labelled + config.unlabelled, 1, *config.crop)
    assert batch.label.shape == (config.labelled, *config.crop)
    counted = batch.label > 0  # padding is background
    assert torch.equal(
        batch.label[counted], (batch.image[: config.labelled, 0] % 7).to(torch.uint8)[counted]
    )


@given(VOLUMES, SIDES, st.sets(st.integers(0, 2)), SEEDS)
def test_a_crop_lies_within_the_volume_and_beyond_it_is_air(shape, crop, flip_axes, seed):
    air = np.float32(-1)
    image = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    image[-1, -1, -1] = air
    found, label = random_crop(
        image,
        np.ones(shape),
        BatchConfig(crop=crop, flip_axes=tuple(flip_axes)),
        np.random.default_rng(seed),
    )
    assert found.shape == label.shape == crop
    places = itertools.product(
        *(range(max(size - side, 0) + 1) for size, side in zip(shape, crop, strict=True))
    )
    flips = [
        axes for number in range(4) for axes in itertools.combinations(sorted(flip_axes), number)
    ]
    candidates = []
    for corner in places:
        window = image[
            tuple(slice(start, start + side) for start, side in zip(corner, crop, strict=True))
        ]
        missing = [(0, side - size) for side, size in zip(crop, window.shape, strict=True)]
        padded, inside = (
            np.pad(window, missing, constant_values=air),
            np.pad(np.ones(window.shape), missing),
        )
        candidates += [(np.flip(padded, axes), np.flip(inside, axes)) for axes in flips]
    assert any(
        np.array_equal(found, image_crop) and np.array_equal(label, label_crop)
        for image_crop, label_crop in candidates
    )


# Sliding windows
# ------------------------------------------------------------------------------------------------


@st.composite
def grids(draw):
    """Shape, window and stride of a sliding-window prediction; a stride is at most the window."""
    window = draw(SIDES)
    stride = tuple(draw(st.integers(1, side)) for side in window)
    return draw(st.tuples(*[st.integers(1, 11)] * 3)), window, stride


@given(grids())
def test_windows_cover_every_voxel_and_stay_within_the_padded_volume(grid):
    shape, window, _ = grid
    padded, count = np.maximum(shape, window), np.zeros(shape)
    for place in windows(*grid):
        assert all(
            0 <= part.start and part.stop <= size for part, size in zip(place, padded, strict=True)
        )
        assert [part.stop - part.start for part in place] == list(window)
        count[place] += 1
    assert count.min() >= 1
    np.testing.assert_array_equal(windows_per_voxel(*grid), count)


@given(grids(), st.lists(st.integers(-5, 5), min_size=2, max_size=4, unique=True))
def test_a_constant_network_gives_a_constant_answer(grid, logits):
    shape, window, stride = grid
    levels = torch.tensor(logits, dtype=torch.float32).view(1, -1, 1, 1, 1)

    def network(image):
        return SimpleNamespace(logits=levels.expand(len(image), -1, *image.shape[2:]))

    image = np.linspace(0, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    probabilities = predict_probabilities(
        network, torch.from_numpy(image), window, stride, len(logits)
    )
    torch.testing.assert_close(probabilities, levels[0].softmax(0).expand(-1, *shape))
    assert (
        predict_labels(network, image, WindowConfig(window, stride), len(logits))
        == np.argmax(logits)
    ).all()


# Grids
# ----------------------------------------------------------------------------------------------------------


def affine_of(spacing, origin=(-50.0, 20.0, 7.0)):
    """Affine (4,4) of a grid with voxels of `spacing` (x,y,z) in mm."""
    return nib.affines.from_matvec(np.diag(spacing), origin)


@given(LABEL_PAIRS, SPACINGS, st.sampled_from(AXIS_ORDERS))
def test_every_storage_order_reads_as_the_same_volume(maps, spacing, order):
    affine = affine_of(spacing)
    data, grid = canonical(Volume(*reoriented(maps[0], affine, order)))
    np.testing.assert_array_equal(data, maps[0].transpose(2, 1, 0))
    np.testing.assert_allclose(grid, affine, atol=1e-9)


@given(LABEL_PAIRS, SPACINGS, st.sampled_from(AXIS_ORDERS))
def test_labels_come_back_to_the_grid_that_they_came_from(maps, spacing, order):
    affine = affine_of(spacing)
    prepared = label_to_spacing(maps[0], affine, spacing)
    np.testing.assert_array_equal(prepared, maps[0].transpose(2, 1, 0))
    stored, stored_affine = reoriented(maps[0], affine, order)
    np.testing.assert_array_equal(to_grid(prepared, affine, stored.shape, stored_affine), stored)


@given(VOLUMES, SPACINGS, SPACINGS)
def test_a_prepared_grid_keeps_the_centre_and_lies_within_the_volume(shape, old, new):
    grid, affine = prepared_grid(shape, affine_of(old), new)
    corners = np.array([np.zeros(3), np.array(grid) - 1])
    # in voxels of the volume
    first, last = nib.affines.apply_affine(np.linalg.inv(affine_of(old)) @ affine, corners)
    np.testing.assert_allclose(first + last, np.array(shape) - 1, atol=1e-6)
    assert (first >= -0.5).all() and (np.array(grid) >= 1).all()


# 3D-CGMM and KT-CPS
# ---------------------------------------------------------------------------------------------


@st.composite
def feature_batches(draw):
    """Features (B,C,D,H,W), labels (B,D,H,W) and probabilities (B,K,D,H,W), float64; any class may
    be absent.
    """
    rows, channels, classes = draw(
        st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(2, 5))
    )
    size, generator = (
        draw(st.tuples(*[st.integers(1, 3)] * 3)),
        torch.Generator().manual_seed(draw(SEEDS)),
    )
    seen = torch.tensor(sorted(draw(st.sets(st.integers(0, classes - 1), min_size=1))))
    labels = seen[torch.randint(len(seen), (rows, *size), generator=generator)]
    features = 2 * torch.randn(rows, channels, *size, generator=generator, dtype=torch.float64)
    return (
        features,
        labels,
        torch.randn(rows, classes, *size, generator=generator, dtype=torch.float64).softmax(1),
    )


def gaussians_by_voxel(features, labels, probabilities, sigma_min=1e-2):
    """Eqs. 3 and 4, voxel by voxel: mean, spread and number of voxels by class."""
    voxels = []
    for row, *place in np.ndindex(*labels.shape):
        label = int(labels[row, *place])
        voxels.append((label, features[row, :, *place], float(probabilities[row, label, *place])))
    found = {}
    for k in {label for label, _, _ in voxels}:
        members = [(feature, weight) for label, feature, weight in voxels if label == k]
        mean = sum(feature for feature, _ in members) / len(members)
        spread = sum(
            weight * float((feature - mean).square().mean()) for feature, weight in members
        ) / sum(p for _, p in members)
        found[k] = mean, (spread + sigma_min**2) ** 0.5, len(members)
    return found


@given(feature_batches())
def test_statistics_and_posterior_are_those_of_a_loop_over_voxels(batch):
    features, labels, probabilities = batch
    expected, found = gaussians_by_voxel(*batch), class_statistics(*batch)
    posterior = log_posterior(features, found).exp()
    assert set(found.present.nonzero().flatten().tolist()) == set(expected)
    for k, (mean, std, count) in expected.items():
        torch.testing.assert_close(found.mean[k], mean)
        assert (found.std[k].item(), found.count[k].item()) == (pytest.approx(std), count)
    for place in np.ndindex(*labels.shape):
        feature = features[place[0], :, *place[1:]]
        densities = torch.zeros(probabilities.shape[1], dtype=torch.float64)
        for k, (mean, std, _) in expected.items():
            densities[k] = -(feature - mean).square().mean() / (2 * std**2) - np.log(std)
        weights = torch.where(found.present, (densities - densities[found.present].max()).exp(), 0)
        torch.testing.assert_close(
            posterior[place[0], :, *place[1:]], weights / weights.sum(), rtol=1e-6, atol=1e-9
        )


@given(feature_batches())
def test_posterior_sums_to_one_over_the_classes_that_are_there(batch):
    statistics = class_statistics(*batch)
    posterior = log_posterior(batch[0], statistics).exp()
    torch.testing.assert_close(posterior.sum(1), torch.ones_like(posterior[:, 0]))
    assert (posterior[:, ~statistics.present] == 0).all()


@given(feature_batches(), SEEDS)
def test_statistics_do_not_depend_on_the_order_of_voxels(batch, seed):
    order = torch.randperm(batch[1][0].numel(), generator=torch.Generator().manual_seed(seed))
    shuffled = [values.flatten(-3)[..., order].unflatten(-1, values.shape[-3:]) for values in batch]
    before, after = class_statistics(*batch), class_statistics(*shuffled)
    for name in ("mean", "std", "count"):
        torch.testing.assert_close(getattr(before, name), getattr(after, name))


@given(feature_batches(), SEEDS)
def test_classes_may_change_their_numbers(batch, seed):
    features, labels, probabilities = batch
    order = torch.randperm(probabilities.shape[1], generator=torch.Generator().manual_seed(seed))
    before, after = (
        class_statistics(*batch),
        class_statistics(features, order.argsort()[labels], probabilities[:, order]),
    )
    for name in ("mean", "std", "count"):
        torch.testing.assert_close(getattr(after, name), getattr(before, name)[order])
    torch.testing.assert_close(
        log_posterior(features, after).exp(), log_posterior(features, before).exp()[:, order]
    )


@given(feature_batches())
def test_a_class_that_nobody_labels_changes_nothing(batch):
    features, labels, probabilities = batch
    before = class_statistics(*batch)
    after = class_statistics(
        features, labels, torch.cat([probabilities, torch.rand_like(probabilities[:, :1])], 1)
    )
    for name in ("mean", "std", "count"):
        torch.testing.assert_close(getattr(after, name)[:-1], getattr(before, name))
    posterior = log_posterior(features, after)
    torch.testing.assert_close(posterior[:, :-1], log_posterior(features, before))
    assert posterior[:, -1].isneginf().all()


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=16))
def test_classes_with_fewer_true_positives_weigh_more(counts):
    weights = difficulty_weights(torch.tensor(counts))
    assert weights.max() == len(counts) and weights.min() >= 0
    assert (weights[torch.tensor(counts).argsort()].diff() <= 0).all()
    assert weights[np.argmax(counts)] == (0 if len(set(counts)) > 1 else len(counts))


# Configurations and code
# ----------------------------------------------------------------------------------------

# the only number that is not equal to itself
st.register_type_strategy(float, st.floats(allow_nan=False))
CGMM_CONFIGS = st.builds(
    CGMMConfig,
    **{
        name: st.sampled_from(get_args(hint))
        for name, hint in get_type_hints(CGMMConfig).items()
        if get_origin(hint) is Literal
    },
)
KTCPS_CONFIGS = st.builds(
    KTCPSConfig, normalisation=st.sampled_from(["weighted_mean", "voxel_mean"])
)
OPTIONS = {name: st.builds(method.Config) for name, method in METHODS.items()}
OPTIONS["guidednet"] = st.builds(GuidedNetConfig, cgmm=CGMM_CONFIGS, ktcps=KTCPS_CONFIGS)


@st.composite
def run_configs(draw):
    method, depth = draw(st.sampled_from(list(METHODS))), draw(st.integers(1, 5))
    sizes = st.tuples(*3 * [st.integers(1, 20).map(lambda number: number * 2 ** (depth - 1))])
    number = st.integers(1, 10**6)
    return draw(
        st.builds(
            RunConfig,
            method=st.just(method),
            options=OPTIONS[method],
            n_labelled=number,
            n_unlabelled=number,
            seed=number,
            network=st.builds(NetworkConfig, width=number, depth=st.just(depth)),
            batch=st.builds(BatchConfig, crop=sizes),
            training=st.builds(
                TrainingConfig, steps=number, precision=st.sampled_from(get_args(Precision))
            ),
            window=sizes.flatmap(
                lambda size: st.builds(
                    WindowConfig, size=st.just(size), stride=st.tuples(*map(up_to, size))
                )
            ),
            initialisation=st.sampled_from(get_args(Initialisation)),
        )
    )


def up_to(side):
    return st.integers(1, side)


@given(run_configs())
def test_any_run_configuration_survives_json(config):
    assert config_from_record(json.loads(to_json(config))) == config


@given(
    run_configs(),
    st.sampled_from(["network", "batch", "optimiser", "training", "window", "options", None]),
    st.text(max_size=9),
)
def test_a_field_that_nothing_reads_is_refused(config, section, name):
    record = json.loads(to_json(config))
    values = record if section is None else record[section]
    assume(name not in values)
    with pytest.raises(InputError, match="has no field"):
        config_from_record(
            record | {name: 1} if section is None else record | {section: values | {name: 1}}
        )


SOURCES = [
    path.read_text(encoding="utf-8")
    for path in sorted(Path(guidednet.__file__).parent.glob("*.py"))
]
COMMENTS = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")))


@given(st.sampled_from(SOURCES), COMMENTS, st.data())
def test_code_hash_is_blind_to_comments_and_layout(source, comment, data):
    lines = source.splitlines(keepends=True)
    lines.insert(data.draw(st.sampled_from(ast.parse(source).body)).end_lineno, f"# {comment}\n\n")
    assert (
        code_hash("".join(lines)) == code_hash(ast.unparse(ast.parse(source))) == code_hash(source)
    )


@given(st.sampled_from(SOURCES), st.data())
def test_code_hash_sees_every_number(source, data):
    tree = ast.parse(source)
    numbers = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float)
    ]
    assume(numbers)
    data.draw(st.sampled_from(numbers)).value += 1
    assert code_hash(ast.unparse(tree)) != code_hash(source)
