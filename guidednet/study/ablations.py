"""The rows of Table 4, Figure 6 and further studies, all on FLARE22 with 10 % labelled cases.

Rows that equal GuidedNet of Table 1 share its runs. Options that a user changed hold in all rows
but those that are about them, and not in the readings, which are what their names say.
"""

import dataclasses
from typing import Any

from guidednet.config import RunConfig
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.runs.profile import Profile
from guidednet.study.candidates import changed, printed, released
from guidednet.study.rows import Row, optional, with_long_ramp

# Table 4: the terms of eqs. 9 to 11 that are on; L_gt (eq. 8) and L_rectify (eq. 13) always are.
TABLE4_TERMS = {
    "L_gt": (),
    "L_gt+L_self": ("use_self",),
    "L_gt+L_max": ("use_max",),
    "L_gt+L_self+L_max": ("use_self", "use_max"),
    "L_gt+L_self+L_max+L_cons": ("use_self", "use_max", "use_consistency"),
}
LAMBDAS = (GuidedNetConfig().lambda_g, 0.1, 0.2, 0.3, 0.4)  # ours, then those of Figure 6
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
    return rows_of({"GuidedNet": profile.options("guidednet")}, profile, seeds)


def table4(profile: Profile, seeds: int) -> list[Row]:
    """Table 4: the terms of the 3D-CGMM training loss, added one by one.

    A brief profile trains the first and the last row.
    """
    switches = ("use_self", "use_max", "use_consistency")
    settings = {
        label: changed(profile.options("guidednet"), {name: name in used for name in switches})
        for label, used in TABLE4_TERMS.items()
    }
    return first_and_last(rows_of(settings, profile, seeds), profile)


def first_and_last(rows: list[Row], profile: Profile) -> list[Row]:
    """`rows`, of which a brief profile trains the first and the last."""
    return [*rows[:1], *optional(rows[1:-1], profile), *rows[1:][-1:]]


def figure6(profile: Profile, seeds: int) -> list[Row]:
    """Figure 6: the weight lambda_g, and the decoder layer whose features are modelled."""
    return figure6_weights(profile, seeds) + figure6_layers(profile, seeds)


def figure6_weights(profile: Profile, seeds: int) -> list[Row]:
    """Figure 6a: lambda_g from 0.1 to 0.4, after our own; a brief profile trains ours and 0.4."""
    options = profile.options("guidednet")
    settings = {f"lambda_g = {value}": changed(options, lambda_g=value) for value in LAMBDAS}
    return first_and_last(rows_of(settings, profile, seeds), profile)


def figure6_layers(profile: Profile, seeds: int) -> list[Row]:
    """Figure 6b: every layer of the decoder, from Layer 1 (deep) to the last (the default).

    A brief profile trains the first and the last.
    """
    last, options = profile.network.depth - 1, profile.options("guidednet")
    settings = {
        f"Layer {layer}": changed(options, feature_layer=None if layer == last else layer)
        for layer in range(1, last + 1)
    }
    return first_and_last(rows_of(settings, profile, seeds), profile)


def readings(profile: Profile, seeds: int) -> list[Row]:
    """The headline reading, the print, each departure of the release from it, and the release.

    The release has its own long ramp, and no gradient of eq. 13 unless the row says so. A brief
    profile trains the three readings alone.
    """
    rows = rows_of(
        {
            "GuidedNet": profile.options("guidednet"),
            "as printed": printed(),
            "no spread (eq. 4)": printed({"use_std": False}),
            "centroids per image (eq. 3)": printed({"centroids": "image"}),
            "rectification moves its target (eq. 13)": printed({"detach_rectify_target": False}),
            "rectification without gradient (eq. 13)": printed({"rectify": "value"}),
            "consistency on labelled voxels (eq. 11)": printed({"consistency_on": "labelled"}),
            "one KT-CPS state for both networks (eq. 18)": printed(ktcps={"shared_state": True}),
            "ramp half as long again, in stairs": printed(),
            "as released": released(),
            "as released, rectification with gradient": released({"rectify": "live"}),
        },
        profile,
        seeds,
    )
    long = ("ramp half", "as released")
    rows = [
        dataclasses.replace(row, configs=tuple(map(with_long_ramp, row.configs)))
        if row.label.startswith(long)
        else row
        for row in rows
    ]
    whole = ("GuidedNet", "as printed", "as released")
    return [row if row.label in whole else optional([row], profile)[0] for row in rows]


def selection(profile: Profile, seeds: int) -> list[Row]:
    """Runs that keep their weights at regular steps.

    They show what selecting the step on the test cases gains, and how teacher and pupil develop.
    """
    every = {"keep_every": max(1, profile.training.steps // KEPT_LOOKS)}
    labelled = profile.data["flare22"].ratios[1]
    supervised = [profile.run("flare22", "supervised", labelled, seed) for seed in range(seeds)]
    kept = tuple(
        dataclasses.replace(run, training=dataclasses.replace(run.training, **every))
        for run in supervised
    )
    return [
        Row("Sup only", kept),
        Row("GuidedNet", tuple(guidednet_run(profile, seed, **every) for seed in range(seeds))),
    ]
