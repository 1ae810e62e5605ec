"""How far results on another kind of CPU differ from those on this one.

Supervised trainings use this CPU's vector instructions, or only SSE4, which nearly every x86-64 CPU
has. Data are the same, and there is one thread; only the rounding of sums differs, which a training
then amplifies. This also indicates what to expect of a GPU, which adds in yet another order.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from benchmarks.bench_precision import config_of
from guidednet.processes.workers import cores
from guidednet.runs.side_by_side import train_runs
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import open_workspace

SEEDS = 3
OTHER_CPU = {
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
}


def measure(quick: bool = False) -> list[dict[str, Any]]:
    """Two rows, for the first loss and for validation Dice.

    Each has the means of both CPUs and the largest difference between them over seeds.
    """
    profile, seeds = ("smoke", 1) if quick else ("quick", SEEDS)
    prepared = open_workspace(profile)
    prepared.cases("flare22")
    with TemporaryDirectory(prefix="guidednet-") as folder:
        found = [
            _results(prepared.store_folder("flare22"), Path(folder) / name, profile, seeds, how)
            for name, how in _cpus().items()
        ]
    return [
        _row(
            f"first loss of {seeds} seeds of Sup only, {profile}",
            "",
            [one["loss"] for one in found],
            digits=7,
        ),
        _row(
            f"validation Dice of {seeds} seeds of Sup only, {profile}",
            "%",
            [one["dice"] for one in found],
            digits=2,
        ),
    ]


def _cpus() -> dict[str, dict[str, str]]:
    """Environment variables to add for each kind of CPU."""
    return {"this": {}, "other": OTHER_CPU}


def _results(
    prepared: Path, results: Path, profile: str, seeds: int, how: dict[str, str]
) -> pd.DataFrame:
    """First loss and best validation Dice (%) by seed, trained with `how` in the environment."""
    shutil.copytree(prepared, results / "stores" / profile / "flare22")
    subprocess.run(
        [sys.executable, "-m", __name__, profile, str(seeds), str(results)],
        env=os.environ | how,
        check=True,
    )
    return pd.read_csv(results / "results.csv")


def _row(what: str, unit: str, values: list[pd.Series], digits: int) -> dict[str, Any]:
    ours, theirs = values
    spread = ours.max() - ours.min()
    numbers = {
        "ours": ours.mean(),
        "theirs": theirs.mean(),
        "largest difference": (ours - theirs).abs().max(),
        "spread of seeds": spread,
    }
    holds = len(ours) == 1 or bool(numbers["largest difference"] <= spread)
    shown = {name: round(float(value), digits) for name, value in numbers.items()}
    return {
        "what": what,
        "unit": unit,
        "other": "SSE4 alone",
        **shown,
        "seeds": len(ours),
        "holds": holds,
        "threads": 1,
    }


def main() -> None:
    """Train the seeds in the results folder given by argv, and write the file `_results` reads."""
    profile, seeds, results = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    workspace = open_workspace(profile, results=results)
    store = RunStore(workspace, "cpu")
    configs = [config_of(workspace.profile, seed, "fp32") for seed in range(seeds)]
    train_runs(store, configs, cores())
    runs = [store.get(config, "fail") for config in configs]
    rows = [
        {
            "loss": run.loss_terms().sum(axis=1).iloc[0],
            "dice": 100 * run.record["best_validation_dice"],
        }
        for run in runs
    ]
    pd.DataFrame(rows).to_csv(results / "results.csv", index=False)


if __name__ == "__main__":
    main()
