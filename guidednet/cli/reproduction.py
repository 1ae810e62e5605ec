"""The commands notebook and reproduce: notebooks, tables, figures and the page that collects them.

What an action needs is imported within it, so that the command line starts at once.
"""

import argparse
from argparse import Namespace

from guidednet.cli import arguments
from guidednet.cli.arguments import Command


def _notebook_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", help="such as 12_table3_components")
    command.add_argument(
        "--set",
        dest="values",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the notebook",
    )
    arguments.add_workspace_options(command)


def notebook(options: Namespace) -> None:
    """Execute one notebook with parameters."""
    from guidednet.cli.options import workspace_of
    from guidednet.report.execute_notebooks import Execution, execute, parse_parameters

    workspace = workspace_of(options)
    values = {"profile": options.profile} | parse_parameters(options.values)
    execution = Execution(options.name, values, workspace.report_folder / "notebooks", inputs={})
    execute(execution)
    print(f"executed copy: {execution.executed}")


def _reproduce_options(command: argparse.ArgumentParser) -> None:
    arguments.add_workspace_options(command)
    arguments.add_effort_options(command)
    arguments.add_artefact_options(command)


def reproduce(options: Namespace) -> None:
    """Data, runs, notebooks, tables and the page that collects them."""
    from guidednet.cli.options import reproduction_of

    reproduction_of(options).run()


COMMANDS = (
    Command("notebook", "execute one notebook with parameters", _notebook_options, notebook),
    Command(
        "reproduce",
        "data, runs, notebooks, tables, figures and the page that collects them",
        _reproduce_options,
        reproduce,
    ),
)
