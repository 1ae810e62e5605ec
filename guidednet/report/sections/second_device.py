"""The study on a second device: what it says about the differences, and their forest plot."""

from pathlib import Path

import pandas as pd

from guidednet.evaluation.statistics import rank_correlation
from guidednet.report.sections.forest import Line, forest
from guidednet.report.sections.markup import fold, signed, with_interval
from guidednet.report.tables.differences import BASELINE
from guidednet.report.tables.second_device import AGAIN, BOTH, GAIN
from guidednet.study.real_ct import FOLDER, SECOND_DEVICE

MEAN = "mean over seeds, 95 % interval"
OURS = "GuidedNet"
TO_CPS = ("to_cps", "to_cps_low", "to_cps_high")


def second_device(figures: Path) -> pd.DataFrame:
    """The table of the study on two devices in `figures`; empty if there is none."""
    path = figures / FOLDER / f"{SECOND_DEVICE}.csv"
    return pd.read_csv(path) if path.is_file() else pd.DataFrame()


def over_both(table: pd.DataFrame) -> pd.DataFrame:
    """Each row's difference to "Sup only" over both devices; empty without a table."""
    if table.empty:
        return table
    found = table[["method", "n_unlabeled", *(name + BOTH for name in GAIN)]]
    return found.rename(columns={name + BOTH: name for name in GAIN})


def of_ours(table: pd.DataFrame) -> str:
    """GuidedNet's differences on the second device and on both; empty without them."""
    if table.empty or OURS not in set(table["method"]):
        return ""
    line = table.set_index("method").loc[OURS]
    return (
        f"Trained again on {line['device_again']}, {OURS} differs from {BASELINE} by "
        f"{_gain(line, AGAIN)}, and over both devices by {_gain(line, BOTH)}; from CPS it differs "
        f"by {with_interval(*(line[name + BOTH] for name in TO_CPS))} over both."
    )


def of_all(table: pd.DataFrame) -> str:
    """What both devices say of GuidedNet, of the order of the methods and of which gain or lose."""
    if table.empty:
        return ""
    first, second = table["mean_dice"], table[f"mean_dice{AGAIN}"]
    rho, low, high = rank_correlation(first, second)
    alike = "rank the methods alike" if low > 0 else "do not rank the methods alike"
    change, is_baseline = second - first, table["method"] == BASELINE
    learns = table[table["n_unlabeled"] > 0]
    _, lows, highs = (learns[name + BOTH] for name in GAIN)
    return (
        f"{of_ours(table)} The two devices {alike} (Spearman's ρ of the mean Dice {rho:.2f}, "
        f"{low:.2f} to {high:.2f}, over {len(table)} rows). On the second, the mean of a row "
        f"changes by {signed(change.mean())} points on average (sd {change.std():.1f}) and that of "
        f"{BASELINE} by {signed(change[is_baseline].iloc[0])}, which moves every difference to it. "
        "Over both devices, where the two trainings of a seed count as one, of the methods that "
        f"learn from unlabelled scans {_named(learns[lows > 0])} did better than {BASELINE} "
        f"beyond noise, and {_named(learns[highs < 0])} worse."
    )


def plot(table: pd.DataFrame) -> str:
    """The differences on the second device and on both, folded; empty without a table."""
    if table.empty:
        return ""
    made = table[table["method"] != BASELINE]
    titles = {AGAIN: str(made["device_again"].iloc[0]), BOTH: "both devices together"}
    groups = {
        title: [
            Line(
                line["method"], *(line[name + suffix] for name in GAIN), ours=line["method"] == OURS
            )
            for _, line in made.iterrows()
        ]
        for suffix, title in titles.items()
    }
    body = forest(groups, BASELINE, MEAN)
    return fold("The same rows on a second device, and on both", body)


def _gain(line: pd.Series, suffix: str) -> str:
    return with_interval(*(line[name + suffix] for name in GAIN))


def _named(rows: pd.DataFrame) -> str:
    """The methods of `rows`; "as printed" and the like stand in brackets, not after a comma."""
    return ", ".join(rows["method"].str.replace(r", (.*)", r" (\1)", regex=True)) or "none"
