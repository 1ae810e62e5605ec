"""The commands verify and crate, and what train does with --record.

The actions import what they need themselves, so that the command line starts at once.
"""

import argparse
from argparse import Namespace
from pathlib import Path

from guidednet.cli.arguments import Command, begins_again
from guidednet.errors import InputError


def _verify_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "run_folders", type=Path, nargs="+", metavar="RUN", help="folder of a finished run"
    )


def verify(options: Namespace) -> None:
    """Compare finished runs with their records: key, weights, curves, scores, code.

    A run that is not as recorded gives status 2.
    """
    from guidednet.runs.verify import verify as verify_run

    faults = []
    for folder in options.run_folders:
        print(folder)
        for finding in verify_run(folder):
            print(f"  {finding.part}: {finding.found}")
            if finding.is_fault:
                faults.append(f"{folder}: {finding.part}: {finding.found}")
    if faults:
        raise InputError(
            faults[0] if len(faults) == 1 else "\n  ".join(["not as recorded:", *faults])
        )


def train_recorded(options: Namespace) -> None:
    """Train the run of a record anew, and say whether the results are the same bytes."""
    from guidednet.cli.options import runs_of, workspace_of
    from guidednet.runs.again import compared, recorded_profile, train_again

    options.profile = recorded_profile(options.record, options.profile)
    run = train_again(options.record, runs_of(workspace_of(options), options))
    print(f"finished: {run.folder}")
    for name, found in compared(run, options.record).items():
        print(f"  {name}: {found}")


def _crate_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("table", type=Path, help="CSV file of a table with the column run_keys")
    command.add_argument("--results", help="folder of the runs (default: RESULTS_DIR or results)")
    command.add_argument("--weights", action="store_true", help="also copy the weights")
    command.add_argument("-o", "--output", type=Path, required=True, help="folder to write")


def crate(options: Namespace) -> None:
    """Write a table with the runs behind it as an RO-Crate."""
    from guidednet.exports.crate import write_crate
    from guidednet.runs.workspace import open_workspace

    runs_folder = open_workspace("smoke", results=options.results).runs_folder
    number = write_crate(options.table, runs_folder, options.output, options.weights)
    print(f"RO-Crate of {options.table.name} and {number} runs in {options.output}")


COMMANDS = (
    Command(
        "verify",
        "compare finished runs with their records: key, weights, curves, scores",
        _verify_options,
        verify,
        begins_again,
    ),
    Command(
        "crate",
        "write a table with the runs behind it as an RO-Crate",
        _crate_options,
        crate,
        begins_again,
    ),
)
