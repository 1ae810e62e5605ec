"""The only training loop. It knows nothing about methods: a method's forward is its loss.

A run folder gets `checkpoint.pt` during training and, at the end, `weights.pt` (the step with the
best mean Dice on the validation list), `weights_last.pt` and `curves.csv`; with `keep_every` also
`kept/<step>.pt`. The test list is never opened here.

With several processes (guidednet.processes.distributed), all run this loop, each on its rows of
every batch, and hold the same state; the first one writes. The weights depend on the number of
processes only through rounding, and through noise and dropout, which each process draws for itself.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from guidednet.config import RunConfig, TrainingConfig
from guidednet.data.case_store import CaseStore
from guidednet.data.sampling import BatchDataset, batch_loader
from guidednet.data.splits import Split
from guidednet.errors import InputError, NonFiniteLossError
from guidednet.inference import predict_labels
from guidednet.methods import Method, MethodSetup, build_method, method_class
from guidednet.metrics.overlap import dice
from guidednet.optimiser import gradient_norm, set_learning_rate, update
from guidednet.processes.distributed import (
    by_first_rank,
    data_parallel,
    gather,
    map_over_ranks,
    rank,
    world_size,
)
from guidednet.support.files import write_text
from guidednet.training import checkpoint
from guidednet.training.device import accelerated, autocast, loader_workers
from guidednet.training.diagnostics import diagnostics
from guidednet.training.heads import head_steps, train_heads

Progress = Callable[[Iterable, int], Iterable]
Weights = dict[str, Tensor]
SEEDS_PER_RANK = 1_000_000  # keeps a process from drawing what another one draws under another seed


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


def train(
    config: RunConfig,
    cases: CaseStore,
    split: Split,
    folder: Path,
    warm_start: dict[str, Weights] | None = None,
    device: torch.device | str = "cpu",
    progress: Progress = lambda batches, total: batches,
) -> TrainingState:
    """Train `config` on the labelled and unlabelled cases of `split`, from a checkpoint if any.

    `warm_start` gives initial weights by initialisation; `progress` wraps the iteration over steps,
    as tqdm does. Raises NonFiniteLossError for the first loss term or gradient that is not finite,
    before it is logged, validated or saved; InputError for more processes than rows to share.
    """
    training = config.training
    refuse_idle_processes(config, world_size())
    method = accelerated(make_method(config, cases.class_voxels(split.labelled)), training, device)
    method.start_from(warm_start or {})
    workers = loader_workers(device, config.batch.crop)
    load = partial(
        batch_loader,
        batch_dataset(config, cases, split, method),
        workers=workers,
        pin_memory=workers > 0,
    )
    optimisers = method.optimisers(config.optimiser)
    checkpoint.seed_everything(config.seed + SEEDS_PER_RANK * rank())
    state = resume(folder / "checkpoint.pt", method, optimisers, device)
    if state.step == 0 and (first := head_steps(config, method)):
        # on batches that the training itself does not reach
        train_heads(method, config, load(training.steps, training.steps + first), device)
    losses = data_parallel(method)
    batches = load(state.step, training.steps)
    recent: list[dict[str, Tensor]] = []  # the terms since the last check, which makes a GPU wait
    for loaded in progress(batches, len(batches)):
        batch = loaded.to(device)
        set_learning_rate(optimisers, (1 - state.step / training.steps) ** config.optimiser.power)
        with autocast(training, device, training=True):
            terms = losses.train()(batch, state.step)
        update(optimisers, sum(terms.values()))
        method.after_step(state.step)
        state.step += 1
        recent.append({name: value.detach() for name, value in terms.items()})
        if should_check(training, state.step):
            values = checked(recent, state.step) | {
                "gradient_norm": checked_norm(optimisers, state.step)
            }
            recent.clear()
        if state.step % training.log_every == 0:
            with autocast(training, device, training=True):
                state.log(values | diagnostics(method, batch))
        if training.keep_every and state.step % training.keep_every == 0:
            by_first_rank(checkpoint.save, kept_weights(folder, state.step), copy_weights(method))
        if state.step % training.validate_every == 0 or state.step == training.steps:
            state.keep_if_best(
                validation_dice(method, config, cases, split.validation, device), method
            )
        if state.step % training.checkpoint_every == 0:
            save_checkpoint(folder / "checkpoint.pt", method, optimisers, state, device)
    by_first_rank(write_results, folder, method, state)
    return state


def batch_dataset(
    config: RunConfig, cases: CaseStore, split: Split, method: Method
) -> BatchDataset:
    """The batches of a run of `method`, of which this process gets its rows."""
    unlabelled = split.unlabelled if method.uses_unlabelled else ()
    maps = config.num_classes if method.uses_distance_maps else 0
    return BatchDataset(
        cases, split.labelled, unlabelled, config.batch, config.seed, maps, rank(), world_size()
    )


def kept_weights(folder: Path, step: int) -> Path:
    """The file in which a run with `keep_every` keeps the weights of `step`."""
    return folder / "kept" / f"{step:06d}.pt"


def refuse_idle_processes(config: RunConfig, processes: int) -> None:
    """Raise InputError if one of `processes` processes would have no row of a batch."""
    batch = config.batch
    with_unlabelled = method_class(config.method).uses_unlabelled and config.n_unlabelled > 0
    rows = min(batch.labelled, batch.unlabelled) if with_unlabelled else batch.labelled
    if processes > rows:
        raise InputError(
            f"{processes} processes cannot share the {rows} rows of a batch; "
            f"use at most {rows}, or larger batches"
        )


def make_method(config: RunConfig, labelled_voxels: np.ndarray | None = None) -> Method:
    """The method of `config` with freshly initialised networks.

    `labelled_voxels` (K,) counts the voxels of each class over the labelled cases. Without it,
    running statistics start from equal counts, which is enough if trained weights are loaded next.
    Raises InputError for an unknown method.
    """
    num_classes = config.num_classes
    setup = MethodSetup(
        num_classes=num_classes,
        network=config.network,
        ramp_steps=config.training.ramp_steps or config.training.steps,
        seed=config.seed,
        labelled_voxels=torch.ones(num_classes)
        if labelled_voxels is None
        else torch.tensor(labelled_voxels),
        steps=config.training.steps,
        crop=config.batch.crop,
        initialisation=config.initialisation,
        ramp_staircase=config.training.ramp_staircase,
        omits_absent_classes=config.training.omits_absent_classes,
    )
    return build_method(config.method, setup, config.options)


def should_check(training: TrainingConfig, step: int) -> bool:
    """Whether the state after `step` steps is logged, validated or saved."""
    every = (
        training.log_every,
        training.validate_every,
        training.checkpoint_every,
        training.keep_every or training.steps,
        training.steps,
    )
    return any(step % number == 0 for number in every)


def checked(recent: list[dict[str, Tensor]], step: int) -> dict[str, float]:
    """The last of the `recent` loss terms, which belong to the steps before `step`, as numbers.

    Raises NonFiniteLossError if one of them is NaN or infinite.
    """
    values = torch.stack(
        [torch.stack([value.double() for value in terms.values()]) for terms in recent]
    ).cpu()
    names = list(recent[-1])
    for place, term in torch.nonzero(~values.isfinite()).tolist()[:1]:
        found, where = values[place, term].item(), step - len(recent) + place
        raise NonFiniteLossError(
            f"loss term '{names[term]}' is {found} at step {where}; "
            "lower the learning rate or check the data"
        )
    return dict(zip(names, values[-1].tolist(), strict=True))


def checked_norm(optimisers: Iterable[torch.optim.Optimizer], step: int) -> float:
    """Euclidean norm of the gradient of the step before `step`.

    Raises NonFiniteLossError if it is NaN or infinite.
    """
    norm = gradient_norm(optimisers)
    if not math.isfinite(norm):
        raise NonFiniteLossError(
            f"the gradient's norm is {norm} at step {step - 1}; "
            "lower the learning rate or check the data"
        )
    return norm


def validation_dice(
    method: Method,
    config: RunConfig,
    cases: CaseStore,
    case_ids: Sequence[str],
    device: torch.device | str,
) -> float:
    """Mean Dice (0 to 1) of the primary predictor on `case_ids`.

    The mean is taken for each organ over the cases that have it, and then over organs.
    """
    method.eval()
    num_classes = config.num_classes
    network = method.predictors()["primary"]

    def score(case: str) -> np.ndarray:
        with autocast(config.training, device, training=False):
            prediction = predict_labels(
                network, cases.image(case), config.window, num_classes, device
            )
        scores = dice(prediction, cases.label(case), num_classes)
        return np.where(method.absent()[1:], np.nan, scores)

    if not case_ids:
        return float("nan")
    per_case = map_over_ranks(score, case_ids)
    # pandas leaves out NaN (organ absent from the reference)
    return float(pd.DataFrame(per_case).mean().mean())


def copy_weights(method: Method) -> Weights:
    """A copy of the method's parameters and buffers on the CPU."""
    return {name: value.detach().cpu().clone() for name, value in method.state_dict().items()}


def save_checkpoint(
    path: Path,
    method: Method,
    optimisers: list[torch.optim.Optimizer],
    state: TrainingState,
    device: torch.device | str,
) -> None:
    """Write everything that `resume` needs.

    That is weights, optimisers, every process's generators, position, best weights and curves.
    """
    values = {
        "method": method.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in optimisers],
        "random": gather(checkpoint.random_state(device)),
        "state": vars(state),
    }
    by_first_rank(checkpoint.save_beside_previous, path, values)


def resume(
    path: Path, method: Method, optimisers: list[torch.optim.Optimizer], device: torch.device | str
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
    rows = [{"step": step, **values} for step, values in sorted(state.curves.items())]
    write_text(folder / "curves.csv", pd.DataFrame(rows).to_csv(index=False))
    checkpoint.save(folder / "weights_last.pt", copy_weights(method))
    checkpoint.save(folder / "weights.pt", state.best_weights)
