"""What each baseline promises: its equations against small independent computations, and the
published defects mended.
"""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage

from guidednet.data.distance_maps import signed_distance_map, signed_distance_maps
from guidednet.losses import cps_loss, weighted_dice_loss
from guidednet.methods.cld import CLDConfig, ConfidenceBank
from guidednet.methods.dhc import DHCConfig, DifficultyWeights, DistributionWeights
from guidednet.methods.dtc import transform
from guidednet.methods.magicnet import MagicNetConfig
from guidednet.methods.mean_teacher import MeanTeacherConfig
from guidednet.methods.parts.cubes import assemble, cut_into_cubes, draw_permutations, mix, recover
from guidednet.methods.parts.discriminator import PairDiscriminator
from guidednet.methods.supervised_augmented import (
    SupervisedAugmentedConfig,
    random_grid,
    random_intensity,
    rotation_matrices,
)
from guidednet.methods.ua_mt import entropy, masked_consistency
from helpers.batches import a_batch, a_method, reached

# DAN and SASSnet
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("crop", [(64, 128, 128), (64, 160, 160), (8, 8, 8)])
def test_discriminator_takes_every_crop(crop):
    discriminator = PairDiscriminator(3, crop, width=2).eval()
    maps, image = torch.rand(2, 3, *crop), torch.rand(2, 1, *crop)
    logits = discriminator(maps, image)
    assert logits.shape == (2, 2)
    torch.testing.assert_close(discriminator(maps.flip(0), image.flip(0)), logits.flip(0))


@pytest.mark.parametrize("name", ["dan", "sassnet"])
def test_discriminator_learns_from_all_rows_and_the_network_fools_it_on_unlabelled_ones(name):
    method = a_method(name).eval()
    maps, image = (
        torch.rand(4, method.discriminator.of_map.in_channels, 8, 8, 8),
        torch.rand(4, 1, 8, 8, 8),
    )
    log_p = method.discriminator(maps, image).log_softmax(1)
    torch.testing.assert_close(
        method.discriminator_loss(maps, image, 2), -(log_p[:2, 1].sum() + log_p[2:, 0].sum()) / 4
    )
    torch.testing.assert_close(method.adversarial_loss(maps[2:], image[2:]), -log_p[2:, 1].mean())


# Mean teacher and UA-MT
# -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mean_teacher", "ua_mt", "magicnet"])
def test_teacher_equals_the_student_after_the_first_step_and_follows_slowly_later(name):
    method = a_method(name)
    with torch.no_grad():
        for parameter in method.student.parameters():
            parameter += 1
    method.after_step(0)
    student, teacher = (
        torch.cat([p.flatten() for p in net.parameters()])
        for net in (method.student, method.teacher)
    )
    assert torch.equal(student, teacher)
    with torch.no_grad():
        for parameter in method.student.parameters():
            parameter += 1
    method.after_step(999)
    moved = torch.cat([p.flatten() for p in method.teacher.parameters()]) - teacher
    torch.testing.assert_close(moved, torch.full_like(moved, 0.01), atol=1e-5, rtol=0)


def test_a_warm_start_reaches_student_and_teacher():
    donor, method = a_method("supervised"), a_method("mean_teacher")
    with torch.no_grad():
        donor.network.classifier.bias += 1
    method.start_from({"kaiming": donor.network.state_dict()})
    assert torch.equal(method.teacher.classifier.bias, donor.network.classifier.bias)


def test_consistency_vanishes_without_noise_and_dropout():
    method = a_method("mean_teacher", MeanTeacherConfig(noise=0.0)).eval()
    assert method(a_batch(), 4)["consistency"] == 0
    assert a_method("mean_teacher").eval()(a_batch(), 4)["consistency"] > 0


def test_noise_is_clipped(monkeypatch):
    method, seen = a_method("mean_teacher"), []
    forward = method.teacher.forward
    monkeypatch.setattr(
        method.teacher, "forward", lambda image: seen.append(image) or forward(image)
    )
    method.teacher_logits(torch.zeros(1, 1, 8, 8, 8), noise=5.0)
    assert seen[0].abs().max() == pytest.approx(0.2)


