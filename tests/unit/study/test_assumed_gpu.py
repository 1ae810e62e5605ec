"""A plan for a GPU that is not here: its speed, and the trainings that its memory holds."""

import argparse
import dataclasses

import pytest

from guidednet.networks import NetworkConfig
from guidednet.runs.cost import CostEstimate, operations_per_voxel, voxels_per_step
from guidednet.runs.memory import GIB, training_memory
from guidednet.runs.profiles import profile
from guidednet.runs.store import RunStore
from guidednet.study.assumed_gpu import AssumedGPU, assumed_gpu, memory_text
from helpers.tiny_runs import TinyWorkspace, tiny_config


def of_the_paper(method, **training):
    chosen = profile("paper")
    run = chosen.run("flare22", method, (42, 378), seed=0)
    return dataclasses.replace(run, training=dataclasses.replace(run.training, **training))


@pytest.mark.parametrize(
    ("text", "gpu"),
    [
        ("24GB", AssumedGPU(24, 20)),
        ("11", AssumedGPU(11, 20)),
        ("10.8GiB,7.5TFLOPS", AssumedGPU(10.8, 7.5)),
    ],
)
def test_a_gpu_is_its_memory_and_its_speed(text, gpu):
    assert assumed_gpu(text) == gpu


@pytest.mark.parametrize("text", ["", "0GB", "24GB,0", "A100", "24TB", "-1"])
def test_what_is_no_gpu_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="give its memory"):
        assumed_gpu(text)


def test_hours_are_those_of_the_assumed_speed(tmp_path):
    store, config = RunStore(TinyWorkspace(tmp_path)), tiny_config("cps")
    operations = voxels_per_step(config) * operations_per_voxel(NetworkConfig(2, 3), 14)
    step = CostEstimate(store, teraflops=10).of(config).step
    assert step == pytest.approx(operations / 10e12)
    twice = tiny_config("cps", accumulate=2)
    assert CostEstimate(store, teraflops=10).of(twice).step == pytest.approx(4 / 3 * step)


@pytest.mark.parametrize(
    ("method", "precision", "measured"),
    [("cps", "bf16", 13.43), ("guidednet", "bf16", 17.56), ("cps", "fp32", 20.0),
     ("guidednet", "fp32", 23.57)],
)  # fmt: skip
def test_the_estimate_is_near_what_was_measured_and_not_below(method, precision, measured):
    """figures/benchmarks/memory.csv."""
    estimate = training_memory(of_the_paper(method, precision=precision)) / GIB
    assert measured < estimate < 1.3 * measured


def test_what_does_not_fit_comes_with_the_option_that_makes_it_fit():
    runs = [of_the_paper("cps"), of_the_paper("supervised")]
    assert memory_text([], 24) == ""
    assert memory_text(runs, 24).startswith("the largest training needs about 15.9 GiB")
    text = memory_text(runs, 11)
    assert text.startswith("1 of 2 trainings need more than 11 GiB, up to about 15.9: ")
    assert "use --accumulate 2 (about " in text
    assert "smaller crops" in memory_text(runs, 2)
    assert "use" not in memory_text(runs, 11, processes=2)
    half = dataclasses.replace(runs[0].training, accumulate=2)
    assert "use" not in memory_text([dataclasses.replace(runs[0], training=half)], 11)
