"""Profiles are sound, and the profile `paper` trains as the paper says."""

import pytest

from guidednet.data.sampling import BatchConfig
from guidednet.errors import InputError
from guidednet.inference import WindowConfig
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.networks import NetworkConfig
from guidednet.optimiser import OptimiserConfig
from guidednet.runs.profile import DataConfig
from guidednet.runs.profiles import PROFILES, profile, with_steps


def test_profile_paper_trains_as_section_4_1_says():
    config = profile("paper").run("flare22", "guidednet", (42, 378), seed=0)
    assert config.optimiser == OptimiserConfig(
        "sgd", learning_rate=0.1, momentum=0.9, weight_decay=1e-4, power=0.9
    )
    assert config.batch == BatchConfig(
        4, 4, crop=(64, 128, 128), flip_axes=(1, 2)
    ) and config.network == NetworkConfig(16, 5, 0.3)
    assert config.training.steps == 20_000 and config.training.warm_start_steps == 0
    printed = GuidedNetConfig.printed()
    assert (printed.lambda_u, printed.lambda_g, printed.ktcps.momentum) == (0.1, 0.3, 0.99)
    assert config.window == WindowConfig(size=(64, 160, 160), stride=(32, 80, 80))


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_are_sound(name):
    sizes = profile(name)
    divisor = 2 ** (sizes.network.depth - 1)
    assert all(side % divisor == 0 for side in (*sizes.batch.crop, *sizes.window.size))
    assert sizes.training.checkpoint_every <= sizes.training.steps
    for data in sizes.data.values():
        if data.phantom:
            held_out = data.validation + data.test
            for labelled, unlabelled in data.ratios:
                assert labelled + held_out <= data.phantom.labelled
                assert (
                    labelled + unlabelled + held_out
                    <= data.phantom.labelled + data.phantom.unlabelled
                )


@pytest.mark.parametrize(
    ("settings", "share", "numbers"),
    [
        (DataConfig("flare22", 42, 14, 14), 0.5, (42, 42)),
        (DataConfig("flare22", 42, 14, 14), 0.1, (42, 378)),
        (DataConfig("flare22", 42, 14, 14), 0.05, (42, 798)),
        (DataConfig("flare22", 42, 14, 14, most_unlabelled=100), 0.1, (42, 100)),
        (DataConfig("amos", 180, 60, 60), 0.5, (90, 90)),
        (DataConfig("amos", 180, 60, 60), 0.1, (18, 162)),
        (DataConfig("amos", 180, 60, 60), 0.05, (9, 171)),
        (DataConfig("amos", 180, 60, 60), 0.02, (4, 176)),
        (DataConfig("amos", 3, 1, 1), 0.02, (1, 2)),
    ],
)
def test_any_share_of_labels(settings, share, numbers):
    assert settings.at(share) == numbers


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 10])
def test_no_share_outside_0_to_100_percent(share):
    with pytest.raises(InputError, match="is not between 0 and 100 %"):
        DataConfig("flare22", 42, 14, 14).at(share)


def test_a_run_longer_than_its_warm_start_trains_from_scratch():
    quick = profile("quick")
    start = quick.training.warm_start_steps
    assert with_steps(quick, start).training.warm_start_steps == start
    assert with_steps(quick, start).training.ramp_steps == quick.training.ramp_steps
    from_scratch = with_steps(quick, start + 1).training
    assert (from_scratch.warm_start_steps, from_scratch.ramp_steps) == (0, None)
