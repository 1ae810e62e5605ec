"""The rows of Tables 1 to 3, and the runs that each of them needs."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from guidednet.config import RunConfig
from guidednet.methods import METHODS, Method, is_of_this_package, is_printed, method_label
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.methods.magicnet import fitting_crop
from guidednet.runs.profile import Profile

# The methods that the qualitative figures show beside the reference.
SHOWN_METHODS = ("GuidedNet", "MagicNet", "DHC", "CLD", "CPS")
# The paper's baseline and its method, which a brief profile compares on a second data set.
BRIEF_METHODS = ("CPS", "GuidedNet")
OWN_CROP = ", crops of "  # in the label of a row with a crop of its own, before the crop


@dataclass(frozen=True)
class Row:
    """A row of a table: its name, one configuration per seed, and the predictor that is scored.

    A row that is not `trained` shows runs that are finished, and is "not run" without them.
    """

    label: str
    configs: tuple[RunConfig, ...]
    predictor: str = "primary"
    trained: bool = True


def optional(rows: Iterable[Row], profile: Profile) -> list[Row]:
    """`rows`, which a brief profile does not train."""
    return [dataclasses.replace(row, trained=not profile.brief) for row in rows]


def method_row(
    profile: Profile, seeds: int, dataset: str, method: str, ratio: tuple[int, int]
) -> Row:
    """The row of `method` at one ratio of labelled to unlabelled cases."""
    configs = tuple(profile.run(dataset, method, ratio, seed) for seed in range(seeds))
    row = Row(method_label(method), configs)
    return in_whole_cubes(row) if method == "magicnet" else row


def in_whole_cubes(row: Row) -> Row:
    """MagicNet's `row`; if its cubes do not fill the crop, with the nearest that they fill, and a
    label that says so.
    """
    own = row.configs[0]
    crop = fitting_crop(own.batch.crop, side=2**own.network.depth)
    if crop == own.batch.crop:
        return row
    label = f"{row.label}{OWN_CROP}{' x '.join(map(str, crop))}"
    batch = dataclasses.replace(own.batch, crop=crop)
    configs = tuple(dataclasses.replace(config, batch=batch) for config in row.configs)
    return Row(label, configs)


def without_crop(label: str) -> str:
    """The label of a row, without the crop that it may name."""
    return label.split(OWN_CROP)[0]


def supervised_baseline(profile: Profile, seeds: int) -> list[Row]:
    """Sup only on FLARE22's labelled cases, the run that the first notebook follows throughout."""
    return [method_row(profile, seeds, "flare22", "supervised", profile.data["flare22"].ratios[1])]


def comparison(
    profile: Profile, seeds: int, dataset: str, ratios: Sequence[tuple[int, int]]
) -> list[Row]:
    """The paper's methods at each of the `ratios` of labelled to unlabelled cases, then the others.

    The others, and the other readings of GuidedNet, have rows where the fewest cases are labelled.
    A method that uses no unlabelled case has one row for each number of labelled ones; the upper
    bound has one row where the unlabelled cases have a hidden label. Each run trains once. Of this,
    a brief profile trains what `in_brief` names, where the fewest cases are labelled.
    """
    fewest = min(ratios, key=lambda ratio: ratio[0] / sum(ratio))
    hides_labels = profile.data[dataset].hides_labels
    rows = [
        method_row(profile, seeds, dataset, name, ratio)
        for in_paper in (True, False)
        for ratio in (ratios if in_paper else [fewest])
        for name, kind in METHODS.items()
        if is_printed(kind) == in_paper and (hides_labels or not kind.uses_hidden_labels)
    ]
    rows = dict.fromkeys(rows + other_readings(profile, seeds, dataset, fewest))
    always = [
        method_row(profile, seeds, dataset, name, fewest)
        for name, kind in METHODS.items()
        if in_brief(kind, dataset) and (hides_labels or not kind.uses_hidden_labels)
    ]
    return [row if row in always else optional([row], profile)[0] for row in rows]


def in_brief(kind: type[Method], dataset: str) -> bool:
    """Whether a brief profile trains a method: on FLARE22 all of the paper, elsewhere three.

    Those are "Sup only", CPS and GuidedNet. A method from outside the package is always trained.
    """
    if dataset == "flare22" or not is_of_this_package(kind):
        return is_printed(kind) or not is_of_this_package(kind)
    return (is_printed(kind) and not kind.uses_unlabelled) or kind.label in BRIEF_METHODS


def other_readings(profile: Profile, seeds: int, dataset: str, ratio: tuple[int, int]) -> list[Row]:
    """GuidedNet as printed and as released, beside its headline reading."""
    settings = {"as printed": GuidedNetConfig.printed(), "as released": GuidedNetConfig.official()}
    rows = {
        name: [profile.run(dataset, "guidednet", ratio, seed, options) for seed in range(seeds)]
        for name, options in settings.items()
    }
    rows["as released"] = [with_long_ramp(run) for run in rows["as released"]]
    return [Row(f"GuidedNet, {name}", tuple(configs)) for name, configs in rows.items()]


def with_long_ramp(run: RunConfig) -> RunConfig:
    """`run` with the released code's ramp: half as long again as the training, and in stairs.

    The released code ramps over 30,000 of its 20,000 steps, in stairs of 150.
    """
    steps = run.training.steps
    stairs = {"ramp_steps": steps * 3 // 2, "ramp_staircase": max(1, steps * 150 // 20_000)}
    return dataclasses.replace(run, training=dataclasses.replace(run.training, **stairs))


def table1(profile: Profile, seeds: int) -> list[Row]:
    """Table 1: FLARE22 at 50 % and 10 % labelled; then rows that are not in the paper."""
    half, tenth = profile.data["flare22"].ratios
    return comparison(profile, seeds, "flare22", (half, tenth))


def table2(profile: Profile, seeds: int) -> list[Row]:
    """Table 2: AMOS at 10 % and 50 % labelled; then rows that are not in the paper."""
    half, tenth = profile.data["amos"].ratios
    return comparison(profile, seeds, "amos", (tenth, half))


def table3(profile: Profile, seeds: int) -> list[Row]:
    """Table 3: what KT-CPS and 3D-CGMM add to CPS, on FLARE22 with 10 % labelled.

    The other readings of GuidedNet stand below.
    """
    whole = profile.options("guidednet")
    settings = {
        "CPS": ("cps", profile.options("cps")),
        "CPS+KT-CPS": ("guidednet", dataclasses.replace(whole, use_cgmm=False)),
        "CPS+3D-CGMM": ("guidednet", dataclasses.replace(whole, use_ktcps=False)),
        "GuidedNet": ("guidednet", whole),
    }
    ratio = profile.data["flare22"].ratios[1]
    rows = [
        Row(
            label,
            tuple(profile.run("flare22", method, ratio, seed, options) for seed in range(seeds)),
        )
        for label, (method, options) in settings.items()
    ]
    return rows + other_readings(profile, seeds, "flare22", ratio)


def comparison_rows(rows: Sequence[Row], labels: Sequence[str], n_unlabelled: int) -> list[Row]:
    """The rows of a table called `labels` that train with `n_unlabelled` unlabelled cases.

    They come in the order of `labels`, without those that a brief profile does not train.
    """
    found = {
        without_crop(row.label): row
        for row in rows
        if row.trained
        and row.configs[0].n_unlabelled == n_unlabelled
        and row.predictor == "primary"
    }
    return [found[label] for label in labels if label in found]
