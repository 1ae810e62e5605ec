"""The command nnunet: a split out for nnU-Net, and its predictions back into the tables.

The actions import what they need themselves, so that the command line starts at once.
"""

import argparse
from argparse import Namespace
from pathlib import Path

from guidednet.cli import arguments
from guidednet.cli.arguments import Command, begins_again
from guidednet.support.progress import bar


def _options(command: argparse.ArgumentParser) -> None:
    directions = command.add_subparsers(dest="direction", required=True)
    out = directions.add_parser("export", help="write the cases of a split as nnUNet_raw")
    arguments.add_case_options(out)
    arguments.add_workspace_options(out)
    number = arguments.whole_number(1, 999)
    out.add_argument("--id", type=number, default=501, help="nnU-Net's number (default: 501)")
    out.add_argument("-o", "--output", type=Path, required=True, help="the folder nnUNet_raw")
    back = directions.add_parser("import", help="score predictions of the split's test cases")
    back.add_argument("predictions", type=Path, help="folder of <case>.nii.gz")
    back.add_argument(
        "--split", type=Path, required=True, help="the folder DatasetNNN_... that export wrote"
    )
    back.add_argument("--label", default="nnU-Net", help="name of the row (default: nnU-Net)")
    arguments.add_workspace_options(back)


def nnunet(options: Namespace) -> None:
    """Export a split, or import predictions."""
    if options.direction == "import":
        return _import(options)
    from guidednet.cli.options import runs_of, workspace_of
    from guidednet.exports.nnunet import export_split
    from guidednet.runs.profiles import default_percent

    workspace = workspace_of(options)
    percent = options.ratio or default_percent(workspace.profile, options.dataset)
    config = workspace.run(options.dataset, "supervised", percent, options.seed)
    runs = runs_of(workspace, options)
    folder = export_split(runs, config, options.output, options.id, bar("nnU-Net", "case"))
    print(f"split in {folder}; predict its imagesTs, then use guidednet nnunet import")


def _import(options: Namespace) -> None:
    from guidednet.cli.options import runs_of, workspace_of
    from guidednet.exports.nnunet import import_predictions

    runs = runs_of(workspace_of(options), options)
    progress = bar("score", "case")
    folder = import_predictions(options.predictions, options.split, runs, options.label, progress)
    print(f"scores in {folder}; tables of the same cases have the row {options.label} (outside)")


COMMANDS = (
    Command(
        "nnunet",
        "write a split for nnU-Net, or read its predictions back into a row of the tables",
        _options,
        nnunet,
        begins_again,
    ),
)
