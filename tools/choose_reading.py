"""Train the readings of GuidedNet on validation cases, and write what each reached.

    python -m tools.choose_reading --data-root DATA --results RESULTS -o figures/readings

BTCV at profile `study` and AMOS phantoms at profile `evening`, both from scratch, two seeds.
Finished runs are read, so that the command goes on where it was. `--minutes` ends it early: no run
is begun after them, and the files have the finished ones. `--records` reads the records of runs
that another machine made, and trains nothing; they are found by their configuration.

runs.csv has a line for each run, curves.csv its validation Dice and foreground by step.
"""

import argparse
import dataclasses
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import torch

from guidednet.config import RunConfig
from guidednet.evaluation.scores import LAST, organ_means
from guidednet.evaluation.statistics import bootstrap_interval
from guidednet.processes.workers import cores, in_parallel
from guidednet.report.tables.mean_dice import case_dice
from guidednet.runs.fingerprint import hash_of
from guidednet.runs.identity import RunIdentity
from guidednet.runs.make import RunMaker
from guidednet.runs.profiles import profile
from guidednet.runs.record import Run
from guidednet.runs.workspace import Workspace
from guidednet.study.candidates import candidate_rows
from guidednet.support.files import read_json, write_text
from guidednet.support.progress import silent

SEEDS = 2
CURVES = {
    "validation_dice": "validation_dice",
    "foreground/labels": "true_foreground",
    "foreground/network_a/labelled": "labelled_foreground",
    "foreground/network_a/unlabelled": "unlabelled_foreground",
    "cgmm/network_a/foreground_ratio": "posterior_foreground_ratio",
    "cgmm/network_a/dice_posterior": "posterior_dice",
    "cgmm/network_a/dice_network": "network_dice",
}


SETTINGS = {"btcv": (profile("study"), 0.2), "amos": (profile("evening"), 0.1)}


def jobs(seeds: int) -> list[tuple[str, str, RunConfig]]:
    """(data set, reading, run) of everything, the first seed of all rows first."""
    rows = {
        dataset: candidate_rows(chosen, seeds, dataset, chosen.data[dataset].at(share))
        for dataset, (chosen, share) in SETTINGS.items()
    }
    return [
        (dataset, row.label, row.configs[seed])
        for seed in range(seeds)
        for dataset in rows
        for row in rows[dataset]
    ]


def identity_of(dataset: str, data_root: Path, results: Path) -> RunIdentity:
    """The identities of the runs on `dataset`."""
    return RunIdentity(Workspace(SETTINGS[dataset][0], data_root, results, results / "figures"))


def make(
    job: tuple[str, str, RunConfig], folders: tuple[Path, Path], gpu: bool, until: float
) -> None:
    """Make one run, unless it is late."""
    dataset, _, config = job
    if time.time() < until:
        device = torch.device("cuda" if gpu else "cpu")
        RunMaker(identity_of(dataset, *folders), device, lambda name: silent).make(config)


def finished(
    jobs: Sequence[tuple[str, str, RunConfig]], folders: Sequence[Path]
) -> list[tuple[str, str, Run]]:
    """(data set, reading, run) of all jobs with a record in one of the `folders` of runs."""
    found = {}
    for path in (path for folder in folders for path in sorted(folder.glob("*/record.json"))):
        record = read_json(path)
        found[hash_of(record["config"])] = path.parent, record
    return [
        (dataset, reading, Run(config, *found[key]))
        for dataset, reading, config in jobs
        if (key := hash_of(dataclasses.asdict(config))) in found
    ]


def reached(dataset: str, reading: str, run: Run) -> dict[str, object]:
    """What a run reached: Dice in percent at its best and at its last validation."""
    validation = 100 * run.curves().set_index("step")["validation_dice"].dropna()
    return {
        "dataset": dataset,
        "reading": reading,
        "seed": run.config.seed,
        "best_validation": validation.max(),
        "best_step": validation.idxmax(),
        "last_validation": validation.iloc[-1],
        "test": 100 * organ_means(run.scores(), "dice").mean(),
        "last_test": 100 * organ_means(run.scores(), "dice", LAST).mean(),
        "device": run.record["device"],
        "run": run.record["key"],
    }


def to_supervised(run: Run, supervised: Run) -> dict[str, float]:
    """Paired difference in test Dice to "Sup only", in points, with its interval over cases."""
    difference = case_dice([run], "primary") - case_dice([supervised], "primary")
    low, high = bootstrap_interval(difference)
    return {"to_supervised": difference.mean(), "low": low, "high": high}


def course(dataset: str, reading: str, run: Run) -> pd.DataFrame:
    """Validation Dice in percent, and the foreground of network A beside the labels', by step."""
    curves = run.curves().set_index("step").reindex(columns=CURVES).dropna(how="all")
    names = {"dataset": dataset, "reading": reading, "seed": run.config.seed}
    shown = curves.dropna(subset=["validation_dice"]).rename(columns=CURVES)
    shares = shown.columns.difference(["posterior_foreground_ratio"])
    shown[shares] *= 100
    return shown.reset_index().assign(**names)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the runs, then write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-root", type=Path, default=Path("data"))
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--jobs", type=int, default=cores())
    parser.add_argument("--gpu", action="store_true", help="share one GPU among the jobs")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("-o", "--output", type=Path, default=Path("figures/readings"))
    parser.add_argument("--records", type=Path, action="append", help="a folder of finished runs")
    options = parser.parse_args(arguments)
    folders, until = (options.data_root, options.results), time.time() + 60 * options.minutes
    everything = jobs(options.seeds)
    for dataset in SETTINGS if options.records is None else ():
        identity_of(dataset, *folders).workspace.cases(dataset)
    if options.records is None:
        work = partial(make, folders=folders, gpu=options.gpu, until=until)
        for _ in in_parallel(work, everything, options.jobs, gpus=int(options.gpu)):
            pass
    found = finished(everything, options.records or [options.results / "runs"])
    supervised = {
        (dataset, run.config.seed): run for dataset, reading, run in found if reading == "Sup only"
    }
    for name, table in {
        "runs": pd.DataFrame(
            [
                reached(dataset, reading, run)
                | to_supervised(run, supervised[dataset, run.config.seed])
                for dataset, reading, run in found
            ]
        ),
        "curves": pd.concat([course(*run) for run in found]),
    }.items():
        write_text(options.output / f"{name}.csv", table.round(2).to_csv(index=False))


if __name__ == "__main__":
    main()
