"""Figures of the results of `bash reproduce.sh bench`, and the times of a profile's trainings."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from guidednet.runs.environment import REPOSITORY
from guidednet.runs.profile import Profile
from guidednet.runs.record import finished_runs
from guidednet.runs.workspace import Workspace

FOLDER = "benchmarks"
COLOURS = {True: "#3b7a57", False: "#b5523b"}  # target met, target missed


def benchmark_tables(workspace: Workspace) -> dict[str, pd.DataFrame]:
    """Result tables by benchmark: this workspace's if it has any, else those of the project."""
    folders = [workspace.figures / FOLDER, REPOSITORY / "figures" / FOLDER]
    paths = next((found for folder in folders if (found := _tables_in(folder))), [])
    return {path.stem: pd.read_csv(path) for path in paths}


def _tables_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.csv") if not path.stem.endswith("_quick"))


def comparisons(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """All rows that compare two ways of doing the same, with the benchmark's name."""
    parts = [
        table.assign(benchmark=name).dropna(subset="ratio")
        for name, table in tables.items()
        if "ratio" in table
    ]
    columns = [
        "benchmark",
        "what",
        "other",
        "unit",
        "ours",
        "theirs",
        "ratio",
        "wanted",
        "holds",
        "device",
    ]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def other_findings(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """All measurements that are not a ratio of two costs, such as shares and Dice."""
    spread = ["sd ours", "sd theirs", "spread of seeds", "seeds", "validation cases"]
    columns = [
        "benchmark",
        "what",
        "unit",
        "ours",
        "other",
        "theirs",
        "difference",
        *spread,
        "holds",
    ]
    parts = [table.assign(benchmark=name) for name, table in tables.items() if "what" in table]
    found = (
        pd.concat(parts, ignore_index=True).reindex(columns=[*columns, "ratio"])
        if parts
        else pd.DataFrame(columns=[*columns, "ratio"])
    )
    return found[found["ratio"].isna()][columns].dropna(axis="columns", how="all")


def headline(found: pd.DataFrame, most: int = 8) -> pd.DataFrame:
    """For every benchmark the comparison closest to its target, the closest `most` of them."""
    margin = found.assign(margin=found["ratio"] / found["wanted"].clip(lower=0.05))
    closest = margin.sort_values("margin").drop_duplicates("benchmark").head(most)
    return closest.drop(columns="margin").sort_values("benchmark")


def draw_comparisons(axes: Axes, found: pd.DataFrame) -> None:
    """Draw a dot per comparison, the other's cost divided by ours, with a tick at the target."""
    places = np.arange(len(found))[::-1]
    colours = [COLOURS[bool(holds)] for holds in found["holds"]]
    axes.hlines(places, 1, found["ratio"], color=colours, linewidth=1)
    axes.scatter(found["ratio"], places, color=colours, s=22, zorder=3)
    axes.plot(found["wanted"].clip(lower=0.05), places, "k|", markersize=9, label="target")
    axes.set(xscale="log", xlabel="cost of the other / our cost", yticks=places)
    names = [f"{row.benchmark}: {row.what} ({row.other})" for row in found.itertuples()]
    axes.set_yticklabels(names, fontsize=7)
    axes.axvline(1, color="grey", linewidth=0.8)
    _plain_numbers(axes.xaxis)
    axes.legend(fontsize=7)


def draw_growth(axes: Axes, part: pd.DataFrame) -> None:
    """Draw time and memory over the growing number, relative to the first; dashed: proportional."""
    grown = part["value"] / part["value"].iloc[0]
    for column, name in (("seconds", "time"), ("mebibytes", "memory")):
        axes.plot(grown, part[column] / part[column].iloc[0], marker="o", markersize=3, label=name)
    axes.plot(grown, grown, "--", color="grey", linewidth=0.8)
    axes.set(xscale="log", yscale="log", title=part["grows"].iloc[0])
    axes.set(xlabel="times as many", ylabel="times as much")
    for axis in (axes.xaxis, axes.yaxis):
        _plain_numbers(axis)
    axes.legend(fontsize=6)


def _plain_numbers(axis: Axis) -> None:
    """Plain numbers instead of powers of ten at the ticks of a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def training_times(workspace: Workspace) -> pd.DataFrame:
    """Cost of the finished trainings of this profile's size, by method and device.

    The columns are method, device, steps, seconds a step, minutes and runs.
    """
    lines = [
        {
            "method": run.config.method
            + (
                ", warm start"
                if is_warm_start(run.config.training.steps, workspace.profile)
                else ""
            ),
            "steps": run.config.training.steps,
            "seconds a step": run.record["seconds_per_step"],
            "minutes": run.config.training.steps * run.record["seconds_per_step"] / 60,
            "device": run.record["device"],
        }
        for run in finished_runs(workspace.runs_folder)
        if run.config.network == workspace.profile.network
        and run.config.window == workspace.profile.window
    ]
    times = pd.DataFrame(lines, columns=["method", "steps", "seconds a step", "minutes", "device"])
    sums = {"steps": "sum", "seconds a step": "mean", "minutes": "sum"}
    return (
        times.groupby(["method", "device"])
        .agg(sums)
        .assign(runs=times.groupby(["method", "device"]).size())
        .reset_index()
    )


def is_warm_start(steps: int, profile: Profile) -> bool:
    """Whether a training of `steps` steps is the profile's shared warm start."""
    return steps == profile.training.warm_start_steps != profile.training.steps
