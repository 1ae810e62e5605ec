"""Formulas changed one at a time, in a copy of the package: the tests that guard each of them must
notice.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest

from helpers.paths import ROOT


@dataclass(frozen=True)
class Mutation:
    """`text` of a file of guidednet/, what it is changed to, and the tests (of tests/) of which
    every one must fail.
    """

    file: str
    text: str
    changed: str
    guards: tuple[str, ...]


MUTATIONS = {
    "centroid, eq. 3": Mutation(
        "cgmm/gaussians.py",
        "/ count.clamp_min(1).unsqueeze(1)",
        "/ (count + 1).unsqueeze(1)",
        ("unit/paper/cgmm/test_printed.py::test_statistics_are_those_of_each_class",),
    ),
    "spread, eq. 4": Mutation(
        "cgmm/gaussians.py",
        "squared.mean(1, keepdim=True)",
        "squared.sum(1, keepdim=True)",
        ("unit/paper/cgmm/test_printed.py::test_statistics_are_those_of_each_class",),
    ),
    "Gaussian, eq. 5": Mutation(
        "cgmm/gaussians.py",
        "-sharpness * statistics.std.log()",
        "sharpness * statistics.std.log()",
        ("unit/paper/cgmm/test_printed.py::test_posterior_is_bayes_rule_on_the_present_classes",),
    ),
    "posterior, eq. 7": Mutation(
        "cgmm/gaussians.py",
        "density.log_softmax(1)",
        "density.log_softmax(2)",
        ("unit/paper/cgmm/test_printed.py::test_printed_equation_7_is_constant",),
    ),
    "L_max, eq. 10": Mutation(
        "cgmm/printed.py",
        "(-difference.square().mean(2)).exp()",
        "(difference.square().mean(2)).exp()",
        ("unit/paper/cgmm/test_printed.py::test_max_loss_falls_as_centroids_part",),
    ),
    "target of L_rectify, eq. 13": Mutation(
        "cgmm/printed.py",
        "log_posterior.detach() if config.detach_rectify_target",
        "log_posterior if config.detach_rectify_target",
        ("unit/paper/cgmm/test_cgmm_losses.py::test_rectification_teaches_probabilities_only",),
    ),
    "class ratio, eq. 16": Mutation(
        "ktcps.py",
        "(most + smoothing) / (counts + smoothing)",
        "(counts + smoothing) / (most + smoothing)",
        (
            "unit/paper/test_ktcps.py::test_weights_run_from_zero_to_k",
            "unit/paper/test_ktcps.py::test_both_readings_of_the_print_agree",
        ),
    ),
    "class weight, eq. 17": Mutation(
        "ktcps.py",
        "log_ratio / hardest, 1.0)",
        "hardest / log_ratio, 1.0)",
        ("unit/paper/test_ktcps.py::test_weights_run_from_zero_to_k",),
    ),
    "running weight, eq. 18": Mutation(
        "ktcps.py",
        "momentum * weights + (1 - momentum) * current",
        "(1 - momentum) * weights + momentum * current",
        ("unit/paper/test_ktcps.py::test_momentum_and_two_states",),
    ),
    "weighted pseudo-label, eq. 19": Mutation(
        "ktcps.py",
        "logits_b.argmax(1), weights_b, normalise",
        "logits_b.argmax(1), weights_a, normalise",
        (
            "unit/paper/test_ktcps.py::test_weights_come_from_the_network_that_made_the_pseudo_label",
        ),
    ),
    "lambda_g, eq. 2": Mutation(
        "methods/guidednet.py",
        "options.lambda_g * weight * value",
        "options.lambda_c * weight * value",
        ("unit/methods/test_guidednet.py::test_lambda_g_scales_the_cgmm_terms_alone",),
    ),
    "Dice loss": Mutation(
        "losses.py",
        "1 - (2 * intersection + smooth)",
        "1 - (intersection + smooth)",
        (
            "unit/paper/test_losses.py::test_dice_sums_over_the_whole_batch_with_squared_denominators",
            "unit/paper/test_losses.py::test_dice_limits",
        ),
    ),
    "squared denominator of the Dice loss": Mutation(
        "losses.py",
        "predicted = probabilities.square().flatten(2)",
        "predicted = probabilities.flatten(2)",
        (
            "unit/paper/test_losses.py::test_dice_sums_over_the_whole_batch_with_squared_denominators",
        ),
    ),
    "Dice": Mutation(
        "metrics/overlap.py",
        "2 * overlap / np.maximum(predicted + present, 1)",
        "2 * overlap / np.maximum(predicted + present - overlap, 1)",
        (
            "unit/paper/metrics/test_overlap.py::test_against_sets_of_voxels",
            "unit/paper/metrics/test_overlap.py::test_jaccard_follows_from_dice",
        ),
    ),
    "Jaccard": Mutation(
        "metrics/overlap.py",
        "np.maximum(predicted + present - overlap, 1)",
        "np.maximum(predicted + present + overlap, 1)",
        (
            "unit/paper/metrics/test_overlap.py::test_against_sets_of_voxels",
            "unit/paper/metrics/test_overlap.py::test_perfect_prediction_scores_one",
        ),
    ),
    "ramp": Mutation(
        "losses.py",
        "math.exp(-5 * (1 - min(max",
        "math.exp(-4 * (1 - min(max",
        ("unit/paper/test_losses.py::test_ramp_at_five_steps_of_the_papers_training",),
    ),
    "end of the ramp": Mutation(
        "losses.py",
        "(1 - min(max(step / ramp_steps, 0.0), 1.0)) ** 2",
        "(1 - max(step / ramp_steps, 0.0)) ** 2",
        ("unit/paper/test_losses.py::test_ramp_is_flat_within_a_stair_and_after_its_end",),
    ),
    "first step of the teacher": Mutation(
        "methods/base.py",
        "1 - min(1 - 1 / (step + 1), self.momentum)",
        "1 - self.momentum",
        (
            "unit/methods/test_mean_teacher.py::test_teacher_equals_the_student_after_the_first_step_and_follows_slowly_later",
        ),
    ),
    "momentum of the teacher": Mutation(
        "methods/base.py",
        "teacher.lerp_(student, share)",
        "teacher.lerp_(student, 1 - share)",
        (
            "unit/methods/test_mean_teacher.py::test_teacher_equals_the_student_after_the_first_step_and_follows_slowly_later",
        ),
    ),
    "threshold of UA-MT": Mutation(
        "methods/ua_mt.py",
        "(0.75 + 0.25 * ramp",
        "(0.25 + 0.75 * ramp",
        ("unit/methods/test_ua_mt.py::test_uncertainty_threshold_is_a_share_of_ln_k",),
    ),
    "distance map of SASSnet and DTC": Mutation(
        "data/distance_maps.py",
        "outside / outside.max() - inside / inside.max()",
        "outside / outside.max() + inside / inside.max()",
        ("unit/data/test_distance_maps.py::test_distance_map_against_the_definition",),
    ),
    "decay of the learning rate": Mutation(
        "training/loop.py",
        "(1 - state.step / training.steps) ** config.optimiser.power",
        "(1 - state.step / training.steps) * config.optimiser.power",
        (
            "unit/training/test_loop.py::test_learning_rate_falls_polynomially_but_for_the_discriminator",
        ),
    ),
    "rows of a batch": Mutation(
        "data/sampling.py",
        "step * rows + row",
        "step + row",
        ("unit/data/test_sampling.py::test_batches_take_the_rows_of_a_stream_one_after_the_other",),
    ),
    "average over windows": Mutation(
        "inference.py",
        "count[start : start + sizes[1]] += 1",
        "count[start : start + sizes[1]] = 1",
        ("unit/paper/test_inference.py::test_voxelwise_network_gives_the_softmax_of_the_volume",),
    ),
    "last window": Mutation(
        "inference.py",
        "[*range(0, last, stride), last]",
        "[*range(0, last, stride)] or [last]",
        ("unit/paper/test_inference.py::test_windows_and_averages_are_those_of_torchio",),
    ),
}


@pytest.fixture
def copy(tmp_path):
    """A copy of the package and its tests."""
    for name in ("guidednet", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run_tests(copy, guards):
    """pytest on some tests of a copy, as a process that imports the copy's package."""
    nodes = [f"tests/{guard}" for guard in guards]
    environment = os.environ | {"PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *nodes]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)


def test_unchanged_formulas_pass(copy):
    done = run_tests(
        copy, sorted({guard for mutation in MUTATIONS.values() for guard in mutation.guards})
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS)
def test_a_changed_formula_fails_its_tests(mutation, copy):
    path = copy / "guidednet" / mutation.file
    source = path.read_text(encoding="utf-8")
    assert source.count(mutation.text) == 1
    path.write_text(source.replace(mutation.text, mutation.changed), encoding="utf-8")
    done = run_tests(copy, mutation.guards)
    # Status 1 is that of failed tests; an import that fails has 2, no test found 4 or 5.
    summary = done.stdout.splitlines()[-1]
    assert (
        done.returncode == 1
        and "failed" in summary
        and "passed" not in summary
        and "error" not in summary
    ), done.stdout + done.stderr
