"""The state of a training run, its checkpoint, and the files that it leaves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import torch
from torch import Tensor

from guidednet.methods import Method
from guidednet.processes.distributed import by_first_rank, gather, rank
from guidednet.support.files import write_text
from guidednet.training import checkpoint

Weights = dict[str, Tensor]


class Stateful(Protocol):
    """An optimiser or a loss scaler: what goes into a checkpoint beside the method."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that `load_state_dict` needs."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from `state_dict`."""


@dataclass
class TrainingState:
    """The state of a training run: steps done, best validation so far, and the curves by step.

    `first_step` is where this session began.
    """

    step: int = 0
    first_step: int = 0
    best_dice: float = -1.0
    best_step: int = 0
    best_weights: Weights = field(default_factory=dict)
    curves: dict[int, dict[str, float]] = field(default_factory=dict)

    def log(self, values: dict[str, float]) -> None:
        """Add `values` to the row of the current step in the curves."""
        self.curves.setdefault(self.step, {}).update(values)

    def keep_if_best(self, validation_dice: float, method: Method) -> None:
        """Log the validation, and copy the weights if no earlier step was as good.

        Without validation cases (NaN) the latest step counts as the best.
        """
        self.log({"validation_dice": validation_dice})
        if validation_dice > self.best_dice or math.isnan(validation_dice):
            self.best_weights = copy_weights(method)
            self.best_dice, self.best_step = validation_dice, self.step


def kept_weights(folder: Path, step: int) -> Path:
    """The file in which a run with `keep_every` keeps the weights of `step`."""
    return folder / "kept" / f"{step:06d}.pt"


def copy_weights(method: Method) -> Weights:
    """A copy of the method's parameters and buffers on the CPU."""
    return {name: value.detach().cpu().clone() for name, value in method.state_dict().items()}


def save_checkpoint(
    path: Path,
    method: Method,
    optimisers: Sequence[Stateful],
    state: TrainingState,
    device: torch.device | str,
) -> None:
    """Write everything that `resume` needs.

    That is weights, optimisers (and a loss scaler), every process's generators, position, best
    weights and curves.
    """
    values = {
        "method": method.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in optimisers],
        "random": gather(checkpoint.random_state(device)),
        "state": vars(state),
    }
    by_first_rank(checkpoint.save_beside_previous, path, values)


def resume(
    path: Path, method: Method, optimisers: Sequence[Stateful], device: torch.device | str
) -> TrainingState:
    """Put method, optimisers and generators where the checkpoint at `path` left them.

    If the checkpoint is damaged, the one before it is used; without any, the state is a fresh one.
    If there are more processes than in the checkpoint, the additional ones keep their fresh
    generators.
    """
    saved = checkpoint.load_newest(path)
    if saved is None:
        return TrainingState()
    method.load_state_dict(saved["method"])
    for optimiser, values in zip(optimisers, saved["optimisers"], strict=True):
        optimiser.load_state_dict(values)
    if rank() < len(saved["random"]):
        checkpoint.restore_random_state(saved["random"][rank()], device)
    return TrainingState(**saved["state"] | {"first_step": saved["state"]["step"]})


def write_results(folder: Path, method: Method, state: TrainingState) -> None:
    """Write the curves, and the weights of the best validation and of the last step.

    The checkpoint stays until the run is recorded.
    """
    write_text(folder / "curves.csv", curves_text(state))
    checkpoint.save(folder / "weights_last.pt", copy_weights(method))
    checkpoint.save(folder / "weights.pt", state.best_weights)


def curves_text(state: TrainingState) -> str:
    """The curves so far as CSV, one line per step that was logged or validated."""
    rows = [{"step": step, **values} for step, values in sorted(state.curves.items())]
    return pd.DataFrame(rows).to_csv(index=False)
