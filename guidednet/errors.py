"""The exceptions that a user is meant to read, and the sentences that several places share.

Every message is one sentence that names the file, option or run and the fix. The command line
prints it without a traceback and ends with the exception's `status`.
"""

import difflib
import typing
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, TypeVar, overload

Value = TypeVar("Value")


class CompanionError(Exception):
    """What this package raises for its users."""

    status = 1


class InputError(CompanionError):
    """Something the user gave cannot be used."""

    status = 2


class DamagedFileError(InputError):
    """A file of weights that was cut off or changed after it was written."""


class FailedError(CompanionError):
    """Something that began well has failed."""


class NonFiniteLossError(FailedError):
    """A loss term or the gradient is NaN or infinite; the message names the step and the term."""


class WorkerLostError(FailedError):
    """A worker process was killed from outside, most often because memory ran out."""


class NotebookError(FailedError):
    """A cell of a notebook failed; the message names notebook, cell and error."""


def input_error(sentences: list[str], headline: str) -> InputError:
    """The error that says `sentences`: a single one as it is, several below `headline`, one a line."""
    return InputError(sentences[0] if len(sentences) == 1 else "\n  ".join([headline, *sentences]))


@contextmanager
def naming(source: object) -> Iterator[None]:
    """Prefix any InputError raised inside with `source`, the file it came from."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{source}: {error}") from error


@overload
def one_of(kind: str, name: str, choices: Mapping[str, Value]) -> Value: ...
@overload
def one_of(kind: str, name: str, choices: Iterable[str]) -> str: ...
def one_of(kind: str, name: str, choices: Mapping[str, Any] | Iterable[str]) -> Any:
    """What `choices` holds under `name`, or `name` itself where they are no mapping.

    Raises InputError, which calls it a `kind` and suggests the nearest choice, for any other name.
    """
    known = list(choices)
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise InputError(f"unknown {kind} '{name}': use one of {', '.join(known)}{hint}")
    return choices[name] if isinstance(choices, Mapping) else name


def check_choices(config: Any) -> None:
    """Raise InputError for a field of the dataclass `config` that its Literal type does not allow."""
    for name, hint in typing.get_type_hints(type(config)).items():
        if typing.get_origin(hint) is Literal:
            one_of(name, getattr(config, name), typing.get_args(hint))
