"""The rows of Tables 1 to 3, and the runs that each needs."""

from collections.abc import Sequence
from dataclasses import dataclass

from guidednet.config import RunConfig
from guidednet.methods import method_class
from guidednet.methods.base import TwoNetworkMethod
from guidednet.methods.cps import CPSConfig
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.runs.profiles import Profile

# The methods of Tables 1 and 2 in the order of the print, under the names that the paper gives
# them.
METHOD_NAMES = {
    "supervised": "Sup only",
    "dan": "DAN",
    "mean_teacher": "MT",
    "ua_mt": "UA-MT",
    "sassnet": "SASSnet",
    "dtc": "DTC",
    "cps": "CPS",
    "cld": "CLD",
    "dhc": "DHC",
    "magicnet": "MagicNet",
    "guidednet": "GuidedNet",
}
AUGMENTED = "Sup only, strong augmentation"
# What the qualitative figures show beside the reference.
SHOWN_METHODS = ("GuidedNet", "MagicNet", "DHC", "CLD", "CPS")


@dataclass(frozen=True)
class Row:
    """A row of a table: the name the paper prints, one run per seed, and which of the runs'
    predictors is scored.
    """

    label: str
    runs: tuple[RunConfig, ...]
    predictor: str = "primary"


def supervised_baseline(profile: Profile, seeds: int) -> list[Row]:
    """Sup only on FLARE22's labelled cases, the run that the first notebook follows end to end."""
    ratio = profile.data["flare22"].ratios[1]
    return [
        Row(
            "Sup only",
            tuple(profile.run("flare22", "supervised", ratio, seed) for seed in range(seeds)),
        )
    ]


def comparison(profile: Profile, seeds: int, dataset: str, ratio: tuple[int, int]) -> list[Row]:
    """All methods at one ratio of labelled to unlabelled cases, in the order of the print."""
    return [
        Row(label, tuple(profile.run(dataset, method, ratio, seed) for seed in range(seeds)))
        for method, label in METHOD_NAMES.items()
    ]


def ensembles(rows: list[Row]) -> list[Row]:
    """For each row of a two-network method one more: the mean of both networks' logits, from the
    same runs.
    """
    pairs = [row for row in rows if issubclass(method_class(row.runs[0].method), TwoNetworkMethod)]
    return [Row(f"{row.label} (A+B)", row.runs, "ensemble") for row in pairs]


def augmented(profile: Profile, seeds: int, dataset: str) -> list[Row]:
    """Supervised rows with stronger augmentation, one for each number of labelled cases."""
    ratios = {ratio[0]: ratio for ratio in reversed(profile.data[dataset].ratios)}.values()
    return [
        Row(
            AUGMENTED,
            tuple(
                profile.run(dataset, "supervised_augmented", ratio, seed) for seed in range(seeds)
            ),
        )
        for ratio in ratios
    ]


def table1(profile: Profile, seeds: int) -> list[Row]:
    """Table 1: FLARE22 at 50 % and 10 % labelled, "Sup only" once (its labelled cases are the
    same); then rows of our own.
    """
    half, tenth = (
        comparison(profile, seeds, "flare22", ratio) for ratio in profile.data["flare22"].ratios
    )
    printed = half + tenth[1:]
    return printed + augmented(profile, seeds, "flare22") + ensembles(printed)


def table2(profile: Profile, seeds: int) -> list[Row]:
    """Table 2: AMOS at 10 % and 50 % labelled; then rows of our own."""
    half, tenth = (
        comparison(profile, seeds, "amos", ratio) for ratio in profile.data["amos"].ratios
    )
    return tenth + half + augmented(profile, seeds, "amos") + ensembles(tenth + half)


def table3(profile: Profile, seeds: int) -> list[Row]:
    """Table 3: what KT-CPS and 3D-CGMM add to CPS, on FLARE22 with 10 % labelled."""
    settings = {
        "CPS": ("cps", CPSConfig()),
        "CPS+KT-CPS": ("guidednet", GuidedNetConfig(use_cgmm=False)),
        "CPS+3D-CGMM": ("guidednet", GuidedNetConfig(use_ktcps=False)),
        "GuidedNet": ("guidednet", GuidedNetConfig()),
    }
    ratio = profile.data["flare22"].ratios[1]
    return [
        Row(
            label,
            tuple(profile.run("flare22", method, ratio, seed, options) for seed in range(seeds)),
        )
        for label, (method, options) in settings.items()
    ]


def comparison_rows(rows: Sequence[Row], labels: Sequence[str], n_unlabelled: int) -> list[Row]:
    """The rows of a table called `labels` that train with `n_unlabelled` unlabelled cases, in the
    order of `labels`.
    """
    found = {
        row.label: row
        for row in rows
        if row.runs[0].n_unlabelled == n_unlabelled and row.predictor == "primary"
    }
    return [found[label] for label in labels]
