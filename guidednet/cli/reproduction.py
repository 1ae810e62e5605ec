"""The commands notebook and reproduce: notebooks, tables, figures and the page that collects them.

The actions import what they need themselves, so that the command line starts at once.
"""

import argparse
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from guidednet.cli import arguments
from guidednet.cli.arguments import Command
from guidednet.errors import InputError

if TYPE_CHECKING:
    from guidednet.reproduce.whole import Reproduction


def _notebook_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", help="such as 12_table3_components")
    command.add_argument(
        "--set",
        dest="values",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="value of a parameter of the notebook",
    )
    arguments.add_workspace_options(command)


def notebook(options: Namespace) -> None:
    """Execute one notebook with parameters."""
    from guidednet.cli.options import workspace_of
    from guidednet.report.execute_notebooks import Execution, execute, parse_parameters
    from guidednet.report.notebook_page.write import link_pages
    from guidednet.support.files import is_writable

    workspace = workspace_of(options)
    values = {"profile": options.profile} | parse_parameters(options.values)
    folder = workspace.report_folder / "notebooks"
    if not is_writable(folder):  # results of somebody else
        folder = Path.cwd() / "notebooks"
    execution = Execution(options.name, values, folder, inputs={})
    execute(execution)
    link_pages(folder)
    print(f"executed copy: {execution.executed}")


def _reproduce_options(command: argparse.ArgumentParser) -> None:
    arguments.add_workspace_options(command)
    arguments.add_effort_options(command)
    arguments.add_artefact_options(command)
    arguments.add_setting_options(command)


def reproduce(options: Namespace) -> None:
    """Make data, runs, notebooks, tables and the page that collects them."""
    from guidednet.runs import failures

    reproduction = reproduction_of(options)
    reproduction.run()
    failures.check(reproduction.runs)


def reproduction_of(options: Namespace) -> "Reproduction":
    """What `reproduce` makes and `plan` lists.

    A mistake in the options is reported before anything is prepared.
    """
    from guidednet.cli.options import methods_of, runs_of, workspace_of
    from guidednet.report.execute_notebooks import parse_parameters
    from guidednet.reproduce.whole import Reproduction
    from guidednet.runs.cluster import executor_of
    from guidednet.runs.resources import default_jobs
    from guidednet.study.artefacts import artefacts

    workspace = workspace_of(options)
    runs = runs_of(workspace, options)
    cluster_parameters = parse_parameters(options.cluster_option, "--cluster-option")
    if cluster_parameters and options.cluster is None:
        raise InputError(
            "--cluster-option: this option needs --cluster; add --cluster slurm, or leave it out"
        )
    if options.cluster is not None:
        executor_of(workspace, options.cluster, cluster_parameters)
    return Reproduction(
        artefacts=artefacts(options.only, workspace.profile),
        seeds=options.seeds or workspace.profile.seeds,
        runs=runs,
        jobs=options.jobs or default_jobs(runs),
        gpus=options.gpus,
        methods=() if options.no_training else methods_of(options.methods),
        assumed=getattr(options, "assume_gpu", None),
        cluster=options.cluster,
        cluster_parameters=cluster_parameters,
    )


COMMANDS = (
    Command(
        "notebook",
        "execute one notebook with parameters",
        _notebook_options,
        notebook,
        lambda options: "the same command executes it from its first cell; trained runs are kept",
    ),
    Command(
        "reproduce",
        "make data, runs, notebooks, tables, figures and the page that collects them",
        _reproduce_options,
        reproduce,
    ),
)
