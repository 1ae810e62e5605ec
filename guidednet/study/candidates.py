"""The readings of GuidedNet from which its headline reading was chosen, on validation cases alone.

Each differs from the print in as few switches as it can: what the background weighs in KT-CPS
(eq. 17 gives 0), what eq. 13 teaches, the density and prior of eqs. 5 and 6, lambda_g, and how long
the ramp is. "Sup only" and CPS stand beside them.
"""

import dataclasses
import functools
from typing import Any

from guidednet.methods.cps import CPSConfig
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.methods.supervised import Supervised
from guidednet.runs.profile import Profile
from guidednet.study.rows import Row, with_long_ramp


def changed(
    start: GuidedNetConfig,
    cgmm: dict[str, Any] | None = None,
    ktcps: dict[str, Any] | None = None,
    **options: Any,
) -> GuidedNetConfig:
    """`start` with some switches changed: those of its 3D-CGMM, of KT-CPS, and its own."""
    return dataclasses.replace(
        start,
        cgmm=dataclasses.replace(start.cgmm, **cgmm or {}),
        ktcps=dataclasses.replace(start.ktcps, **ktcps or {}),
        **options,
    )


printed = functools.partial(changed, GuidedNetConfig.printed())
released = functools.partial(changed, GuidedNetConfig.official())
HEADLINE = "eq. 13 by value, background mean, lambda_g 0.03"  # GuidedNetConfig()
VALUE, MEAN = {"rectify": "value"}, {"background": "mean"}
COMPARED = {
    "Sup only": ("supervised", Supervised.Config()),
    "CPS": ("cps", CPSConfig()),
    "CPS, weight 1.0": ("cps", CPSConfig(weight=1.0)),
}
READINGS = {
    "as printed": printed(),
    "eq. 13 by value": printed(VALUE),
    "background mean": printed(ktcps=MEAN),
    "eq. 13 by value, background mean": printed(VALUE, MEAN),
    "eq. 13 ramped, background mean": printed({"rectify": "ramped"}, MEAN),
    "eq. 13 where sure, background mean": printed({"rectify": "sure"}, MEAN),
    "eq. 13 where agreeing, background mean": printed({"rectify": "agreeing"}, MEAN),
    "eq. 13 by value, background of the batch": printed(VALUE, {"background": "present"}),
    "eq. 13 by value, background at least K/10": printed(VALUE, {"background_floor": 0.1}),
    "eq. 13 by value, background at least K/2": printed(VALUE, {"background_floor": 0.5}),
    "eq. 13 by value, background K": printed(VALUE, {"background_floor": 1.0}),
    "KT-CPS alone, as printed": printed(use_cgmm=False),
    "KT-CPS alone, background mean": printed(ktcps=MEAN, use_cgmm=False),
    "KT-CPS alone, background at least K/2": printed(
        ktcps={"background_floor": 0.5}, use_cgmm=False
    ),
    "3D-CGMM alone, as printed": printed(use_ktcps=False),
    "3D-CGMM alone, eq. 13 by value": printed(VALUE, use_ktcps=False),
    "eq. 13 by value, background mean, lambda_g 0.1": printed(VALUE, MEAN, lambda_g=0.1),
    "eq. 13 by value, background mean, lambda_u 1": printed(VALUE, MEAN, lambda_u=1.0),
    "eq. 13 where agreeing, background mean, counts": printed(
        {"rectify": "agreeing", "prior": "counts"}, MEAN
    ),
    "eq. 13 by value, background mean, isotropic": printed(
        VALUE | {"density": "isotropic", "sigma_floor": 0.1}, MEAN
    ),
    "eq. 13 by value, background mean, diagonal": printed(
        VALUE | {"density": "diagonal", "sigma_floor": 0.1}, MEAN
    ),
    HEADLINE: GuidedNetConfig(),
    "eq. 13 by value, background mean, without L_self": printed(VALUE | {"use_self": False}, MEAN),
    "eq. 13 by value, background mean, without spread": printed(VALUE | {"use_std": False}, MEAN),
    "as released": released(),
    "as released, background mean": released(ktcps=MEAN),
    "as released, background at least K/2": released(ktcps={"background_floor": 0.5}),
}
RAMPS = {"eq. 13 by value, background mean, long ramp", "as released, long ramp"}


def candidate_rows(profile: Profile, seeds: int, dataset: str, ratio: tuple[int, int]) -> list[Row]:
    """A row for each candidate on `dataset`, and for "Sup only" and CPS.

    `ratio` is the number of labelled and of unlabelled cases. The rows with a "long ramp" take the
    released code's ramp, half as long again as the training and in stairs.
    """
    settings = COMPARED | {name: ("guidednet", options) for name, options in READINGS.items()}
    settings |= {name: settings[name.removesuffix(", long ramp")] for name in sorted(RAMPS)}
    rows = []
    for name, (method, options) in settings.items():
        runs = [profile.run(dataset, method, ratio, seed, options) for seed in range(seeds)]
        rows.append(Row(name, tuple(map(with_long_ramp, runs) if name in RAMPS else runs)))
    return rows