def test_uncertainty_threshold_is_a_share_of_ln_k():
    method = a_method("ua_mt")
    assert method.threshold(0) == pytest.approx((0.75 + 0.25 * math.exp(-5)) * math.log(14))
    assert method.threshold(5) == pytest.approx(math.log(14))  # at the last of five steps


def test_entropy_runs_from_0_to_ln_k():
    uniform, certain = torch.full((1, 14, 2, 2, 2), 1 / 14), torch.zeros(1, 14, 2, 2, 2)
    certain[:, 3] = 1
    torch.testing.assert_close(
        entropy(uniform), torch.full((1, 2, 2, 2), math.log(14)), atol=1e-4, rtol=0
    )
    assert entropy(certain).abs().max() < 1e-5


def test_masked_consistency_is_the_mean_where_all_is_sure_and_0_where_nothing_is():
    distance = torch.rand(2, 5, 3, 3, 3)
    torch.testing.assert_close(
        masked_consistency(distance, torch.ones(2, 3, 3, 3, dtype=torch.bool)), distance.mean()
    )
    assert masked_consistency(distance, torch.zeros(2, 3, 3, 3, dtype=torch.bool)) == 0


def test_uncertainty_averages_probabilities_of_eight_passes():
    method, image = a_method("ua_mt"), torch.rand(1, 1, 8, 8, 8)
    torch.manual_seed(5)
    found = method.uncertainty(image)
    torch.manual_seed(5)
    stacked = torch.stack([method.teacher_logits(image).softmax(1) for _ in range(8)]).mean(0)
    torch.testing.assert_close(found, entropy(stacked))


# Distance maps and DTC
# ------------------------------------------------------------------------------------------

GENERATOR = np.random.default_rng(0)
MASKS = {
    "blob": np.linalg.norm(np.indices((16, 14, 12)).T - (6, 7, 8), axis=-1).T < 4,
    "scattered": GENERATOR.random((12, 12, 12)) < 0.1,
    "one voxel": np.indices((9, 9, 9)).sum(0) == 0,
    "at the edge": np.indices((10, 10, 10))[0] < 3,
    "absent": np.zeros((8, 8, 8), bool),
    "full": np.ones((8, 8, 8), bool),
}


def boundary(mask):
    padded = np.pad(mask, 1, mode="edge")
    return mask & ~ndimage.binary_erosion(padded, border_value=1)[1:-1, 1:-1, 1:-1]


@pytest.mark.parametrize("name", MASKS)
def test_sign_boundary_and_range_of_distance_maps(name):
    mask = MASKS[name]
    phi = signed_distance_map(mask)
    assert np.isfinite(phi).all() and np.abs(phi).max() <= 1
    if name in ("absent", "full"):
        assert (phi == (-1 if name == "full" else 1)).all()
        return
    edge = boundary(mask)
    assert (phi[mask & ~edge] < 0).all() and (phi[edge] == 0).all() and (phi[~mask] > 0).all()


@pytest.mark.parametrize("name", MASKS)
def test_transform_of_the_exact_distance_map_gives_the_mask_back(name):
    phi = torch.from_numpy(signed_distance_map(MASKS[name]))
    assert np.array_equal((transform(phi) >= 0.5).numpy(), MASKS[name])


def test_distance_map_against_the_definition():
    mask = MASKS["blob"]
    inside, outside = ndimage.distance_transform_edt(mask), ndimage.distance_transform_edt(~mask)
    expected = np.where(inside == 1, 0, outside / outside.max() - inside / inside.max())
    np.testing.assert_allclose(signed_distance_map(mask), expected)


def test_large_crops_keep_sign_and_nearly_the_distance(monkeypatch):
    mask = MASKS["blob"]
    exact = signed_distance_map(mask)
    monkeypatch.setattr("guidednet.data.distance_maps.EXACT_VOXELS", 0)
    coarse = signed_distance_map(mask)
    assert np.array_equal(np.sign(coarse), np.sign(exact))
    assert np.abs(coarse - exact).max() < 0.2


