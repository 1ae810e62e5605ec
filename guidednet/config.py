"""What a run is: frozen dataclasses, and their way to JSON and back.

A run's configuration is complete: together with the data and the code it determines every weight.
"""

import dataclasses
import json
import types
import typing
from dataclasses import dataclass, field
from typing import Any, TypeVar

from guidednet.errors import InputError
from guidednet.networks import NetworkConfig
from guidednet.optimiser import OptimiserConfig
from guidednet.sampling import BatchConfig

T = TypeVar("T")
PRECISIONS = ("fp32", "bf16")


@dataclass(frozen=True)
class TrainingConfig:
    """Length and bookkeeping of a training. Steps are optimiser steps; nothing is counted in epochs.

    `ramp_steps` None means `steps`: the unsupervised weight is full at the last step (the released code has
    30,000 and a `ramp_staircase` of 150, see guidednet.losses.ramp). `burn_in_steps` > 0
    starts every network from a supervised training of that many steps that all methods share, at its own rate.
    `keep_every` keeps the weights of every so many steps, for questions that are asked after the training.
    `precision` of the networks is "fp32" or "bf16"; losses are always float32, and so is what a CPU predicts.
    `channels_last` (on a GPU; a CPU always) and `compiled` change how they are computed and, by rounding, what.
    """

    steps: int = 20_000
    ramp_steps: int | None = None
    ramp_staircase: int | None = None
    burn_in_steps: int = 0
    burn_in_learning_rate: float | None = None
    validate_every: int = 200
    checkpoint_every: int = 200
    log_every: int = 20
    keep_every: int | None = None
    precision: str = "fp32"
    channels_last: bool = False
    compiled: bool = False

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise InputError(f"precision is '{self.precision}': use one of {', '.join(PRECISIONS)}")


@dataclass(frozen=True)
class WindowConfig:
    """Sliding window of inference: size and stride (D,H,W) in voxels."""

    size: tuple[int, int, int] = (64, 160, 160)
    stride: tuple[int, int, int] = (32, 80, 80)


@dataclass(frozen=True)
class RunConfig:
    """One training: method and its options, data set and split sizes, networks, batches, optimiser, seed.

    `options` is an instance of the method's own `Config`. `n_unlabelled` 0 trains on labelled cases alone.
    `initialisation` matters for single-network methods; network B of a pair is always "xavier".
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
    initialisation: str = "kaiming"


def to_json(config: Any) -> str:
    """`config` (a dataclass instance) as canonical JSON: every field, sorted keys."""
    return json.dumps(dataclasses.asdict(config), sort_keys=True, indent=1)


def from_dict(kind: type[T], values: dict[str, Any]) -> T:
    """The dataclass `kind` with the fields of `values`; lists become tuples, nested dictionaries dataclasses.

    Raises InputError for a field that `kind` does not have.
    """
    known = {item.name for item in dataclasses.fields(kind)}
    if unknown := set(values) - known:
        raise InputError(f"{kind.__name__} has no field '{min(unknown)}': use one of {', '.join(sorted(known))}")
    hints = typing.get_type_hints(kind)
    return kind(**{name: _restore(hints[name], value) for name, value in values.items()})


def _restore(hint: Any, value: Any) -> Any:
    if isinstance(hint, types.UnionType):
        hint = next((choice for choice in typing.get_args(hint) if choice is not types.NoneType), hint)
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return from_dict(hint, value)
    return tuple(value) if isinstance(value, list) else value
