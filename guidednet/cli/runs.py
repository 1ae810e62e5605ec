"""The commands plan, train, evaluate and table: runs and their scores.

The actions import what they need themselves, so that the command line starts at once.
"""

import argparse
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from guidednet.cli import arguments
from guidednet.cli.arguments import Command, begins_again, goes_on
from guidednet.cli.trust import train_recorded
from guidednet.errors import InputError
from guidednet.support.progress import bar

if TYPE_CHECKING:
    from guidednet.runs.record import Run
    from guidednet.study.assumed_gpu import AssumedGPU


def _plan_options(command: argparse.ArgumentParser) -> None:
    arguments.add_workspace_options(command)
    arguments.add_effort_options(command)
    arguments.add_setting_options(command)
    arguments.add_artefact_options(command)
    command.add_argument(
        "--assume-gpu",
        type=_assumed_gpu,
        metavar="GPU",
        help="plan for a GPU that is not here, by its memory and the speed that it sustains: 24GB, "
        "or 24GB,40TFLOPS (default: 20TFLOPS)",
    )


def _assumed_gpu(text: str) -> "AssumedGPU":
    from guidednet.study.assumed_gpu import assumed_gpu

    return assumed_gpu(text)


def plan(options: Namespace) -> None:
    """List the runs of a profile, which of them exist, and what the rest will cost."""
    from guidednet.cli.reproduction import reproduction_of

    print(reproduction_of(options).plan_text())


def _train_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--record",
        type=Path,
        metavar="RUN",
        help="train the finished run in this folder anew, as it was recorded; give --results",
    )
    command.add_argument(
        "--all",
        action="store_true",
        help="train on every case and hold out none, to use the model afterwards",
    )
    arguments.add_case_options(command)
    arguments.add_workspace_options(command)
    arguments.add_setting_options(command, "the run")


def train(options: Namespace) -> None:
    """Train one method, or go on with its run, and print the run folder."""
    from guidednet.cli.options import asked_for
    from guidednet.runs.torchrun import is_worker, work

    if options.record is not None:
        return train_recorded(options)
    run = work(*asked_for(options), on_gpu=options.gpus > 0) if is_worker() else _run_of(options)
    if run is not None:
        print(f"finished: {run.folder}")


def _table_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--dataset", required=True, help=arguments.NAMES_OF_DATASETS)
    command.add_argument(
        "--ratio",
        type=float,
        required=True,
        help="labelled share of the training cases in percent, such as 5",
    )
    arguments.add_workspace_options(command)
    arguments.add_effort_options(command)
    arguments.add_setting_options(command)


def table(options: Namespace) -> None:
    """Train all methods at any labelled share and write their table."""
    from guidednet.cli.options import check_share, methods_of, runs_of, workspace_of
    from guidednet.reproduce.ratio_table import write_ratio_table
    from guidednet.runs import failures

    check_share(options.ratio)
    workspace = workspace_of(options)
    runs = runs_of(workspace, options)
    path = write_ratio_table(
        runs,
        options.dataset,
        options.ratio,
        seeds=options.seeds or workspace.profile.seeds,
        methods=methods_of(options.methods),
        jobs=options.jobs,
        gpus=options.gpus,
    )
    print(f"table: {path}", flush=True)
    failures.check(runs)


def _compare_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("dataset", help=arguments.NAMES_OF_DATASETS)
    command.add_argument(
        "--folds",
        type=arguments.count,
        help="parts of the labelled cases, each tested once; 1 for the data set's own test cases "
        "(default: 5, or one per labelled case if there are fewer)",
    )
    command.add_argument(
        "--ratio",
        type=float,
        help="labelled share of the training cases in percent (default: every case with a label)",
    )
    arguments.add_workspace_options(command)
    arguments.add_effort_options(command)
    arguments.add_setting_options(command)


