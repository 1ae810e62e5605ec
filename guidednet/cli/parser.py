"""The command line, `guidednet COMMAND`.

The commands are phantom, prepare, split, plan, train, evaluate, table, predict, export, notebook
and reproduce.
"""

import argparse
import sys

from guidednet.cli import data, models, reproduction, runs
from guidednet.errors import CompanionError
from guidednet.support.files import OF_THE_DISK

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
    for command in (*data.COMMANDS, *runs.COMMANDS, *models.COMMANDS, *reproduction.COMMANDS):
        subparser = subparsers.add_parser(command.name, help=command.help)
        command.add_options(subparser)
        subparser.set_defaults(run=command.run)
    return main


def main() -> int:
    """Run the command line; returns its exit status.

    A user's mistake prints one sentence and gives status 2; a failed run or notebook gives status
    1.
    """
    options = parser().parse_args()
    try:
        options.run(options)
    except CompanionError as error:
        print(f"guidednet: {error}", file=sys.stderr)
        return error.status
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").split(".")[0])
        if extra is None:
            raise
        fix = f"pip install 'guidednet[{extra}]'"
        print(f"guidednet: this command needs the package {error.name}; {fix}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.filename is None and error.errno not in OF_THE_DISK:
            raise
        place = error.filename or "disk"
        print(
            f"guidednet: {place}: {error.strerror}; "
            "check the path, its permissions and the space on its disk",
            file=sys.stderr,
        )
        return 1 if error.errno in OF_THE_DISK else 2
    except KeyboardInterrupt:
        print(
            "\nguidednet: stopped; the same command goes on where this one ended", file=sys.stderr
        )
        return 130
    return 0
