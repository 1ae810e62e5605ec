"""fp16: small gradients survive, a step that overflows is skipped and counted, resume is exact."""

import pandas as pd
import pytest
import torch

from guidednet.config import TrainingConfig
from guidednet.errors import NonFiniteLossError
from guidednet.optimiser import OptimiserConfig, make_optimiser, update
from guidednet.training import checks
from guidednet.training.loop import train
from guidednet.training.loss_scale import LossScaler
from helpers.cases import SPLIT, BlobStore
from helpers.tiny_runs import KilledError, killed_after, result_bytes, tiny_config

FP16 = TrainingConfig(precision="fp16")


def step_with(scaler, gradient):
    """How far one step of SGD at rate 1 moves a weight whose loss has this gradient."""
    weight = torch.nn.Parameter(torch.zeros(()))
    optimiser = make_optimiser(OptimiserConfig(learning_rate=1.0, weight_decay=0.0), [weight])
    update([optimiser], gradient * weight, scaler)
    return -weight.item()


def test_a_scaled_step_is_the_step():
    for scaler in (LossScaler(FP16, "cpu"), LossScaler(TrainingConfig(), "cpu"), None):
        assert step_with(scaler, 0.25) == 0.25


def test_a_step_that_overflows_is_skipped_counted_and_halves_the_scale():
    scaler = LossScaler(FP16, "cpu")
    before = scaler.get_scale()
    assert step_with(scaler, float("inf")) == 0
    assert scaler.skipped == 1 and scaler.get_scale() == before / 2
    assert step_with(scaler, 0.25) == 0.25 and scaler.skipped == 1


def test_the_scale_and_the_count_go_on_after_an_interruption():
    first, second = LossScaler(FP16, "cpu"), LossScaler(FP16, "cpu")
    step_with(first, float("inf"))
    second.load_state_dict(first.state_dict())
    assert second.log() == first.log() == {"fp16/loss_scale": 32768.0, "fp16/skipped_steps": 1}


def test_a_gradient_that_no_scale_can_save_stops_the_training(monkeypatch):
    scaler = LossScaler(FP16, "cpu")
    monkeypatch.setattr(checks, "gradient_norm", lambda optimisers: float("inf"))
    assert pd.isna(checks.checked_norm([], 1, scaler))
    for _ in range(17):
        step_with(scaler, float("inf"))
    with pytest.raises(NonFiniteLossError, match="norm is inf at step 17"):
        checks.checked_norm([], 18, scaler)


def test_resume_in_fp16_equals_no_interruption(tmp_path):
    config = tiny_config("supervised", precision="fp16")
    train(config, BlobStore(), SPLIT, tmp_path / "whole")
    with pytest.raises(KilledError):
        train(config, BlobStore(), SPLIT, tmp_path / "parts", progress=killed_after(3))
    train(config, BlobStore(), SPLIT, tmp_path / "parts")
    assert result_bytes(tmp_path / "parts") == result_bytes(tmp_path / "whole")
    curves = pd.read_csv(tmp_path / "whole" / "curves.csv")
    assert (curves["fp16/skipped_steps"] == 0).all() and curves["gradient_norm"].notna().all()