def test_distance_maps_have_a_channel_per_organ():
    label = np.zeros((8, 8, 8), np.uint8)
    label[2:5, 2:5, 2:5] = 3
    maps = signed_distance_maps(label, 5)
    assert maps.shape == (4, 8, 8, 8) and maps.dtype == np.float32
    assert (maps[[0, 1, 3]] == 1).all() and maps[2, 3, 3, 3] < 0


def test_transform_is_a_falling_step():
    values = transform(torch.tensor([-0.05, -0.001, 0.0, 0.001, 0.05]))
    assert (values.diff() < 0).all() and values[2] == 0.5 and values[0] == 1 and values[4] < 1e-30


def test_consistency_of_dtc_reaches_both_heads():
    method = a_method("dtc")
    with torch.no_grad():
        method.distance_head.layer.weight *= 1e-3  # near 0, where the step is not saturated
        method.distance_head.layer.bias.zero_()
    assert reached(method, method(a_batch(), 4)["consistency"]) == {"network", "distance_head"}


# Sup only, augmented
# ------------------------------------------------------------------------------------------


def test_augmentation_moves_image_and_label_alike():
    options = SupervisedAugmentedConfig(rotation=30.0)
    torch.manual_seed(0)
    volume = (
        (torch.rand(2, 1, 3, 3, 3) > 0.5)
        .float()
        .repeat_interleave(4, 2)
        .repeat_interleave(4, 3)
        .repeat_interleave(4, 4)
    )
    grid = random_grid(volume.shape, options, volume.device)
    moved = torch.nn.functional.grid_sample(volume, grid, mode="bilinear", align_corners=False)
    label = torch.nn.functional.grid_sample(volume, grid, mode="nearest", align_corners=False)
    assert not torch.equal(label, volume) and set(label.unique().tolist()) == {0, 1}
    assert ((moved > 0.5) == (label > 0.5)).float().mean() > 0.9


def test_no_augmentation_is_the_identity():
    options = SupervisedAugmentedConfig(
        rotation=0, scaling=0, shift=0, contrast=0, gamma=0, noise=0
    )
    volume = torch.rand(1, 1, 4, 6, 8)
    grid = random_grid(volume.shape, options, volume.device)
    torch.testing.assert_close(
        torch.nn.functional.grid_sample(volume, grid, align_corners=False),
        volume,
        atol=1e-5,
        rtol=0,
    )
    torch.testing.assert_close(random_intensity(volume, options), volume)


def test_rotations_are_rotations_of_the_anatomy_also_in_flat_crops():
    matrices = rotation_matrices(torch.tensor([[0.3, -0.2, 0.5]]))
    torch.testing.assert_close(matrices @ matrices.mT, torch.eye(3)[None], atol=1e-6, rtol=0)
    assert torch.linalg.det(matrices).item() == pytest.approx(1)


# CLD
# ------------------------------------------------------------------------------------------------------------


def test_class_weights_are_the_cube_root_of_the_frequency_ratio():
    weights = a_method("cld").class_weights
    counts = a_method("cld").setup.labelled_voxels
    expected = (counts.max() / counts.clamp_min(1)).float() ** (1 / 3)
    torch.testing.assert_close(weights, torch.where(counts > 0, expected, 0))


def bank_after(labels, confidence):
    bank = ConfidenceBank(4, momentum=0.9)
    probabilities = torch.full((1, 4, 1, 1, 8), confidence)
    bank.update(probabilities, torch.tensor(labels).view(1, 1, 1, 8), close=True)
    return bank


def test_bank_holds_mean_probabilities_and_leaves_absent_classes_alone():
    bank = bank_after([0, 0, 0, 0, 1, 1, 2, 2], 0.25)
    torch.testing.assert_close(bank.confidence, torch.tensor([0.25, 0.25, 0.25, 0.0]))
    bank.update(
        torch.full((1, 4, 1, 1, 8), 0.75), torch.zeros(1, 1, 1, 8, dtype=torch.long), close=True
    )
    torch.testing.assert_close(
        bank.confidence, torch.tensor([0.9 * 0.25 + 0.1 * 0.75, 0.25, 0.25, 0.0])
    )


