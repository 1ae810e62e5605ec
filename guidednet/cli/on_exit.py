"""--on-exit: a command of the user's own after one of ours, whichever way that ended."""

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from types import FrameType

TERMINATED = 128 + 15  # the exit status of a process that SIGTERM ended


def words_of(text: str) -> list[str]:
    """The program and the arguments in `text`, which no shell reads.

    Raises ArgumentTypeError for an open quotation mark or a program that is not here.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}': {error}; close the quotation mark") from error
    if not words or shutil.which(words[0]) is None:
        program = words[0] if words else text
        raise argparse.ArgumentTypeError(f"'{program}' is no program here; give its path")
    return words


def followed(options: Namespace, work: Callable[[Namespace], int]) -> int:
    """The exit status of `work(options)`, after which the user's command has run.

    It also runs after SIGTERM, which clusters send when a task's time is over.
    """
    before, status = signal.signal(signal.SIGTERM, _end), 1
    try:
        status = work(options)
    except SystemExit as end:
        status = end.code
    finally:
        signal.signal(signal.SIGTERM, before)
        if os.environ.get("RANK", "0") == "0":  # once, not in every process of torchrun
            _run(options.on_exit, {"{status}": status, "{run}": getattr(options, "trained", "")})
    return status


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(TERMINATED)


def _run(words: list[str], values: dict[str, object]) -> None:
    for name, value in values.items():
        words = [word.replace(name, str(value)) for word in words]
    done = subprocess.run(words, check=False)
    if done.returncode:
        print(f"guidednet: --on-exit ended with status {done.returncode}", file=sys.stderr)
