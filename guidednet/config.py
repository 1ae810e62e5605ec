"""What a run is: frozen dataclasses, and their way to JSON and back.

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
Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True)
class TrainingConfig:
    """Length and bookkeeping of a training. Steps are optimiser steps; nothing is counted in
    epochs.

    `ramp_steps` None means `steps`: the unsupervised weight is full at the last step (the released
    code has 30,000 and a `ramp_staircase` of 150, see guidednet.losses.ramp). `warm_start_steps` > 0
    starts every network from a supervised training of that many steps that all methods share, at
    its own rate. `keep_every` keeps the weights of every so many steps, for questions that are
    asked after the training. `precision` of the networks is "fp32" or "bf16"; losses are always
    float32, and so is what a CPU predicts. `channels_last` (on a GPU; a CPU always) and `compiled`
    change how they are computed and, by rounding, what.
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
    channels_last: bool = False
    compiled: bool = False

    def __post_init__(self) -> None:
        check_choices(self)


@dataclass(frozen=True)
class RunConfig:
    """One training: method and its options, data set and split sizes, networks, batches, optimiser,
    seed.

    `options` is an instance of the method's own `Config`. `n_unlabelled` 0 trains on labelled cases
    alone. `initialisation` matters for single-network methods; network B of a pair is always
    "xavier". Raises InputError for numbers that no training can have.
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

    def __post_init__(self) -> None:
        for name, number, least in (
            ("seed", self.seed, 0),
            ("n_labelled", self.n_labelled, 1),
            ("n_unlabelled", self.n_unlabelled, 0),
            ("network width", self.network.width, 1),
            ("network depth", self.network.depth, 1),
            ("training steps", self.training.steps, 1),
        ):
            if number < least:
                raise InputError(f"{name} is {number}: give a whole number from {least} on")
        divisor = 2 ** (self.network.depth - 1)
        for name, sides in (("crop", self.batch.crop), ("window size", self.window.size)):
            if any(side < 1 or side % divisor for side in sides):
                raise InputError(
                    f"{name} is {sides}: a network of depth {self.network.depth} needs multiples of {divisor}"
                )
        check_choices(self)

    @property
    def organs(self) -> OrganSet:
        """The labels of the run's data set."""
        return organ_set(self.dataset)

    @property
    def num_classes(self) -> int:
        """K: the organs and the background."""
        return self.organs.num_classes


def to_json(config: Any) -> str:
    """`config` (a dataclass instance) as canonical JSON: every field, sorted keys."""
    return json.dumps(dataclasses.asdict(config), sort_keys=True, indent=1)


def from_dict(kind: type[T], values: dict[str, Any]) -> T:
    """The dataclass `kind` with the fields of `values`; lists become tuples, nested dictionaries
    dataclasses.

    Raises InputError for a field that `kind` does not have, for one that is missing and for a value
    of another type.
    """
    if not isinstance(values, dict):
        raise InputError(
            f"{kind.__name__} is {reprlib.repr(values)}, but must have its fields by name"
        )
    fields = {item.name: item for item in dataclasses.fields(kind)}
    if unknown := set(values) - set(fields):
        raise InputError(
            f"{kind.__name__} has no field '{min(map(str, unknown))}': use one of {', '.join(sorted(fields))}"
        )
    needed = {
        name
        for name, item in fields.items()
        if item.default is item.default_factory is dataclasses.MISSING
    }
    if missing := needed - set(values):
        raise InputError(f"{kind.__name__} lacks the field '{min(missing)}'; add it")
    hints = typing.get_type_hints(kind)
    return kind(
        **{
            name: _restore(f"{kind.__name__}: {name}", hints[name], value)
            for name, value in values.items()
        }
    )


def _restore(name: str, hint: Any, value: Any) -> Any:
    """The value of type `hint` that `value` is in JSON; raises InputError, which calls it `name`,
    where it is none.
    """
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
        return tuple(_restore(name, kinds[0], entry) for entry in value)
    # a method of a user's may have other types, which are not looked into
    known = hint is not Any and (kinds or isinstance(hint, type))
    if not known or type(value) is hint or (hint is float and type(value) is int):
        return value
    raise InputError(
        f"{name} is {reprlib.repr(value)}, but must be {hint if kinds else f'a value of type {hint.__name__}'}"
    )


def _restore_one_of(name: str, choices: tuple[Any, ...], value: Any) -> Any:
    """`_restore` by the first of `choices` that takes `value`; raises the first one's InputError
    where none does.
    """
    for choice in choices[1:]:
        with contextlib.suppress(InputError):
            return _restore(name, choice, value)
    return _restore(name, choices[0], value)
