"""Run configurations as frozen dataclasses, and their conversion to JSON and back.

A run's configuration is complete: together with the data and the code it determines every weight.
"""

import contextlib
import dataclasses
import json
import reprlib
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from guidednet.data.datasets import organ_set
from guidednet.data.organs import OrganSet
from guidednet.data.sampling import BatchConfig
from guidednet.errors import InputError, check_choices
from guidednet.inference import WindowConfig
from guidednet.networks import Initialisation, NetworkConfig
from guidednet.optimiser import OptimiserConfig

T = TypeVar("T")
Precision = Literal["fp32", "bf16", "fp16"]


@dataclass(frozen=True)
class TrainingConfig:
    """Length and bookkeeping of a training run, counted in optimiser steps, never in epochs.

    `steps` is the length. Every `validate_every` steps the validation cases are segmented, which
    selects the best step; every `checkpoint_every` steps the state is saved, and every `log_every`
    steps the curves get a row.

    `ramp_steps` None means `steps`: the unsupervised weight is full at the last step (the released
    code uses 30,000 and a `ramp_staircase` of 150, see guidednet.losses.ramp). With
    `warm_start_steps` > 0 every network starts from a supervised run of that many steps, which all
    methods share and which has its own learning rate (`warm_start_learning_rate`, by default the
    optimiser's); it does not fall. `keep_every` keeps the weights every so many steps, for
    questions asked after the training. `precision` of the networks is "fp32", "bf16", or "fp16" for
    GPUs without bf16; losses are always computed in float32, and so are predictions on a CPU. With
    `accumulate` > 1 the networks take the rows of a batch in so many parts: less memory, more time,
    the same losses but for rounding. `channels_last` (on a GPU; a CPU always uses it) and
    `compiled` change how the networks are computed and, through rounding, their output.
    `omits_absent_classes`: a class of which no labelled case has a voxel takes part in no loss, no
    class weight and no score.
    """

    steps: int = 20_000
    ramp_steps: int | None = None
    ramp_staircase: int | None = None
    warm_start_steps: int = 0
    warm_start_learning_rate: float | None = None
    validate_every: int = 200
    checkpoint_every: int = 200
    log_every: int = 20
    keep_every: int | None = None
    precision: Precision = "fp32"
    accumulate: int = 1
    channels_last: bool = False
    compiled: bool = False
    omits_absent_classes: bool = True

    def __post_init__(self) -> None:
        check_choices(self)


