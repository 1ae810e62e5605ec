"""The exceptions that a user is meant to read."""

from collections.abc import Iterator
from contextlib import contextmanager


class InputError(Exception):
    """Something the user gave cannot be used.

    The message is one sentence that names the file or option and the fix. The command line prints
    it without a traceback and ends with status 2.
    """


def input_error(sentences: list[str], headline: str) -> InputError:
    """The error that says `sentences`: a single one as it is, several below `headline`, one a line."""
    return InputError(sentences[0] if len(sentences) == 1 else "\n  ".join([headline, *sentences]))


@contextmanager
def naming(source: object) -> Iterator[None]:
    """Within it, the sentence of an InputError begins with `source`, the file that its reason was
    found in.
    """
    try:
        yield
    except InputError as error:
        raise InputError(f"{source}: {error}") from error


class FailedError(Exception):
    """Something that began well has failed: a training that diverges, a notebook with a failing
    cell.

    The message is one sentence that names it. The command line prints it without a traceback and
    ends with status 1.
    """
