"""Train "Sup only" with several settings of the study, and write what each reached on validation.

    python -m tools.choose_study --data-root DATA --results RESULTS [--jobs N] [--gpu]

Learning rate, flips and steps of the profile `study` are chosen for "Sup only" alone, on the four
validation cases, and are the same for all methods. No test case has a part in the choice. Finished
runs are read, so that the command goes on where it was. It writes figures/study/choice.csv.
"""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import torch

from guidednet.config import RunConfig
from guidednet.runs.environment import REPOSITORY
from guidednet.runs.profiles import profile
from guidednet.runs.side_by_side import train_runs
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.study.real_ct import DATASET, FOLDER
from guidednet.support.files import write_text

LEARNING_RATES, FLIPPED, LONGER = (5e-3, 1e-2, 2e-2, 4e-2), (1, 2), 2
SEEDS = 1


def candidates(seed: int) -> list[RunConfig]:
    """The runs of "Sup only": every learning rate, then the study's with flips and trained longer.

    But for that change, each has the study's settings.
    """
    study = profile("study")
    ratio = study.data[DATASET].at(study.percent / 100)
    start = study.run(DATASET, "supervised", ratio, seed)
    rates = [
        dataclasses.replace(
            start, optimiser=dataclasses.replace(start.optimiser, learning_rate=rate)
        )
        for rate in LEARNING_RATES
    ]
    flipped = dataclasses.replace(start.batch, flip_axes=FLIPPED)
    longer = dataclasses.replace(start.training, steps=LONGER * start.training.steps)
    return [
        *rates,
        dataclasses.replace(start, batch=flipped),
        dataclasses.replace(start, training=longer),
    ]


def reached(config: RunConfig, runs: RunStore) -> dict[str, object]:
    """A line of the table: the settings of a finished run, and its validation Dice in percent."""
    run = runs.get(config, "fail")
    validation = 100 * run.curves().set_index("step")["validation_dice"].dropna()
    return {
        "learning_rate": config.optimiser.learning_rate,
        "flips": "in plane" if config.batch.flip_axes else "none",
        "steps": config.training.steps,
        "seed": config.seed,
        "best_validation": round(validation.max(), 2),
        "best_step": validation.idxmax(),
        "last_validation": round(validation.iloc[-1], 2),
        "device": run.record["device"],
        "run": run.record["key"],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, then write the table of all finished runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-root", type=Path, default=Path("data"))
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--figures", type=Path, default=REPOSITORY / "figures")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--gpu", action="store_true", help="share one GPU among the jobs")
    options = parser.parse_args(arguments)
    workspace = Workspace(profile("study"), options.data_root, options.results, options.figures)
    workspace.cases(DATASET)
    runs = RunStore(workspace, torch.device("cuda" if options.gpu else "cpu"))
    configs = [config for seed in range(SEEDS) for config in candidates(seed)]
    train_runs(runs, configs, options.jobs, int(options.gpu))
    table = pd.DataFrame([reached(config, runs) for config in configs])
    path = options.figures / FOLDER / "choice.csv"
    write_text(path, table.to_csv(index=False))
    print(f"{table.to_string(index=False)}\ntable: {path}")


if __name__ == "__main__":
    main()
