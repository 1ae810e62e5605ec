"""What a run costs: its steps, logs, validations and scores, in the time of this device."""

import dataclasses
import time

import pytest
import torch

from guidednet.cli.options import device_of
from guidednet.networks import NetworkConfig
from guidednet.runs import cost
from guidednet.runs.cost import CostEstimate, RunCost, operations_per_voxel, seconds_per_voxel
from guidednet.runs.store import RunStore
from helpers.tiny_runs import TinyWorkspace, tiny_config

CROP = (16, 16, 16)


@pytest.fixture
def store(tmp_path):
    return RunStore(TinyWorkspace(tmp_path))


@pytest.mark.parametrize("steps", [1, 4, 10, 23])
def test_the_steps_add_up_to_the_whole(steps):
    training = dataclasses.replace(
        tiny_config("cps").training, steps=steps, validate_every=5, log_every=3
    )
    costs = RunCost(step=1.0, log=0.1, validation=0.01, scores=7.0)
    parts = [costs.of_step(step, training) for step in range(1, steps + 1)]
    assert sum(parts) == pytest.approx(costs.of_steps(steps, training))
    assert costs.whole(training) == pytest.approx(sum(parts) + 7)


def test_methods_cost_what_their_passes_cost(store):
    estimate = CostEstimate(store)
    alone, pair = (estimate.of(tiny_config(name)) for name in ("supervised", "cps"))
    assert pair.step == pytest.approx(4 * alone.step), "two networks, and twice as many rows"
    assert pair.validation == pytest.approx(alone.validation), "one network is validated"
    assert pair.scores == pytest.approx(1.5 * alone.scores), "the ensemble is scored too"


def test_a_finished_run_tells_what_the_next_one_costs(store):
    """The second seed is estimated by the first one's processor time, whatever ran beside it."""
    first, second = tiny_config("cps"), dataclasses.replace(tiny_config("cps"), seed=1)
    run = store.get(first)
    assert run.record["processor_seconds_per_step"] > 0
    estimate = CostEstimate(store)
    assert estimate.of(second).of_steps(5, second.training) == pytest.approx(
        5 * run.record["processor_seconds_per_step"]
    )
    assert estimate.left(first) == 0 + estimate.of(first).scores
    assert estimate.left(second) == estimate.seconds(second) > estimate.of(second).scores
    assert estimate.seconds(tiny_config("guidednet")) > 0


def test_a_case_that_is_not_prepared_counts_as_a_body(store, monkeypatch):
    prepared = CostEstimate(store).of(tiny_config("cps"))
    monkeypatch.setattr(TinyWorkspace, "has_cases", lambda self, dataset: False)
    assert CostEstimate(store).of(tiny_config("cps")).validation > prepared.validation


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is timed by the clock")
def test_other_programs_do_not_change_the_measured_speed(monkeypatch):
    """As if every pass waited ten seconds for a processor: only its own time counts."""
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(clock)))
    speed = seconds_per_voxel.__wrapped__(NetworkConfig(4, 3), 14, CROP, torch.device("cpu"))
    assert 0 < speed * 2 * 16**3 < 5


def test_operations_are_those_of_the_convolutions():
    """A network of depth 2: its five convolutions by hand, forward once and backward twice (no
    gradient of the image).
    """
    width, classes = 4, 14
    pairs = [
        (1, width, 1),
        (width, width, 1),
        (width, 2 * width, 8),
        (2 * width, 2 * width, 8),
        (3 * width, width, 1),
        (width, width, 1),
    ]
    forward = [2 * 27 * i * o / share for i, o, share in pairs] + [2 * width * classes]
    expected = 3 * sum(forward) - forward[0]
    assert operations_per_voxel(NetworkConfig(width=width, depth=2), classes) == pytest.approx(
        expected
    )


@pytest.mark.skipif(
    torch.cuda.is_available(), reason="this machine has a GPU, which is measured instead"
)
def test_a_clusters_gpu_is_planned_with_an_assumed_speed():
    network = NetworkConfig(width=4, depth=3)
    seconds = seconds_per_voxel(network, 14, CROP, device_of(1, elsewhere=True))
    assert seconds == operations_per_voxel(network, 14) / (cost.ASSUMED_TERAFLOPS * 1e12)
