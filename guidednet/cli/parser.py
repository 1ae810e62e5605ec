"""The command line: guidednet phantom | prepare | split | plan | train | evaluate | table | predict |
export | notebook | reproduce.
"""

import argparse
import sys

from guidednet.cli import data, models, reproduction, runs
from guidednet.errors import CompanionError
from guidednet.support.files import OF_THE_DISK

# Packages that the package does without, and the group of dependencies that brings each.
EXTRAS = dict.fromkeys(
    ("IPython", "ipywidgets", "jupyterlab", "nbclient", "nbconvert", "nbformat", "papermill"),
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
    """Run the command line; a mistake of the user's is one sentence and status 2, a failed run or
    notebook one and status 1.
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
            f"guidednet: {place}: {error.strerror}; check the path, its permissions and the room on its disk",
            file=sys.stderr,
        )
        return 1 if error.errno in OF_THE_DISK else 2
    except KeyboardInterrupt:
        print("\nguidednet: stopped; the same command goes on where this one was", file=sys.stderr)
        return 130
    return 0
