"""What is left to gain from unlabelled cases: "All labels" beside "Sup only", and what makes it.

    python -m tools.headroom --profile quick

Headroom is the mean test Dice of "All labels" less that of "Sup only", which sees a tenth of these
labels. It is measured on the data sets that hide labels (AMOS, BTCV): the unlabelled cases of
FLARE22 have no label, in its phantoms as in the release. Finished runs are read, missing ones
trained. For every data set of the profile, a second table says how much its prepared cases differ:
for each organ, how many of them have it, its fewest voxels where it is present, and the spread of
its volume and of its place.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from guidednet.data.case_store import CaseStore
from guidednet.data.datasets import organ_set
from guidednet.processes.workers import cores
from guidednet.report.tables.mean_dice import (
    mean_with_interval,
    organ_scores_by_case,
    paired_gain,
)
from guidednet.runs.side_by_side import train_runs
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace, open_workspace
from guidednet.study.rows import method_row

METHODS = ("supervised", "all_labels")


def headroom(runs: RunStore, dataset: str, seeds: int, jobs: int) -> dict[str, object]:
    """Test Dice of both methods on `dataset` in percent, and their paired difference in points.

    `low` and `high` are the 95 % interval of the difference over test cases, and seeds if several.
    """
    profile = runs.workspace.profile
    ratio = profile.data[dataset].at(profile.percent / 100)
    rows = [method_row(profile, seeds, dataset, method, ratio) for method in METHODS]
    configs = [config for row in rows for config in row.configs]
    needed = dict.fromkeys(run for one in configs for run in runs.identity.with_warm_start(one))
    train_runs(runs, list(needed), jobs)
    supervised, bound = (
        organ_scores_by_case(runs.finished(row.configs), row.predictor) for row in rows
    )
    gain, low, high = mean_with_interval(paired_gain(bound, supervised))
    return {
        "dataset": dataset,
        "labelled": ratio[0],
        "all": sum(ratio),
        "Sup only": mean_with_interval(supervised)[0],
        "All labels": mean_with_interval(bound)[0],
        "headroom": gain,
        "low": low,
        "high": high,
    }


def anatomy(cases: CaseStore) -> pd.DataFrame:
    """How the labelled cases of a case store differ, by organ.

    `present` is the share of cases with the organ, `fewest_voxels` its smallest number of voxels
    where it is present, `volume_spread` the standard deviation of its volume as a share of the
    mean, and `place_spread_mm` that of its centre, measured from the centre of all organs.
    """
    lines = [line for case in cases.labelled_ids for line in _organs_of(cases, case)]
    table = pd.DataFrame(lines).groupby("organ", sort=False)
    places = table[["z", "y", "x"]].std()
    return pd.DataFrame(
        {
            "present": table["voxels"].count() / len(cases.labelled_ids),
            "fewest_voxels": table["voxels"].min(),
            "volume_spread": table["ml"].std() / table["ml"].mean(),
            "place_spread_mm": np.sqrt((places**2).mean(axis=1)),
        }
    )


def _organs_of(cases: CaseStore, case: str) -> list[dict[str, object]]:
    """Voxels, volume (ml) and centre (mm from that of all organs) of each organ of a case."""
    label, spacing = np.asarray(cases.label(case)), np.array(cases.spacing(case))
    middle = np.argwhere(label > 0).mean(axis=0)
    lines = []
    for number, organ in organ_set(cases.settings["dataset"]).in_order:
        places = np.argwhere(label == number)
        if len(places):
            centre = (places.mean(axis=0) - middle) * spacing
            ml = len(places) * spacing.prod() / 1000
            named = dict(zip("zyx", centre, strict=True))
            lines.append({"organ": organ.name, "voxels": len(places), "ml": ml} | named)
    return lines


def report(workspace: Workspace, seeds: int, jobs: int) -> str:
    """The tables of all data sets of the profile as text."""
    runs, parts = RunStore(workspace, device="cpu"), []
    for dataset, settings in workspace.profile.data.items():
        parts += [f"{dataset}: its cases", anatomy(workspace.cases(dataset)).to_string()]
        if settings.hides_labels:
            found = pd.DataFrame([headroom(runs, dataset, seeds, jobs)])
            parts += [f"{dataset}: headroom", found.to_string(index=False)]
    return "\n\n".join(part.replace("\n", "\n  ") for part in parts)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the report of a profile."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--steps", type=int, help="train for so many steps instead")
    parser.add_argument("--jobs", type=int, default=cores())
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--results", type=Path)
    options = parser.parse_args(arguments)
    workspace = open_workspace(options.profile, options.data_root, options.results, options.steps)
    with pd.option_context("display.float_format", "{:.2f}".format):
        print(report(workspace, options.seeds, options.jobs))


if __name__ == "__main__":
    main()