def compare(options: Namespace) -> None:
    """Train methods on every fold and say which is better than Sup only beyond noise."""
    from guidednet.cli.options import check_share, methods_of, runs_of, workspace_of
    from guidednet.reproduce.comparison import Comparison, chosen, compare, default_folds
    from guidednet.runs import failures

    check_share(options.ratio)
    options.methods = ",".join(chosen(methods_of(options.methods)))
    workspace = workspace_of(options)
    labelled = workspace.labelled_cases(options.dataset)
    wanted = Comparison(
        options.dataset,
        chosen(methods_of(options.methods)),
        options.folds or default_folds(labelled),
        options.seeds or 1,
        options.ratio,
    )
    runs = runs_of(workspace, options)
    table, words, path = compare(wanted, runs, options.jobs, options.gpus)
    shown = table.set_index("method").drop(columns=["n_labeled", "n_unlabeled", "run_keys"])
    print(shown.T.to_string(na_rep="-", float_format="{:.4g}".format))
    written = f"table and picture: {path.with_suffix('')}.csv, .md, .tex, .png, .pdf"
    print(f"\n{words}\n{written}", flush=True)
    failures.check(runs)


def _evaluate_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "predictions", type=Path, nargs="?", help="NIfTI label map or folder of them, by anyone"
    )
    command.add_argument(
        "references",
        type=Path,
        nargs="?",
        help="its reference, or the folder of references under the same names",
    )
    command.add_argument("--rules", default="own", help="own (default) or challenge, for folders")
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="CSV",
        help="also write the scores of every case, for folders",
    )
    arguments.add_case_options(command)
    arguments.add_workspace_options(command)
    arguments.add_setting_options(command, "the run")


def evaluate(options: Namespace) -> None:
    """Print the test scores of one method's run, or the scores of a folder of predictions.

    The number of cases behind the scores is printed too.
    """
    if options.predictions is not None:
        return _evaluate_folder(options)
    from guidednet.cli.score_text import run_text
    from guidednet.runs.weights import check_weights

    if options.method is None and options.config is None:
        raise InputError(
            "evaluate: no method and no folder is given; "
            "use --method NAME, or a folder of predictions and one of references"
        )
    run = _run_of(options)
    if (run.folder / "weights.pt").is_file():
        check_weights(run.folder / "weights.pt")
    print(run_text(run))


def _evaluate_folder(options: Namespace) -> None:
    from guidednet.cli.options import DATASET, dataset_at
    from guidednet.cli.score_text import folder_text
    from guidednet.evaluation.folders import mean_scores, score_folder
    from guidednet.support.files import check_file, write_text

    if options.references is None:
        raise InputError(
            f"{options.predictions}: the references are missing; give their folder after this one"
        )
    if options.output is not None:
        check_file(options.output)
    progress = bar("evaluate", "case")
    scores = score_folder(
        options.predictions,
        options.references,
        dataset_at(options.dataset or DATASET, options.data_root).name,
        options.rules,
        progress,
    )
    if options.output is not None:
        write_text(options.output, scores.to_csv(index=False))
    print(folder_text(scores, mean_scores(scores)))


def _run_of(options: Namespace) -> "Run":
    from guidednet.cli.options import asked_for, runs_of

    workspace, config = asked_for(options)
    runs = runs_of(workspace, options)
    options.trained = runs.identity.folder(config)  # for --on-exit, also if the training fails
    return runs.get(config)


COMMANDS = (
    Command(
        "plan",
        "list the runs, which of them exist, and what the rest will cost",
        _plan_options,
        plan,
        begins_again,
    ),
    Command(
        "compare",
        "which method is best on a data set: cross-validation, one table and one picture",
        _compare_options,
        compare,
    ),
    Command("train", "train one method, or go on with its run", _train_options, train),
    Command(
        "evaluate",
        "per-organ scores of one method's run, or of a folder of predictions",
        _evaluate_options,
        evaluate,
        lambda options: (goes_on if options.predictions is None else begins_again)(options),
    ),
    Command(
        "table",
        "train all methods at any labelled share and write their table",
        _table_options,
        table,
    ),
)
