"""The commands config and sweep: the fields of a run, and one method at several of their values.

The actions import what they need themselves, so that the command line starts at once.
"""

import argparse
import shutil
import textwrap
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from guidednet.cli import arguments
from guidednet.cli.arguments import Command, begins_again
from guidednet.errors import InputError

WIDEST = 100  # columns of text
SHOWN = ["method", "validation_dice", "sd_validation_dice", "mean_dice", "sd_dice", "n_seeds"]


def _config_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="JSON",
        help="also write the fields to a file, which --config takes",
    )
    arguments.add_case_options(command)
    arguments.add_workspace_options(command)
    arguments.add_setting_options(command, "the run")


def config(options: Namespace) -> None:
    """Print every field of a run with its value, as --set takes it, and its meaning."""
    from guidednet.cli.options import asked_for
    from guidednet.config import to_json
    from guidednet.runs.config_fields import fields_of
    from guidednet.support.files import check_file, write_text

    if options.output is not None:
        check_file(options.output)
    _, wanted = asked_for(options)
    if options.output is not None:
        write_text(options.output, to_json(wanted) + "\n")
    for field in fields_of(wanted).values():
        print(_described(field))


def _described(field: object) -> str:
    """A field and its value, and its meaning indented below."""
    from guidednet.runs.settings import full_text

    width = min(shutil.get_terminal_size().columns, WIDEST)
    indent = "    "
    meaning = textwrap.fill(field.meaning, width, initial_indent=indent, subsequent_indent=indent)
    return "\n".join(filter(None, (full_text(field.name, field.value), meaning)))


def _sweep_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seeds", type=arguments.seeds, default=1, help="seeds (default: 1)")
    command.add_argument("--jobs", type=arguments.processes, help="runs at a time")
    command.add_argument(
        "--fail-fast", action="store_true", help="stop at the first run that fails"
    )
    command.add_argument(
        "-o", "--output", type=Path, metavar="CSV", help="file of the table; the picture is beside"
    )
    arguments.add_case_options(command)
    arguments.add_workspace_options(command)
    arguments.add_setting_options(command)


def sweep(options: Namespace) -> None:
    """Train one method at every combination of the values of some fields; a table and a picture."""
    from guidednet.cli.options import asked_for, runs_of
    from guidednet.reproduce.sweep import Sweep, train_and_write
    from guidednet.runs import failures
    from guidednet.runs.config_fields import with_fields
    from guidednet.runs.settings import changed, lists_of_texts, showing
    from guidednet.support.files import check_file

    if options.output is not None:
        check_file(options.output)
    texts, options.changes = options.changes, []
    workspace, base = asked_for(options)
    values = lists_of_texts(workspace.profile, texts, base.method)
    fixed = {name: several[0] for name, several in values.items() if len(several) == 1}
    varied = {name: several for name, several in values.items() if len(several) > 1}
    if not varied:
        raise InputError(
            "sweep: no field has several values; give some with commas between, such as "
            "--set optimiser.learning_rate=0.01,0.03"
        )
    profile = showing(changed(workspace.profile, fixed), tuple(varied))
    runs = runs_of(replace(workspace, profile=profile), options)
    wanted = Sweep(with_fields(base, fixed), varied, options.seeds)
    table, words, path = train_and_write(wanted, runs, options.output, options.jobs, options.gpus)
    print(table[SHOWN].to_string(index=False, na_rep="-"))
    written = f"table and picture: {path.with_suffix('')}.csv, .md, .tex, .png, .pdf"
    print(f"\n{words}\n{written}", flush=True)
    failures.check(runs)


COMMANDS = (
    Command(
        "config",
        "every field of a run with its value and meaning",
        _config_options,
        config,
        begins_again,
    ),
    Command(
        "sweep",
        "one method at several values of some fields: a table and a picture",
        _sweep_options,
        sweep,
    ),
)
