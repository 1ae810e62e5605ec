"""What each command of the command line does. Imports are inside, so that a command loads only what
it needs.
"""

import dataclasses
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from guidednet.errors import InputError
from guidednet.support.progress import bar

if TYPE_CHECKING:
    from guidednet.config import RunConfig
    from guidednet.runs.record import Run
    from guidednet.runs.workspace import Workspace


def phantom(options: Namespace) -> None:
    """Write synthetic abdominal CT in the layout of a data set."""
    from guidednet.data.datasets import organ_set
    from guidednet.phantom import write_phantoms
    from guidednet.support.files import check_folder

    organ_set(options.dataset)
    check_folder(options.out)
    labelled = (options.cases + 1) // 2 if options.labelled is None else options.labelled
    if labelled > options.cases:
        raise InputError(f"--labelled {labelled} is more than --cases {options.cases}; lower it")
    if not 0.5 <= options.voxel_mm <= 20:
        raise InputError(
            f"--voxel-mm {options.voxel_mm:g} is outside 0.5 to 20 mm; take one in between"
        )
    if options.matrix is not None and not 32 <= options.matrix <= 1024:
        raise InputError(
            f"--matrix {options.matrix} is outside 32 to 1024 pixels; take one in between, such as 512"
        )
    written = write_phantoms(
        options.out,
        options.dataset,
        cases=options.cases,
        labelled=labelled,
        seed=options.seed,
        voxel_mm=options.voxel_mm,
        matrix=options.matrix,
        workers=options.workers,
        progress=bar("synthetic CT", "case"),
    )
    print(f"{len(written)} cases, {labelled} of them labelled, in {options.out}")


def prepare_store(options: Namespace) -> None:
    """Prepare a folder of raw NIfTI into a case store, or compare one with it."""
    from guidednet.data.case_store import PRESETS
    from guidednet.data.datasets import organ_set
    from guidednet.data.prepare import prepare

    organ_set(options.dataset)
    if options.verify:
        return _verify_store(options)
    settings = PRESETS[options.preset]()
    if options.spacing:
        settings = dataclasses.replace(settings, spacing_mm=tuple(options.spacing))
    broken = prepare(
        options.raw,
        options.store,
        options.dataset,
        settings,
        options.workers,
        bar("prepare", "case"),
        skip_broken=options.skip_broken,
        say=print,
    )
    if broken:
        print(
            f"guidednet: {len(broken)} cases are left out, see {options.store / 'broken.csv'}:",
            file=sys.stderr,
        )
        print(*(f"  {case.reason}" for case in broken), sep="\n", file=sys.stderr)
    print(f"case store in {options.store}; its cases are listed in {options.store / 'cases.csv'}")


def _verify_store(options: Namespace) -> None:
    from guidednet.data.verify import verify

    files = verify(
        options.raw, options.store, options.dataset, options.workers, bar("verify", "case")
    )
    print(f"{files} files are as they were when the cases were prepared")


def split(options: Namespace) -> None:
    """Write the lists of training, validation and test cases of a raw folder."""
    from guidednet.data.datasets import dataset_of
    from guidednet.data.splits import (
        LIST_FILE,
        check_lists,
        draw_six_two_two,
        read_mapping,
        released_lists,
        write_lists,
    )
    from guidednet.runs.cases_on_disk import raw_case_ids
    from guidednet.support.files import check_file

    hides_labels = dataset_of(options.dataset).hides_labels
    output = options.output or options.raw / LIST_FILE
    check_file(output)
    with_label, without_label = raw_case_ids(options.raw, options.dataset)
    if options.released or options.mapping:
        mapping = read_mapping(options.mapping) if options.mapping else None
        lists = released_lists(options.dataset, mapping)
        check_lists(
            lists, with_label, with_label | without_label, f"released lists of {options.dataset}"
        )
    else:
        lists = draw_six_two_two(with_label, () if hides_labels else without_label, options.seed)
    write_lists(output, lists)
    print(
        f"{', '.join(f'{len(part)} {name}' for name, part in vars(lists).items())} cases in {output}"
    )


def plan(options: Namespace) -> None:
    """List the runs of a profile, what exists and what the rest will cost."""
    from guidednet.reproduce.whole import Reproduction

    print(Reproduction.from_options(options).plan_text())


