"""The command line, `guidednet COMMAND`.

`guidednet --help` lists the commands; each room of this folder has its own.
"""

import argparse
import os
import sys

from guidednet.cli import data, models, nnunet, reproduction, runs, settings, split, trust, watch
from guidednet.cli.on_exit import followed
from guidednet.errors import CompanionError
from guidednet.support.files import OF_THE_DISK
from guidednet.support.progress import close_bars

# Packages that guidednet itself does not need, and the optional dependencies that include each.
EXTRAS = dict.fromkeys(
    (
        *("IPython", "anywidget", "ipywidgets", "jupyterlab"),
        *("nbclient", "nbconvert", "nbformat", "papermill"),
    ),
    "notebooks",
)


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    main = argparse.ArgumentParser(
        prog="guidednet",
        description="GuidedNet companion: from raw CT to the paper's tables and figures",
    )
    subparsers = main.add_subparsers(dest="command", required=True)
    groups = (data, split, runs, settings, watch, models, trust, nnunet, reproduction)
    for command in (command for group in groups for command in group.COMMANDS):
        subparser = subparsers.add_parser(command.name, help=command.help)
        command.add_options(subparser)
        subparser.set_defaults(run=command.run, after_stop=command.after_stop)
    return main


def main() -> int:
    """Run the command line; returns its exit status.

    A user's mistake prints one sentence and gives status 2; a failed run or notebook gives status
    1.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that a terminal cannot show is no failure
            stream.reconfigure(errors="backslashreplace")
    options = parser().parse_args()
    if getattr(options, "on_exit", None):
        return followed(options, _perform)
    return _perform(options)


def _perform(options: argparse.Namespace) -> int:
    """Do what `options` say; returns the exit status."""
    try:
        options.run(options)
        sys.stdout.flush()
    except CompanionError as error:
        return _failed(str(error), error.status)
    except BrokenPipeError:  # whoever reads the output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").split(".")[0])
        if extra is None:
            raise
        fix = f"pip install 'guidednet[{extra}]'"
        return _failed(f"this command needs the package {error.name}; {fix}", 2)
    except OSError as error:
        if error.filename is None and error.errno not in OF_THE_DISK:
            raise
        advice = "check the path, its permissions and the space on its disk"
        status = 1 if error.errno in OF_THE_DISK else 2
        return _failed(f"{error.filename or 'disk'}: {error.strerror}; {advice}", status)
    except KeyboardInterrupt:
        print(file=sys.stderr)  # a terminal shows ^C on the line
        return _failed(f"stopped; {options.after_stop(options)}", 130)
    return 0


def _failed(sentence: str, status: int) -> int:
    """Print a sentence on a line of its own, even after a progress bar; returns `status`."""
    close_bars()
    print(f"guidednet: {sentence}", file=sys.stderr)
    return status
