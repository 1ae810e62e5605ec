"""The command line: guidednet phantom | prepare | split | plan | train | evaluate | predict |
export | notebook | reproduce.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from guidednet.cli import commands
from guidednet.errors import FailedError, InputError
from guidednet.processes.workers import cores
from guidednet.support.files import OF_THE_DISK


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    main = argparse.ArgumentParser(
        prog="guidednet",
        description="GuidedNet companion: from raw CT to the paper's tables and figures",
    )
    subparsers = main.add_subparsers(dest="command", required=True)
    _add_data_commands(subparsers)
    _add_run_commands(subparsers)
    _add_report_commands(subparsers)
    return main


def _add_data_commands(subparsers: argparse._SubParsersAction) -> None:
    phantom = subparsers.add_parser(
        "phantom", help="write synthetic abdominal CT in a data set's layout"
    )
    phantom.add_argument("out", type=Path, help="folder to write to")
    phantom.add_argument("--dataset", required=True, help="flare22 or amos")
    phantom.add_argument("--cases", type=_count, required=True, help="number of cases")
    phantom.add_argument(
        "--labelled", type=_count, help="how many of them have a label (default: half)"
    )
    phantom.add_argument("--seed", type=_seed, default=0)
    phantom.add_argument(
        "--voxel-mm",
        type=float,
        default=1.5,
        help="voxel size within a slice, about (default: 1.5)",
    )
    phantom.add_argument(
        "--matrix",
        type=_count,
        metavar="N",
        help="square slices of N x N pixels, such as 512; sets the voxel size",
    )
    phantom.set_defaults(run=commands.phantom)

    prepare = subparsers.add_parser("prepare", help="raw NIfTI to a case store")
    prepare.add_argument("raw", type=Path, help="folder of raw NIfTI in the data set's layout")
    prepare.add_argument("store", type=Path, help="folder to write to")
    prepare.add_argument("--dataset", required=True, help="flare22 or amos")
    prepare.add_argument(
        "--spacing",
        type=float,
        nargs=3,
        metavar=("Z", "Y", "X"),
        help="voxel size in mm (default: the preset's)",
    )
    prepare.add_argument(
        "--preset",
        choices=("paper", "official"),
        default="paper",
        help="as in the paper (default) or the released code",
    )
    prepare.add_argument(
        "--skip-broken",
        action="store_true",
        help="leave out cases that cannot be used and list them in broken.csv",
    )
    prepare.add_argument(
        "--verify",
        action="store_true",
        help="only compare store and raw files with their recorded hashes",
    )
    prepare.set_defaults(run=commands.prepare_store)

    split = subparsers.add_parser("split", help="write which cases train, validate and test")
    split.add_argument("raw", type=Path, help="folder of raw NIfTI in the data set's layout")
    split.add_argument("--dataset", required=True, help="flare22 or amos")
    split.add_argument(
        "--seed", type=_seed, default=0, help="of the 6:2:2 split of the labelled cases"
    )
    split.add_argument(
        "--released", action="store_true", help="the lists of the paper's released code instead"
    )
    split.add_argument(
        "--mapping",
        type=Path,
        metavar="CSV",
        help="columns released,case: the released lists' names and those on disk",
    )
    split.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="CSV",
        help="file to write (default: split.csv in the raw folder)",
    )
    split.set_defaults(run=commands.split)

    for command in (phantom, prepare):
        command.add_argument(
            "--workers", type=_processes, default=cores(), help="processes (default: all cores)"
        )

    _add_model_commands(subparsers)


def _add_model_commands(subparsers: argparse._SubParsersAction) -> None:
    predict = subparsers.add_parser("predict", help="segment a scan with a trained model")
    predict.add_argument(
        "scan", type=Path, help="NIfTI in HU, folder of a DICOM series, or folder of NIfTI files"
    )
    predict.add_argument(
        "--run",
        dest="model",
        type=Path,
        required=True,
        help="folder of a finished run, or an exported file",
    )
    predict.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        help="NIfTI to write, or folder for a folder of scans",
    )
    predict.add_argument(
        "--ensemble", action="store_true", help="average both networks of a two-network method"
    )
    predict.add_argument("--device", default="cpu", help="cpu (default), cuda, cuda:1, mps")
    predict.add_argument(
        "--volumes", type=Path, metavar="CSV", help="also write each organ's volume in ml"
    )
    predict.add_argument(
        "--colours",
        type=Path,
        metavar="FOLDER",
        help="also write the organs' colours for ITK-SNAP and 3D Slicer",
    )
    predict.set_defaults(run=commands.predict)

    export = subparsers.add_parser("export", help="one portable file of a finished run")
    export.add_argument("run_folder", type=Path, help="folder of a finished run")
    export.add_argument("-o", "--output", type=Path, required=True, help="file to write")
    export.set_defaults(run=commands.export)


def _add_run_commands(subparsers: argparse._SubParsersAction) -> None:
    plan = subparsers.add_parser(
        "plan", help="list the runs, what exists, and what the rest will cost"
    )
    train = subparsers.add_parser("train", help="train one method (or go on with it)")
    evaluate = subparsers.add_parser(
        "evaluate", help="per-organ scores of one method's run, or of a folder of predictions"
    )
    evaluate.add_argument(
        "predictions", type=Path, nargs="?", help="folder of NIfTI label maps, made by anyone"
    )
    evaluate.add_argument(
        "references", type=Path, nargs="?", help="folder of the references, under the same names"
    )
    evaluate.add_argument("--rules", default="own", help="own (default) or challenge, for folders")
    evaluate.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="CSV",
        help="also write the scores of every case, for folders",
    )
    for command in (train, evaluate):
        command.add_argument("--method", required=command is train)
        command.add_argument("--dataset", default="flare22")
        command.add_argument("--seed", type=_seed, default=0)
        command.add_argument(
            "--ratio",
            type=float,
            default=10,
            help="labelled share of the training cases in percent (default: 10)",
        )
    table = subparsers.add_parser(
        "table", help="train all methods at any labelled share and write their table"
    )
    table.add_argument("--dataset", required=True, help="flare22 or amos")
    table.add_argument(
        "--ratio",
        type=float,
        required=True,
        help="labelled share of the training cases in percent, such as 5",
    )
    table.set_defaults(run=commands.table)
    plan.set_defaults(run=commands.plan)
    train.set_defaults(run=commands.train)
    evaluate.set_defaults(run=commands.evaluate)
    for command in (plan, train, evaluate, table):
        _add_workspace_options(command)
    for command in (plan, table):
        _add_selection_options(command)
    _add_item_options(plan)


def _add_report_commands(subparsers: argparse._SubParsersAction) -> None:
    notebook = subparsers.add_parser("notebook", help="execute one notebook with parameters")
    notebook.add_argument("name", help="such as 12_table3_components")
    notebook.add_argument(
        "--set",
        dest="values",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the notebook",
    )
    notebook.set_defaults(run=commands.notebook)

    reproduce = subparsers.add_parser(
        "reproduce", help="data, runs, notebooks, tables, figures and the page that collects them"
    )
    reproduce.set_defaults(run=commands.reproduce)
    for command in (notebook, reproduce):
        _add_workspace_options(command)
    _add_selection_options(reproduce)
    _add_item_options(reproduce)


def _add_workspace_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--profile", default="quick", help="smoke, quick, reference or paper (default: quick)"
    )
    command.add_argument(
        "--data-root", help="folder of the real data sets (default: DATA_DIR or data)"
    )
    command.add_argument("--results", help="folder to write to (default: RESULTS_DIR or results)")
    command.add_argument(
        "--steps", type=_count, help="steps of every training (default: the profile's)"
    )
    command.add_argument(
        "--gpus",
        type=_gpus,
        default=0,
        help="GPUs to use (default: 0); with several --jobs each run has its own",
    )
    command.add_argument(
        "--processes",
        type=_processes,
        default=1,
        help="processes that share each training on the CPU (default: 1)",
    )


def _add_selection_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--methods",
        help="comma-separated methods to train, such as cps,guidednet; others are shown as not run",
    )
    command.add_argument("--seeds", type=_seeds, help="seeds per row (default: the profile's)")
    jobs = "trainings and notebooks at a time (default: as cores and memory allow, at most 4; on GPUs 1: all share each training)"
    command.add_argument("--jobs", type=_processes, help=jobs)


def _add_item_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--only", help="comma-separated items, such as table3")
    command.add_argument(
        "--cluster",
        help="train each run in a task of its own: slurm, or local for processes of this machine",
    )
    for_submitit = "an option of submitit, such as slurm_partition=gpu or timeout_min=1440"
    command.add_argument(
        "--cluster-option", action="append", default=[], metavar="NAME=VALUE", help=for_submitit
    )
    command.add_argument(
        "--no-training",
        action="store_true",
        help="show the runs that are finished, the others as not run",
    )


def _whole(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers from `least` to `most`."""

    def read(text: str) -> int:
        if not (text.isdecimal() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(
                f"'{text}' is not a whole number from {least} to {most}"
            )
        return int(text)

    return read


# every generator of random numbers takes such a seed
_count, _seed = _whole(1, 2**31 - 1), _whole(0, 2**31 - 1)
_processes, _gpus = _whole(1, 256), _whole(0, 256)
_seeds = _whole(1, 100)  # as many as the notebooks take


def main() -> int:
    """Run the command line; a mistake of the user's is one sentence and status 2, a failed run or
    notebook one and status 1.
    """
    options = parser().parse_args()
    try:
        options.run(options)
    except InputError as error:
        print(f"guidednet: {error}", file=sys.stderr)
        return 2
    except FailedError as error:
        print(f"guidednet: {error}", file=sys.stderr)
        return 1
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