def train(options: Namespace) -> None:
    """Train one method, or go on with it, and print where its run folder is."""
    from guidednet.runs.torchrun import is_worker, work

    run = work(*_asked_for(options), on_gpu=options.gpus > 0) if is_worker() else _run_of(options)
    if run is not None:
        print(f"finished: {run.folder}")


def table(options: Namespace) -> None:
    """Train all methods at any labelled share and write their table."""
    from guidednet.reproduce.ratio_table import write_ratio_table

    print(f"table: {write_ratio_table(options)}")


def evaluate(options: Namespace) -> None:
    """Print the test scores of one method's run, or those of a folder of predictions, with the
    cases that they rest on.
    """
    if options.predictions is not None:
        return _evaluate_folder(options)
    from guidednet.cli.score_text import run_text

    if options.method is None:
        raise InputError(
            "evaluate needs --method NAME, or a folder of predictions and one of references"
        )
    print(run_text(_run_of(options)))


def _evaluate_folder(options: Namespace) -> None:
    from guidednet.cli.score_text import folder_text
    from guidednet.evaluation.folders import mean_scores, score_folder
    from guidednet.support.files import check_file, write_text

    if options.references is None:
        raise InputError(f"{options.predictions}: give the folder of the references after it")
    if options.output is not None:
        check_file(options.output)
    progress = bar("evaluate", "case")
    scores = score_folder(
        options.predictions, options.references, options.dataset, options.rules, progress
    )
    if options.output is not None:
        write_text(options.output, scores.to_csv(index=False))
    print(folder_text(scores, mean_scores(scores)))


def _run_of(options: Namespace) -> "Run":
    from guidednet.cli.options import store_of

    workspace, config = _asked_for(options)
    return store_of(workspace, options).get(config)


def _asked_for(options: Namespace) -> "tuple[Workspace, RunConfig]":
    from guidednet.runs.workspace import open_workspace

    workspace = open_workspace(options.profile, options.data_root, options.results, options.steps)
    ratio = workspace.data(options.dataset).at(options.ratio / 100)
    return workspace, workspace.profile.run(options.dataset, options.method, ratio, options.seed)


def predict(options: Namespace) -> None:
    """Segment a scan, a DICOM series or a folder of scans with a trained model, each on its own
    grid.
    """
    from guidednet.data.datasets import organ_set
    from guidednet.predict import segment, write_colour_tables
    from guidednet.runs.model_file import load_model
    from guidednet.support.files import check_file, check_folder, write_text

    if options.volumes is not None:
        check_file(options.volumes)
        if options.volumes.resolve() == options.output.resolve():
            raise InputError(
                f"--volumes {options.volumes}: is the segmentation's own name; give another one"
            )
    if options.colours is not None:
        check_folder(options.colours)
    predictor = "ensemble" if options.ensemble else "primary"
    volumes = segment(
        options.scan,
        options.model,
        options.output,
        predictor,
        options.device,
        bar("predict", "scan"),
    )
    if options.volumes is not None:
        write_text(options.volumes, volumes.to_csv(index=False))
    if options.colours is not None:
        write_colour_tables(organ_set(load_model(options.model).config.dataset), options.colours)
    print(f"segmentation in {options.output}")


def export(options: Namespace) -> None:
    """Write a finished run as one portable file."""
    from guidednet.runs.model_file import export as export_run

    export_run(options.run_folder, options.output)
    print(f"model in {options.output}; guidednet predict takes it with --run")


def notebook(options: Namespace) -> None:
    """Execute one notebook with parameters."""
    from guidednet.report.execute_notebooks import Execution, execute, parse_parameters
    from guidednet.runs.workspace import open_workspace

    workspace = open_workspace(options.profile, options.data_root, options.results, options.steps)
    values = {"profile": options.profile} | parse_parameters(options.values)
    execution = Execution(options.name, values, workspace.report_folder / "notebooks", inputs={})
    execute(execution)
    print(f"executed copy: {execution.executed}")


def reproduce(options: Namespace) -> None:
    """Data, runs, notebooks, tables and the page that collects them."""
    from guidednet.reproduce.whole import Reproduction

    Reproduction.from_options(options).run()
