"""The profiles: the same reproduction at several sizes. They differ only in numbers.

smoke      micro phantoms; exercises everything, but its numbers mean nothing
quick      small phantoms, one seed; for newcomers without GPU or data
evening    the phantoms of quick, from scratch, three seeds; Table 3 in some hours on two cores
study      thirty real CT at 8 x 6 x 6 mm, three seeds; for hours on a CPU or minutes on a GPU
left_atrium  100 MR scans on which others publish the paper's rivals; for one GPU
reference  phantoms at the paper's geometry, three seeds; for one GPU
paper      FLARE22 and AMOS, 20,000 steps, three seeds; for the paper's numbers
"""

from dataclasses import replace

from guidednet.config import TrainingConfig
from guidednet.data.case_store import PrepareConfig
from guidednet.data.sampling import BatchConfig
from guidednet.errors import one_of
from guidednet.inference import WindowConfig
from guidednet.networks import NetworkConfig
from guidednet.optimiser import OptimiserConfig
from guidednet.runs.profile import DataConfig, PhantomConfig, Profile, by_name


def smoke() -> Profile:
    """Micro phantoms: the whole path in a minute or two."""
    prepare = PrepareConfig(spacing_mm=(17.0, 22.0, 24.0))
    return Profile(
        name="smoke",
        data=by_name(
            DataConfig(
                "flare22",
                training=1,
                validation=1,
                test=2,
                prepare=prepare,
                phantom=PhantomConfig(4, 9, 6.0),
            ),
            DataConfig(
                "amos",
                training=10,
                validation=1,
                test=2,
                prepare=prepare,
                phantom=PhantomConfig(13, 0, 6.0),
            ),
        ),
        seeds=1,
        network=NetworkConfig(width=4, depth=3),
        batch=BatchConfig(labelled=2, unlabelled=2, crop=(16, 16, 16), flip_axes=(1, 2)),
        optimiser=OptimiserConfig(name="adam", learning_rate=2e-2, weight_decay=0.0),
        training=TrainingConfig(
            steps=4,
            warm_start_steps=4,
            validate_every=2,
            checkpoint_every=2,
            log_every=1,
            # its one labelled case lacks organs by chance
            omits_absent_classes=False,
        ),
        window=WindowConfig(size=(16, 16, 16), stride=(8, 8, 8)),
    )


def quick() -> Profile:
    """Small phantoms and a shared supervised start: minutes on two cores."""
    prepare = PrepareConfig(spacing_mm=(12.0, 10.0, 10.0))
    return Profile(
        name="quick",
        data=by_name(
            DataConfig(
                "flare22",
                training=6,
                validation=4,
                test=8,
                prepare=prepare,
                phantom=PhantomConfig(18, 54, 5.0),
            ),
            DataConfig(
                "amos",
                training=40,
                validation=4,
                test=8,
                prepare=prepare,
                phantom=PhantomConfig(52, 0, 5.0),
            ),
        ),
        seeds=1,
        network=NetworkConfig(width=12, depth=4, dropout=0.0),
        batch=BatchConfig(labelled=2, unlabelled=2, crop=(16, 32, 32), flip_axes=()),
        optimiser=OptimiserConfig(name="adam", learning_rate=2e-2, weight_decay=0.0),
        training=TrainingConfig(
            steps=48,
            ramp_steps=1,  # the start has done what a ramp is for
            warm_start_steps=576,
            validate_every=6,
            checkpoint_every=48,
            log_every=6,
        ),
        window=WindowConfig(size=(16, 32, 40), stride=(8, 16, 20)),
        brief=True,
    )


def evening() -> Profile:
    """The phantoms and geometry of `quick`, from scratch, three seeds; for Table 3 overnight."""
    of_quick = quick()
    training = replace(
        of_quick.training,
        steps=1_500,
        ramp_steps=None,
        warm_start_steps=0,
        validate_every=50,
        checkpoint_every=250,
        log_every=10,
    )
    return replace(of_quick, name="evening", seeds=3, training=training)


