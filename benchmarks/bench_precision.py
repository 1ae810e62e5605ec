"""Whether networks learn as much in bf16 as in float32: supervised trainings by validation Dice.

They use profile reference on a GPU, else profile quick, which a CPU can train too. The runs go to
the run store like any others, so a second call finds them. Dice is the mean over organs in percent;
the difference should lie within the spread of the seeds.
"""

import dataclasses
from typing import Any

import pandas as pd
import torch

from guidednet.config import RunConfig
from guidednet.processes.workers import cores
from guidednet.runs.profiles import Profile
from guidednet.runs.side_by_side import train_runs
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import open_workspace

SEEDS = 3


def config_of(profile: Profile, seed: int, precision: str) -> RunConfig:
    """A supervised training from scratch on FLARE22's labelled cases.

    If the profile has a warm start, its number of steps and learning rate are used.
    """
    run = profile.run("flare22", "supervised", profile.data["flare22"].ratios[1], seed)
    plan = dataclasses.replace(
        run.training,
        precision=precision,
        warm_start_steps=0,
        steps=run.training.warm_start_steps or run.training.steps,
    )
    rate = run.training.warm_start_learning_rate or run.optimiser.learning_rate
    return dataclasses.replace(
        run, training=plan, optimiser=dataclasses.replace(run.optimiser, learning_rate=rate)
    )


def measure(quick: bool = False) -> list[dict[str, Any]]:
    """One row: mean validation Dice in bf16 and in float32, its sd over seeds, and the difference.

    The row also has the range of the float32 seeds and the numbers of seeds and validation cases.
    """
    on_gpu = torch.cuda.is_available()
    workspace = open_workspace("smoke" if quick else "reference" if on_gpu else "quick")
    store = RunStore(workspace, "cuda" if on_gpu else "cpu")
    runs = {
        name: [config_of(workspace.profile, seed, name) for seed in range(1 if quick else SEEDS)]
        for name in ("bf16", "fp32")
    }
    train_runs(store, runs["bf16"] + runs["fp32"], 1 if on_gpu else cores())
    dice = {
        name: [100 * store.get(config).record["best_validation_dice"] for config in configs]
        for name, configs in runs.items()
    }
    means = {name: sum(found) / len(found) for name, found in dice.items()}
    spread = max(dice["fp32"]) - min(dice["fp32"])
    difference = means["bf16"] - means["fp32"]
    sd = {name: pd.Series(found).std() for name, found in dice.items()}
    row = {
        "ours": means["bf16"],
        "sd ours": sd["bf16"],
        "theirs": means["fp32"],
        "sd theirs": sd["fp32"],
        "difference": difference,
    }
    cases = len(store.split(runs["fp32"][0]).validation)
    return [
        {
            "what": f"validation Dice of {len(runs['bf16'])} seeds of Sup only, "
            f"{workspace.profile.name}",
            "unit": "%",
            "other": "float32",
        }
        | {name: round(value, 2) for name, value in (row | {"spread of seeds": spread}).items()}
        | {
            "seeds": len(runs["bf16"]),
            "validation cases": cases,
            "holds": abs(difference) <= spread,
            "threads": 1,
        }
    ]
