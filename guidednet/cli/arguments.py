"""What a command is, the options that several share, and parsers of their values.

Nothing heavy is imported here, so that the command line starts at once.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from guidednet.cli.on_exit import words_of
from guidednet.data.datasets import DATASETS


def goes_on(options: argparse.Namespace) -> str:
    """What to expect of a command that keeps what it has done."""
    return "the same command goes on where this one ended"


def begins_again(options: argparse.Namespace) -> str:
    """What to expect of a command that keeps nothing."""
    return "nothing is half-written, and the same command begins again"


@dataclass(frozen=True)
class Command:
    """A command: its name, one line of help, the function that adds its options, and its action.

    `after_stop` says what the same command does once this one was interrupted.
    """

    name: str
    help: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]
    after_stop: Callable[[argparse.Namespace], str] = goes_on


NAMES_OF_DATASETS = f"{', '.join(DATASETS)}, or the folder of a dataset.json"


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A parser of whole numbers from `least` to `most`."""

    def read(text: str) -> int:
        if not (text.isdecimal() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(
                f"'{text}' is not a whole number from {least} to {most}"
            )
        return int(text)

    return read


# every random number generator accepts such a seed
count, seed = whole_number(1, 2**31 - 1), whole_number(0, 2**31 - 1)
processes, gpus = whole_number(1, 256), whole_number(0, 256)
seeds = whole_number(1, 100)  # the notebooks accept no more


METHOD = "a name, FILE.py:Class, or module:Class"


def add_case_options(command: argparse.ArgumentParser) -> None:
    """Add the options of a single run: method, data set, labelled share, seed."""
    command.add_argument("--method", help=METHOD)
    command.add_argument("--dataset", help=f"{NAMES_OF_DATASETS} (default: flare22)")
    command.add_argument("--seed", type=seed, help="(default: 0)")
    command.add_argument(
        "--ratio",
        type=float,
        help="labelled share of the training cases in percent (default: 10 for the paper's data "
        "sets, else every case that has a label)",
    )


def add_workspace_options(command: argparse.ArgumentParser) -> None:
    """Add the options of profile, data, folders and devices."""
    command.add_argument(
        "--profile",
        default="quick",
        help="smoke, quick, study, reference or paper (default: quick)",
    )
    command.add_argument(
        "--data-root", help="folder of the real data sets (default: DATA_DIR or data)"
    )
    command.add_argument("--results", help="folder to write to (default: RESULTS_DIR or results)")
    command.add_argument("--steps", type=count, help="steps of every run (default: the profile's)")
    command.add_argument(
        "--gpus",
        type=gpus,
        default=0,
        help="GPUs to use (default: 0); with several --jobs each run gets its own",
    )
    command.add_argument(
        "--processes",
        type=processes,
        default=1,
        help="processes that share each run on the CPU (default: 1)",
    )
    _add_training_options(command)


def _add_training_options(command: argparse.ArgumentParser) -> None:
    """Add the options of how runs train, and of what else happens meanwhile and afterwards."""
    command.add_argument(
        "--accumulate",
        type=count,
        metavar="N",
        help="compute the networks on the rows of a batch in N parts: less memory, more time, the "
        "same losses (default: 1)",
    )
    command.add_argument(
        "--tensorboard",
        action="store_true",
        help="also write the curves as event files, for tensorboard --logdir results/runs",
    )
    command.add_argument(
        "--on-exit",
        type=words_of,
        metavar="CMD",
        help="run this command at the end, done or failed; {status} in it becomes the exit status, "
        "{run} the run folder of `train`",
    )


def add_effort_options(command: argparse.ArgumentParser) -> None:
    """Add the options for methods, seeds and how many runs train at a time."""
    command.add_argument(
        "--methods",
        help="comma-separated methods to train, such as cps,guidednet or my_loss.py:MyLoss; others "
        "are shown as not run",
    )
    command.add_argument("--seeds", type=seeds, help="seeds per row (default: the profile's)")
    jobs = (
        "runs and notebooks at a time (default: as many as cores and memory allow, at most 4; "
        "on GPUs 1, with all GPUs sharing each run)"
    )
    command.add_argument("--jobs", type=processes, help=jobs)
    command.add_argument(
        "--fail-fast",
        action="store_true",
        help="stop at the first run that fails (default: the others go on)",
    )


def add_setting_options(command: argparse.ArgumentParser, what: str = "every run") -> None:
    """Add the options that change fields of the runs' configurations."""
    command.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help=f"change a field of {what}, such as optimiser.learning_rate=0.03 (may be repeated; "
        "guidednet config lists the fields)",
    )
    command.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="JSON file of fields, in the form of the config in a run's record.json",
    )


def add_artefact_options(command: argparse.ArgumentParser) -> None:
    """Add the options that choose tables and figures, and where their runs train."""
    command.add_argument(
        "--only", help="comma-separated tables, figures and notebooks, such as table3"
    )
    command.add_argument(
        "--cluster",
        help="train each run as its own task: slurm, or local for processes of this machine",
    )
    for_submitit = "an option of submitit, such as slurm_partition=gpu or timeout_min=1440"
    command.add_argument(
        "--cluster-option", action="append", default=[], metavar="NAME=VALUE", help=for_submitit
    )
    command.add_argument(
        "--no-training",
        action="store_true",
        help="train nothing: show finished runs, and the others as not run",
    )