def reference() -> Profile:
    """Phantoms at the paper's geometry, from scratch, three seeds; meant for one GPU."""
    return Profile(
        name="reference",
        data=by_name(
            DataConfig(
                "flare22", training=42, validation=14, test=14, phantom=PhantomConfig(70, 378, 1.5)
            ),
            DataConfig(
                "amos",
                training=180,
                validation=60,
                test=60,
                phantom=PhantomConfig(300, 0, 1.5),
            ),
        ),
        seeds=3,
        training=TrainingConfig(steps=4_000, precision="bf16"),
    )


def paper() -> Profile:
    """FLARE22 and AMOS as the paper trains on them: 20,000 steps, three seeds."""
    return Profile(
        name="paper",
        data=by_name(
            DataConfig("flare22", training=42, validation=14, test=14),
            DataConfig("amos", training=180, validation=60, test=60),
        ),
        seeds=3,
        training=TrainingConfig(precision="bf16"),
    )


def study() -> Profile:
    """BTCV, thirty real CT, in DHC's split with 4 of 20 training cases labelled; from scratch.

    Learning rate, steps and flips were chosen by `python -m tools.choose_study`.
    """
    prepare = PrepareConfig(spacing_mm=(8.0, 6.0, 6.0))
    return Profile(
        name="study",
        data=by_name(DataConfig("btcv", training=20, validation=4, test=6, prepare=prepare)),
        seeds=3,
        network=NetworkConfig(width=12, depth=4, dropout=0.0),
        batch=BatchConfig(labelled=2, unlabelled=2, crop=(24, 40, 40), flip_axes=()),
        optimiser=OptimiserConfig(name="adam", learning_rate=2e-2, weight_decay=0.0),
        training=TrainingConfig(
            steps=1_000, validate_every=100, checkpoint_every=100, precision="bf16"
        ),
        window=WindowConfig(size=(32, 48, 48), stride=(16, 24, 24)),
        percent=20.0,
    )


def left_atrium() -> Profile:
    """The benchmark on which MT, UA-MT, SASSnet, DTC and CPS are published: 16 of 80 labelled.

    Batch, crop, steps and optimiser are the published ones; the network is this project's U-Net
    where they use a V-Net, and the learning rate falls as a polynomial and not by tenths. There is
    no validation case: the last step is scored, as published.
    """
    prepare = PrepareConfig(
        spacing_mm=(0.625, 0.625, 0.625), hu_window=None, percentiles=(0.0, 100.0)
    )
    return Profile(
        name="left_atrium",
        data=by_name(DataConfig("left_atrium", 80, validation=0, test=20, prepare=prepare)),
        seeds=3,
        batch=BatchConfig(labelled=2, unlabelled=2, crop=(80, 112, 112)),
        optimiser=OptimiserConfig(learning_rate=0.01),
        training=TrainingConfig(steps=6_000, precision="bf16"),
        window=WindowConfig(size=(80, 112, 112), stride=(4, 18, 18)),
        percent=20.0,
    )


def with_steps(chosen: Profile, steps: int) -> Profile:
    """Return `chosen` with runs of `steps` steps, to rehearse a long run or to train longer.

    Runs longer than their shared warm start need none: they train from scratch, and their ramp is
    as long as they are. Nothing else changes.
    """
    plan = chosen.training
    if steps == plan.steps:  # also where a profile's own interval is longer
        return chosen
    every = {
        name: min(getattr(plan, name), steps)
        for name in ("validate_every", "checkpoint_every", "log_every")
    }
    start = plan.warm_start_steps if steps <= plan.warm_start_steps else 0
    ramp = plan.ramp_steps if start else None
    training = replace(plan, steps=steps, ramp_steps=ramp, warm_start_steps=start, **every)
    return replace(chosen, training=training)


PROFILES = {
    "smoke": smoke,
    "quick": quick,
    "evening": evening,
    "study": study,
    "left_atrium": left_atrium,
    "reference": reference,
    "paper": paper,
}


def profile(name: str) -> Profile:
    """The profile called `name`; raises InputError for an unknown name."""
    return one_of("profile", name, PROFILES)()


def default_percent(chosen: Profile, dataset: str) -> float | None:
    """The labelled share of `dataset` in percent to train at if none is asked for.

    None stands for all labelled cases of a data set that the profile does not name.
    """
    named = dataset in profile(chosen.name).data if chosen.name in PROFILES else False
    return chosen.percent if named else None
