"""What the printed readings of KT-CPS and of eq. 13 do to unlabelled voxels, and the headline not.

The labelled rows stay fitted in either case; only the foreground predicted on the unlabelled rows
shows the difference.
"""

import dataclasses

import pytest
import torch

from guidednet.cgmm.config import CGMMConfig
from guidednet.cgmm.printed import rectify_loss
from guidednet.ktcps import KTCPSConfig
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.optimiser import OptimiserConfig, update
from guidednet.training.diagnostics import diagnostics
from helpers.batches import a_batch, a_method
from helpers.cases import SPLIT, BlobStore

TRUE_FOREGROUND = sum((BlobStore().label(case) > 0).mean() for case in SPLIT.unlabelled) / len(
    SPLIT.unlabelled
)
FITTED, FULL_RAMP = 40, 100  # steps


def train(method, first, last, *left_out):
    """Train `method` on steps `first` to `last`, without the terms `left_out`."""
    optimisers = method.optimisers(OptimiserConfig("adam", 1e-2, weight_decay=0.0))
    for step in range(first, last):
        terms = method.train()(a_batch(step), step)
        update(optimisers, sum(value for name, value in terms.items() if name not in left_out))


def method_with(ktcps: KTCPSConfig):
    """CPS with the class weights of `ktcps`, from the first step at full ramp.

    The cross term's weight is 1, so that 100 steps do what thousands do at 0.1.
    """
    method = a_method("guidednet", GuidedNetConfig(use_cgmm=False, lambda_u=1.0, ktcps=ktcps))
    method.setup = dataclasses.replace(method.setup, ramp_steps=1)
    return method


@pytest.fixture(scope="module")
def fitted():
    """The state after supervised steps alone."""
    method = method_with(KTCPSConfig())
    train(method, 0, FITTED, "cps")
    return method.state_dict()


@pytest.mark.parametrize(
    ("ktcps", "collapses"), [(KTCPSConfig(), True), (GuidedNetConfig().ktcps, False)]
)
def test_ktcps_turns_background_into_organs_where_the_background_weighs_nothing(
    fitted, ktcps, collapses
):
    method = method_with(ktcps)
    method.load_state_dict(fitted)
    train(method, FITTED, FITTED + FULL_RAMP)
    found = diagnostics(method, a_batch(FITTED + FULL_RAMP))
    mean = sum(found[f"foreground/network_{name}/unlabelled"] for name in "ab") / 2
    assert (mean > 1.3 * TRUE_FOREGROUND) == collapses


@pytest.mark.parametrize(
    ("config", "collapses"), [(CGMMConfig(), True), (GuidedNetConfig().cgmm, False)]
)
def test_live_rectification_learns_the_errors_of_its_teacher(config, collapses):
    """The network is right; the teacher calls 8 % of the background organ."""
    torch.manual_seed(0)
    truth = torch.zeros(1, 1, 1, 1000, dtype=torch.long)
    truth[..., :80] = 1  # 8 % organ
    taught = truth.clone()
    taught[..., 80 : 80 + 74] = 1
    teacher = 4.0 * torch.nn.functional.one_hot(taught, 2).movedim(-1, 1)
    logits = (2.0 * torch.nn.functional.one_hot(truth, 2).movedim(-1, 1)).requires_grad_()
    present = torch.ones(2, dtype=torch.bool)
    optimiser = torch.optim.Adam([logits], 0.1)
    for _ in range(100):
        loss = rectify_loss(logits, teacher.log_softmax(1), present, config)
        optimiser.zero_grad()
        if loss.requires_grad:
            loss.backward()
        optimiser.step()
    foreground = (logits.argmax(1) > 0).float().mean()
    assert (foreground > 1.3 * (truth > 0).float().mean()) == collapses
