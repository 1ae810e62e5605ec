"""The exceptions that users are meant to read, and the sentences that several places share.

Every message is one sentence that names the file, option or run and the fix. The command line
prints it without a traceback and exits with the exception's `status`.
"""

import difflib
import typing
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, TypeVar, overload

Value = TypeVar("Value")


class CompanionError(Exception):
    """The base class of all errors that this package raises for its users."""

    status = 1


class InputError(CompanionError):
    """Something the user gave cannot be used."""

    status = 2


class DamagedFileError(InputError):
    """A file of weights was truncated or changed after it was written."""


class FailedError(CompanionError):
    """An operation failed after a valid start."""


class RunFailedError(FailedError):
    """One training run failed, which says nothing about others."""


class OutOfMemoryError(RunFailedError):
    """A training needs more memory than there is; the message names changes that would fit."""


class NonFiniteLossError(RunFailedError):
    """A loss term or the gradient is NaN or infinite; the message names the step and the term."""


class WorkerLostError(FailedError):
    """A worker process was killed from outside, most often because memory ran out."""


class NotebookError(FailedError):
    """A notebook cell failed; the message names the notebook, the cell and the error."""


def in_one_line(error: BaseException) -> str:
    """The kind of an unexpected error and the first line of its message."""
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}".removesuffix(": ")


def input_error(sentences: list[str], headline: str) -> InputError:
    """An error that says `sentences`.

    A single sentence is the whole message; several are listed below `headline`, one per line.
    """
    return InputError(sentences[0] if len(sentences) == 1 else "\n  ".join([headline, *sentences]))


@contextmanager
def naming(source: object) -> Iterator[None]:
    """Begin the message of any InputError raised inside the block with `source`."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{source}: {error}") from error


@overload
def one_of(kind: str, name: str, choices: Mapping[str, Value]) -> Value: ...
@overload
def one_of(kind: str, name: str, choices: Iterable[str]) -> str: ...
def one_of(kind: str, name: str, choices: Mapping[str, Any] | Iterable[str]) -> Any:
    """The value of `choices` for `name`, or `name` itself if `choices` is not a mapping.

    For any other name, raises InputError, which calls it a `kind` and suggests the nearest choice.
    """
    known = list(choices)
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise InputError(f"unknown {kind} '{name}': use one of {', '.join(known)}{hint}")
    return choices[name] if isinstance(choices, Mapping) else name


def check_choices(config: Any) -> None:
    """Raise InputError if a field of the dataclass `config` violates its Literal type."""
    for name, hint in typing.get_type_hints(type(config)).items():
        if typing.get_origin(hint) is Literal:
            one_of(name, getattr(config, name), typing.get_args(hint))
