"""The command verify, and what train does with --record: whether and how a run is made again.

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


COMMANDS = (
    Command(
        "verify",
        "compare finished runs with their records: key, weights, curves, scores",
        _verify_options,
        verify,
        begins_again,
    ),
)