def test_bank_waits_for_the_end_of_the_window():
    bank = ConfidenceBank(2, 0.9)
    label = torch.zeros(1, 1, 1, 4, dtype=torch.long)
    bank.update(torch.full((1, 2, 1, 1, 4), 0.2), label, close=False)
    assert not bank.confidence.any()
    bank.update(torch.full((1, 2, 1, 1, 4), 0.6), label, close=True)
    assert bank.confidence[0] == pytest.approx(0.4)


def test_sampling_rate_is_1_for_the_least_sure_class():
    bank = ConfidenceBank(3, 0.9)
    bank.confidence.copy_(torch.tensor([0.96, 0.36, 0.84]))
    torch.testing.assert_close(bank.sampling_rate(), torch.tensor([0.25, 1.0, 0.5]))


def test_voxels_are_kept_at_the_sampling_rate():
    method = a_method("cld")
    method.class_weights.fill_(1)
    method.bank_a.confidence.fill_(0.75)
    method.bank_a.confidence[0] = 0.0  # so that the rate of every other class is 1/2
    student = torch.zeros(1, 14, 32, 32, 32)
    student[:, 5] = 1
    per_voxel = torch.nn.functional.cross_entropy(student, student.argmax(1))
    share = method.sampled_loss(student, student, method.bank_a) / per_voxel
    assert share.item() == pytest.approx(0.5, abs=3 * 0.5 / math.sqrt(32**3))


def test_cld_with_full_rates_and_equal_weights_is_cps():
    method = a_method("cld", CLDConfig(weight=1.0)).eval()
    method.class_weights.fill_(1)
    batch = a_batch()
    a, b = method.network_a(batch.image).logits, method.network_b(batch.image).logits
    # the banks are empty: every rate is 1
    torch.testing.assert_close(method(batch, 5)["cps"], cps_loss(a, b))


def test_weighted_dice_against_a_loop():
    probabilities, label = torch.rand(2, 4, 3, 3, 3).softmax(1), torch.randint(4, (2, 3, 3, 3))
    weights = torch.tensor([9.0, 1.0, 2.0, 3.0])
    expected = 0.0
    for k in range(1, 4):
        hit = probabilities[:, k][label == k].sum()
        expected -= (
            weights[k] * (2 * hit + 1) / (probabilities[:, k].sum() + (label == k).sum() + 1) / 3
        )
    torch.testing.assert_close(weighted_dice_loss(probabilities, label, weights), expected)


# DHC
# ------------------------------------------------------------------------------------------------------------


def test_distribution_weights_fall_with_frequency():
    weights = DistributionWeights(
        torch.tensor([1000, 100, 10, 500]), torch.ones(4) > 0, DHCConfig()
    ).weights
    assert weights[0] == 0 and weights.max() == 4 and weights.argmax() == 2
    assert (weights[torch.tensor([0, 3, 1, 2])].diff() > 0).all()
    assert (
        DistributionWeights(torch.tensor([7, 7, 7]), torch.ones(3) > 0, DHCConfig()).weights == 3
    ).all()


def test_distribution_weights_move_slowly_with_the_pseudo_labels():
    weights = DistributionWeights(torch.tensor([1000, 10]), torch.ones(2) > 0, DHCConfig())
    logits = torch.zeros(1, 2, 1, 1, 10)
    logits[:, 0, ..., :2], logits[:, 1, ..., 2:] = 1, 1
    used = weights.update(logits)
    torch.testing.assert_close(
        used, 0.99 * torch.tensor([0.0, 2.0]) + 0.01 * torch.tensor([2.0, 0.0])
    )


def test_difficulty_weights_follow_1_minus_dice_once_the_dice_stands_still():
    difficulty = DifficultyWeights(torch.ones(3) > 0, DHCConfig(accumulate=1))
    label = torch.tensor([0, 0, 0, 0, 1, 1, 2, 2]).view(1, 1, 1, 8)
    prediction = torch.tensor([0, 0, 0, 1, 1, 1, 0, 2]).view(1, 1, 1, 8)
    logits = torch.nn.functional.one_hot(prediction, 3).movedim(-1, 1).float()
    for _ in range(3):
        weights = difficulty.update(logits, label)
    gap = 1 - torch.tensor([6 / 8, 4 / 5, 2 / 3])
    torch.testing.assert_close(weights, 3 * gap / gap.max())