@dataclass(frozen=True)
class RunConfig:
    """One training run: method, options, data set, split sizes, networks, batches, optimiser, seed.

    `dataset` is the name of the data set and `method` that of the method. `n_labelled` is the
    number of labelled training cases. `seed` fixes every random number. `network`, `batch`,
    `optimiser`, `training` and `window` hold further fields. `options` is an instance of the
    method's own `Config`. `n_unlabelled` 0 trains on labelled cases alone. `initialisation` applies
    to single-network methods; networks A and B of a pair are always "kaiming" and "xavier".
    `partition` says which cases train: those of the data set's lists ("split"), one of several
    folds ("fold 1 of 3"), or "all". Raises InputError for numbers that no run can have.
    """

    dataset: str
    method: str
    options: Any
    n_labelled: int
    n_unlabelled: int
    seed: int
    network: NetworkConfig = field(default_factory=NetworkConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    window: WindowConfig = field(default_factory=WindowConfig)
    initialisation: Initialisation = "kaiming"
    partition: str = "split"

    def __post_init__(self) -> None:
        for name, number, least in (
            ("seed", self.seed, 0),
            ("n_labelled", self.n_labelled, 1),
            ("n_unlabelled", self.n_unlabelled, 0),
            ("network width", self.network.width, 1),
            ("network depth", self.network.depth, 1),
            ("training steps", self.training.steps, 1),
            ("accumulate", self.training.accumulate, 1),
        ):
            if number < least:
                raise InputError(
                    f"{name}: {number} is too small; give a whole number of at least {least}"
                )
        divisor = 2 ** (self.network.depth - 1)
        for name, sides in (("crop", self.batch.crop), ("window size", self.window.size)):
            if any(side < 1 or side % divisor for side in sides):
                raise InputError(
                    f"{name}: {sides} does not suit a network of depth {self.network.depth}; "
                    f"use multiples of {divisor}"
                )
        check_choices(self)
        check_ranges(self)

    @property
    def organs(self) -> OrganSet:
        """The organs of the run's data set and their label ids."""
        return organ_set(self.dataset)

    @property
    def num_classes(self) -> int:
        """K: the number of organs plus the background."""
        return self.organs.num_classes


def check_ranges(config: RunConfig) -> None:
    """Raise InputError for a number outside the range in which a training means anything."""
    batch, optimiser, training = config.batch, config.optimiser, config.training
    for name, number, least, most in (
        ("network.dropout", config.network.dropout, 0, 1),
        ("batch.labelled", batch.labelled, 1, None),
        ("batch.unlabelled", batch.unlabelled, 1, None),
        *(("batch.flip_axes", axis, 0, 2) for axis in batch.flip_axes),
        ("optimiser.learning_rate", optimiser.learning_rate, 0, None),
        ("optimiser.momentum", optimiser.momentum, 0, 1),
        ("optimiser.weight_decay", optimiser.weight_decay, 0, None),
        ("training.warm_start_steps", training.warm_start_steps, 0, None),
        ("training.validate_every", training.validate_every, 1, None),
        ("training.checkpoint_every", training.checkpoint_every, 1, None),
        ("training.log_every", training.log_every, 1, None),
        ("training.keep_every", training.keep_every, 1, None),
        ("training.ramp_steps", training.ramp_steps, 1, None),
        ("training.ramp_staircase", training.ramp_staircase, 1, None),
    ):
        if number is not None and (number < least or (most is not None and number > most)):
            limits = f"of at least {least}" if most is None else f"from {least} to {most}"
            raise InputError(f"{name}: {number} is out of range; give a number {limits}")


def to_json(config: Any) -> str:
    """`config` (a dataclass instance) as canonical JSON: every field, sorted keys."""
    return json.dumps(dataclasses.asdict(config), sort_keys=True, indent=1)


def from_dict(kind: type[T], values: dict[str, Any]) -> T:
    """Build the dataclass `kind` from `values`: lists become tuples, dictionaries dataclasses.

    Raises InputError for a field that `kind` does not have, a missing field, or a value of another
    type.
    """
    if not isinstance(values, dict):
        raise InputError(
            f"{kind.__name__}: {reprlib.repr(values)} is not a dictionary; give its fields by name"
        )
    fields = {item.name: item for item in dataclasses.fields(kind)}
    if unknown := set(values) - set(fields):
        raise InputError(
            f"{kind.__name__}: it has no field '{min(map(str, unknown))}'; "
            f"use one of {', '.join(sorted(fields))}"
        )
    needed = {
        name
        for name, item in fields.items()
        if item.default is item.default_factory is dataclasses.MISSING
    }
    if missing := needed - set(values):
        raise InputError(f"{kind.__name__}: the field '{min(missing)}' is missing; add it")
    hints = typing.get_type_hints(kind)
    return kind(
        **{
            name: restore(f"{kind.__name__}: {name}", hints[name], value)
            for name, value in values.items()
        }
    )


def restore(name: str, hint: Any, value: Any) -> Any:
    """Convert JSON `value` to type `hint`; raises InputError about `name` if it does not fit."""
    if typing.get_origin(hint) in {types.UnionType, typing.Union}:
        return _restore_one_of(name, typing.get_args(hint), value)
    if dataclasses.is_dataclass(hint):
        return from_dict(hint, value)
    kinds = typing.get_args(hint) if typing.get_origin(hint) is tuple else ()
    if (
        kinds
        and isinstance(value, list | tuple)
        and (kinds[-1] is Ellipsis or len(value) == len(kinds))
    ):
        return tuple(restore(name, kinds[0], entry) for entry in value)
    # a user's own method may have options of other types, which are not checked
    known = hint is not Any and (kinds or isinstance(hint, type))
    if not known or type(value) is hint or (hint is float and type(value) is int):
        return value
    raise InputError(
        f"{name} is {reprlib.repr(value)}; "
        f"give {hint if kinds else f'a value of type {hint.__name__}'}"
    )


def _restore_one_of(name: str, choices: tuple[Any, ...], value: Any) -> Any:
    """Convert `value` to one of `choices`; the first is tried last, so that its error is raised."""
    for choice in choices[1:]:
        with contextlib.suppress(InputError):
            return restore(name, choice, value)
    return restore(name, choices[0], value)
