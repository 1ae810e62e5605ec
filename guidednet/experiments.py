"""Which runs each table and figure of the paper needs, and which notebook makes it."""

from collections.abc import Callable
from dataclasses import dataclass

from guidednet.config import RunConfig
from guidednet.errors import InputError
from guidednet.methods.cps import CPSConfig
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.profiles import Profile


@dataclass(frozen=True)
class Row:
    """A row of a table: the name the paper prints and one run per seed."""

    label: str
    runs: tuple[RunConfig, ...]


def supervised_baseline(profile: Profile, seeds: int) -> list[Row]:
    """Sup only on FLARE22's labelled cases, the run that the first notebook follows end to end."""
    ratio = profile.data["flare22"].ratios[1]
    return [Row("Sup only", tuple(profile.run("flare22", "supervised", ratio, seed) for seed in range(seeds)))]


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
        Row(label, tuple(profile.run("flare22", method, ratio, seed, options) for seed in range(seeds)))
        for label, (method, options) in settings.items()
    ]


@dataclass(frozen=True)
class Item:
    """Something that `reproduce.sh` makes: its notebook, the runs it shows, the files it leaves in the figure folder."""

    notebook: str
    rows: Callable[[Profile, int], list[Row]] | None = None
    files: tuple[str, ...] = ()


ITEMS = {
    "start": Item("00_start_here", supervised_baseline),
    "data": Item("01_data_and_preprocessing"),
    "cgmm": Item("02_cgmm_step_by_step", table3),
    "ktcps": Item("03_kt_cps_step_by_step", table3),
    "table3": Item("12_table3_components", table3, ("table3.csv", "table3.md", "table3.tex")),
}


def items(only: str | None) -> dict[str, Item]:
    """The items named in `only` (comma separated), all without it; raises InputError for an unknown name."""
    if not only:
        return ITEMS
    names = [name.strip() for name in only.split(",")]
    for name in names:
        if name not in ITEMS:
            raise InputError(f"--only: unknown item '{name}', use one of {', '.join(ITEMS)}")
    return {name: item for name, item in ITEMS.items() if name in names}