def test_difficulty_of_absent_classes_stays():
    difficulty = DifficultyWeights(torch.ones(3) > 0, DHCConfig())
    label = torch.zeros(1, 1, 1, 8, dtype=torch.long)
    difficulty.update(torch.rand(1, 3, 1, 1, 8), label)
    assert difficulty.gap[1] == difficulty.gap[2] == 1 and difficulty.last_dice[1] == pytest.approx(
        1e-8
    )


def test_weights_of_a_follow_labelled_rows_and_those_of_b_unlabelled_ones():
    batch = a_batch()
    changed = type(batch)(
        torch.cat([batch.image[:2], torch.rand_like(batch.image[2:])]), batch.label
    )
    first, second = a_method("dhc").eval(), a_method("dhc").eval()
    first(batch, 0), second(changed, 0)
    assert torch.equal(first.difficulty.weights, second.difficulty.weights)
    assert not torch.equal(first.distribution.weights, second.distribution.weights)


# MagicNet
# -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grid", [(2, 4, 4), (1, 2, 3), (2, 2, 2)])
def test_cubes_are_taken_apart_and_put_together(grid):
    volume = torch.rand(3, 2, 4, 8, 12 if grid[2] == 3 else 8)
    cubes = cut_into_cubes(volume, grid)
    assert torch.equal(assemble(cubes, grid), volume)
    d, h, w = (side // cells for side, cells in zip(volume.shape[2:], grid, strict=True))
    for cell, (i, j, k) in enumerate(np.ndindex(*grid)):
        assert torch.equal(
            cubes[:, cell],
            volume[:, :, i * d : (i + 1) * d, j * h : (j + 1) * h, k * w : (k + 1) * w],
        )
    permutation = draw_permutations(3, cubes.shape[1], volume.device)
    assert all(sorted(column) == [0, 1, 2] for column in permutation.T.tolist())
    mixed = mix(volume, grid, permutation)
    assert torch.equal(recover(mixed, grid, permutation), volume)
    assert torch.equal(cut_into_cubes(mixed, grid)[1, 0], cubes[permutation[1, 0], 0])


def test_mixing_nothing_changes_nothing():
    method, batch = a_method("magicnet").eval(), a_batch()
    identity = torch.arange(4)[:, None].expand(4, method.cells)
    torch.testing.assert_close(
        method.mixed_logits(batch.image, identity), method.student(batch.image).logits
    )


def test_classifier_and_recovery_commute():
    method, image = a_method("magicnet").eval(), a_batch().image
    permutation = draw_permutations(4, method.cells, image.device)
    features = method.student(mix(image, method.grid, permutation)).features
    late = recover(method.student.classify(features), method.grid, permutation)
    torch.testing.assert_close(method.mixed_logits(image, permutation), late)


def test_frequent_classes_lean_on_the_cubes_and_rare_ones_on_the_teacher():
    method = a_method("magicnet", MagicNetConfig(warm_up=0)).eval()
    method.frequency.copy_(torch.tensor([10.0, 1.0] + [0.0] * 12))
    assert (
        method.omega()[0] == 1
        and method.omega()[1] == pytest.approx(0.1)
        and (method.omega() <= 1).all()
    )
    image, cubes = torch.rand(1, 1, 8, 8, 16), torch.zeros(1, 14, 8, 8, 16)
    cubes[:, 7] = 100
    torch.manual_seed(3)
    teacher = method.teacher_logits(image).argmax(1)
    torch.manual_seed(3)
    blended = method.pseudo_label(image, cubes, step=1)
    assert (blended[teacher == 0] == 7).all()
    assert torch.equal(blended[teacher > 1], teacher[teacher > 1])


def test_pseudo_labels_carry_no_gradient():
    method = a_method("magicnet")
    assert not method.pseudo_label(
        torch.rand(1, 1, 8, 8, 16), torch.rand(1, 14, 8, 8, 16, requires_grad=True), 1
    ).requires_grad
