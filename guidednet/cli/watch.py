"""The commands status and curves: what trainings do while they run, and what they have done.

The actions import what they need themselves, so that the command line starts at once.
"""

import argparse
from argparse import Namespace
from pathlib import Path

from guidednet.cli.arguments import Command, begins_again

RESULTS = "folder of the results (default: RESULTS_DIR or results)"


def _status_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("run_folder", metavar="RUN", nargs="?", help="one run folder, or its name")
    command.add_argument("--results", help=RESULTS)


def status(options: Namespace) -> None:
    """Print where every training stands that is at work."""
    from guidednet.runs.at_work import run_folders, status_table, stopped
    from guidednet.runs.environment import results_folder

    results = results_folder(options.results)
    folders = run_folders(results, options.run_folder)
    table, waiting = status_table(folders), stopped(folders)
    what = options.run_folder or f"a run in {results / 'runs'}"
    print(table.to_string(index=False) if len(table) else f"nobody trains {what}")
    if waiting:
        names = "\n  ".join(path.name for path in waiting)
        print(f"stopped half-way; the command that trained them goes on:\n  {names}")


def _curves_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("run_folder", metavar="RUN", help="a run folder, or its name")
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("curves.png"),
        help="picture to write: .png, .pdf or .svg (default: curves.png)",
    )
    command.add_argument("--results", help=RESULTS)


def curves(options: Namespace) -> None:
    """Draw a run's curves so far, and print its last numbers."""
    from guidednet.report.figures.curves import draw_curves, last_numbers, read_curves
    from guidednet.report.figures.save import check_picture, write_picture
    from guidednet.runs.at_work import run_folders
    from guidednet.runs.environment import results_folder

    check_picture(options.output)
    (folder,) = run_folders(results_folder(options.results), options.run_folder)
    table = read_curves(folder)
    write_picture(draw_curves(table, folder.name), options.output)
    print(f"{folder.name}: {last_numbers(table)}\npicture: {options.output}")


COMMANDS = (
    Command("status", "where every training stands that is at work", _status_options, status),
    Command(
        "curves",
        "draw the curves of a run, finished or not",
        _curves_options,
        curves,
        begins_again,
    ),
)
