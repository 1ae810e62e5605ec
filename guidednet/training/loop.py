"""The only training loop. It knows nothing about methods: a method's forward is its loss.

A run folder gets `checkpoint.pt` and `curves.csv` during training and, at the end, `weights.pt`
(the step with the best mean Dice on the validation list) and `weights_last.pt`; with `keep_every`
also `kept/<step>.pt`. The test list is never opened here.

With several processes (guidednet.processes.distributed), all run this loop, each on its rows of
every batch, and hold the same state; the first one writes. The weights depend on the number of
processes only through rounding, and through noise and dropout, which each process draws for itself.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from guidednet.config import RunConfig
from guidednet.data.case_store import CaseStore
from guidednet.data.sampling import BatchDataset, batch_loader
from guidednet.data.splits import Split
from guidednet.errors import InputError
from guidednet.methods import Method, MethodSetup, build_method, method_class
from guidednet.optimiser import set_learning_rate, update
from guidednet.processes.distributed import by_first_rank, data_parallel, rank, world_size
from guidednet.training import checkpoint
from guidednet.training.checks import checked, checked_norm, should_check
from guidednet.training.device import accelerated, autocast, loader_workers
from guidednet.training.diagnostics import diagnostics
from guidednet.training.heads import head_steps, train_heads
from guidednet.training.journal import Journal
from guidednet.training.loss_scale import LossScaler
from guidednet.training.state import (
    TrainingState,
    Weights,
    copy_weights,
    kept_weights,
    resume,
    save_checkpoint,
    write_results,
)
from guidednet.training.validation import validation_dice

Progress = Callable[[Iterable, int], Iterable]
SEEDS_PER_RANK = 1_000_000  # keeps a process from drawing what another one draws under another seed


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
    optimisers, scaler = method.optimisers(config.optimiser), LossScaler(training, device)
    checkpoint.seed_everything(config.seed + SEEDS_PER_RANK * rank())
    state = resume(folder / "checkpoint.pt", method, [*optimisers, scaler], device)
    if state.step == 0 and (first := head_steps(config, method)):
        # on batches that the training itself does not reach
        train_heads(method, config, load(training.steps, training.steps + first), device)
    losses = data_parallel(method)
    batches = load(state.step, training.steps)
    recent: list[dict[str, Tensor]] = []  # the terms since the last check, which makes a GPU wait
    with Journal(folder, training.steps) as journal:
        journal.begin(state)
        for loaded in progress(batches, len(batches)):
            batch = loaded.to(device)
            set_learning_rate(
                optimisers, (1 - state.step / training.steps) ** config.optimiser.power
            )
            with autocast(training, device, training=True):
                terms = losses.train()(batch, state.step)
            update(optimisers, sum(terms.values()), scaler)
            method.after_step(state.step)
            state.step += 1
            recent.append({name: value.detach() for name, value in terms.items()})
            if not should_check(training, state.step):
                continue
            values = checked(recent, state.step) | {
                "gradient_norm": checked_norm(optimisers, state.step, scaler)
            }
            recent.clear()
            if state.step % training.log_every == 0:
                with autocast(training, device, training=True):
                    state.log(values | scaler.log() | diagnostics(method, batch))
            if training.keep_every and state.step % training.keep_every == 0:
                path = kept_weights(folder, state.step)
                by_first_rank(checkpoint.save, path, copy_weights(method))
            if state.step % training.validate_every == 0 or state.step == training.steps:
                score = validation_dice(method, config, cases, split.validation, device)
                state.keep_if_best(score, method)
            if state.step % training.checkpoint_every == 0:
                path = folder / "checkpoint.pt"
                save_checkpoint(path, method, [*optimisers, scaler], state, device)
            journal.show(state)
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
