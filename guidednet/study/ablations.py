"""The rows of Table 4, Figure 6 and further studies, all on FLARE22 with 10 % labelled cases.

Rows that equal GuidedNet of Table 1 share its runs.
"""

import dataclasses
from typing import Any

from guidednet.cgmm.config import CGMMConfig
from guidednet.config import RunConfig
from guidednet.ktcps import KTCPSConfig
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.methods.supervised import Supervised
from guidednet.runs.profiles import Profile
from guidednet.study.rows import Row

# Table 4: the terms of eqs. 9 to 11 that are on; L_gt (eq. 8) and L_rectify (eq. 13) always are.
TABLE4_TERMS = {
    "L_gt": (),
    "L_gt+L_self": ("use_self",),
    "L_gt+L_max": ("use_max",),
    "L_gt+L_self+L_max": ("use_self", "use_max"),
    "L_gt+L_self+L_max+L_cons": ("use_self", "use_max", "use_consistency"),
}
LAMBDAS = (0.1, 0.2, 0.3, 0.4)
KEPT_LOOKS = 8  # steps of a run that the selection study scores


def guidednet_run(
    profile: Profile, seed: int, options: GuidedNetConfig | None = None, **training: Any
) -> RunConfig:
    """GuidedNet on FLARE22 with 10 % labelled, with other `options` or fields of its training."""
    run = profile.run("flare22", "guidednet", profile.data["flare22"].ratios[1], seed, options)
    return dataclasses.replace(run, training=dataclasses.replace(run.training, **training))


def rows_of(settings: dict[str, GuidedNetConfig], profile: Profile, seeds: int) -> list[Row]:
    """One row for each setting of GuidedNet."""
    return [
        Row(label, tuple(guidednet_run(profile, seed, options) for seed in range(seeds)))
        for label, options in settings.items()
    ]


def guidednet_rows(profile: Profile, seeds: int) -> list[Row]:
    """GuidedNet as in Table 1, for figures that examine its organs."""
    return rows_of({"GuidedNet": GuidedNetConfig()}, profile, seeds)


def table4(profile: Profile, seeds: int) -> list[Row]:
    """Table 4: the terms of the 3D-CGMM training loss, added one by one."""
    switches = ("use_self", "use_max", "use_consistency")
    settings = {
        label: GuidedNetConfig(cgmm=CGMMConfig(**{switch: switch in used for switch in switches}))
        for label, used in TABLE4_TERMS.items()
    }
    return rows_of(settings, profile, seeds)


def figure6(profile: Profile, seeds: int) -> list[Row]:
    """Figure 6: the weight lambda_g, and the decoder layer whose features are modelled."""
    return figure6_weights(profile, seeds) + figure6_layers(profile, seeds)


def figure6_weights(profile: Profile, seeds: int) -> list[Row]:
    """Figure 6a: lambda_g from 0.1 to 0.4."""
    return rows_of(
        {f"lambda_g = {value}": GuidedNetConfig(lambda_g=value) for value in LAMBDAS},
        profile,
        seeds,
    )


def figure6_layers(profile: Profile, seeds: int) -> list[Row]:
    """Figure 6b: every layer of the decoder, from Layer 1 (deep) to the last (the default)."""
    last = profile.network.depth - 1
    settings = {
        f"Layer {layer}": GuidedNetConfig(feature_layer=None if layer == last else layer)
        for layer in range(1, last + 1)
    }
    return rows_of(settings, profile, seeds)


def readings(profile: Profile, seeds: int) -> list[Row]:
    """The equations as printed, with each departure of the released code, and with all of them."""
    settings = {
        "as printed (GuidedNet)": GuidedNetConfig(),
        "no spread (eq. 4)": GuidedNetConfig(cgmm=CGMMConfig(use_std=False)),
        "centroids per image (eq. 3)": GuidedNetConfig(cgmm=CGMMConfig(centroids="image")),
        "rectification moves its target (eq. 13)": GuidedNetConfig(
            cgmm=CGMMConfig(detach_rectify_target=False)
        ),
        "consistency on labelled voxels (eq. 11)": GuidedNetConfig(
            cgmm=CGMMConfig(consistency_on="labelled")
        ),
        "one KT-CPS state for both networks (eq. 18)": GuidedNetConfig(
            ktcps=KTCPSConfig(shared_state=True)
        ),
        "as released": GuidedNetConfig.official(),
        "as released, rectification in float32": dataclasses.replace(
            GuidedNetConfig.official(),
            cgmm=dataclasses.replace(CGMMConfig.official(), rectify_fp16=False),
        ),
    }
    steps = profile.training.steps
    longer = {"ramp_steps": steps * 3 // 2, "ramp_staircase": max(1, steps * 150 // 20_000)}
    long_ramp = Row(
        "ramp half as long again, in stairs",
        tuple(guidednet_run(profile, seed, **longer) for seed in range(seeds)),
    )
    rows = rows_of(settings, profile, seeds)
    return [*rows[:-2], long_ramp, *rows[-2:]]


def selection(profile: Profile, seeds: int) -> list[Row]:
    """Runs that keep their weights at regular steps.

    They show what selecting the step on the test cases gains.
    """
    every = {"keep_every": max(1, profile.training.steps // KEPT_LOOKS)}
    labelled = profile.data["flare22"].ratios[1]
    supervised = [
        profile.run("flare22", "supervised", labelled, seed, Supervised.Config())
        for seed in range(seeds)
    ]
    kept = tuple(
        dataclasses.replace(run, training=dataclasses.replace(run.training, **every))
        for run in supervised
    )
    return [
        Row("Sup only", kept),
        Row("GuidedNet", tuple(guidednet_run(profile, seed, **every) for seed in range(seeds))),
    ]
