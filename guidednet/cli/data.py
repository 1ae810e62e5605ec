"""The commands init, phantom and prepare: raw scans and case stores.

The actions import what they need themselves, so that the command line starts at once.
"""

import argparse
import dataclasses
import sys
from argparse import Namespace
from pathlib import Path

from guidednet.cli import arguments
from guidednet.cli.arguments import Command, begins_again
from guidednet.errors import InputError
from guidednet.processes.workers import cores
from guidednet.support.progress import bar


def _init_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, help="folder of scans, at any depth")
    command.add_argument("--name", help="name of the data set (default: the folder's)")
    command.add_argument(
        "--images", metavar="PATTERN", help="pattern of images, such as '{case}/ct.nii.gz'"
    )
    command.add_argument(
        "--segmentations", metavar="PATTERN", help="pattern of labels, such as '{case}/seg.nii.gz'"
    )
    command.add_argument(
        "--labels", metavar="ID=NAME,...", help="organs by id, such as '1=liver,2=spleen'"
    )
    command.add_argument("--modality", choices=("CT", "MR"), help="default: found out from values")
    command.add_argument("--force", action="store_true", help="replace an existing dataset.json")
    command.add_argument(
        "--workers",
        type=arguments.processes,
        default=cores(),
        help="processes (default: all cores)",
    )


def init(options: Namespace) -> None:
    """Write dataset.json beside a folder's scans, and warn of what looks wrong."""
    from guidednet.data.datasets.description import FILE
    from guidednet.data.describe_folder import describe_folder
    from guidednet.support.files import check_file, write_json

    path = options.folder / FILE
    if path.exists() and not options.force:
        raise InputError(f"{path}: is there already; edit it, or give --force to replace it")
    check_file(path)
    found = describe_folder(
        options.folder,
        options.name,
        options.images,
        options.segmentations,
        _labels(options.labels),
        options.modality,
        options.workers,
        bar("read", "case"),
    )
    write_json(path, found.document)
    print(*found.said, sep="\n")
    for warning in found.warnings:
        print(f"guidednet: {warning}", file=sys.stderr)
    print(f"description in {path}; 'guidednet compare {options.folder}' compares methods on it")


def _labels(text: str | None) -> dict[int, str] | None:
    """The organs of "1=liver,2=spleen" by id; None without a text."""
    if text is None:
        return None
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    for number, equals, name in pairs:
        if not equals or not number.strip().isdecimal() or not name.strip():
            raise InputError(f"--labels {text}: not ids and names; write them as 1=liver,2=spleen")
    numbers = [int(number) for number, _, _ in pairs]
    if len(set(numbers)) < len(numbers):
        raise InputError(f"--labels {text}: an id appears twice; give every organ its own")
    return {int(number): name.strip() for number, _, name in pairs}


def _phantom_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("out", type=Path, help="folder to write to")
    command.add_argument("--dataset", required=True, help=arguments.NAMES_OF_DATASETS)
    command.add_argument("--cases", type=arguments.count, required=True, help="number of cases")
    command.add_argument(
        "--labelled", type=arguments.count, help="how many of them have a label (default: half)"
    )
    command.add_argument("--seed", type=arguments.seed, default=0)
    command.add_argument(
        "--voxel-mm",
        type=float,
        default=1.5,
        help="approximate voxel size in mm within a slice (default: 1.5)",
    )
    command.add_argument(
        "--matrix",
        type=arguments.count,
        metavar="N",
        help="square slices of N x N pixels, such as 512; sets the voxel size",
    )
    command.add_argument(
        "--workers",
        type=arguments.processes,
        default=cores(),
        help="processes (default: all cores)",
    )


def phantom(options: Namespace) -> None:
    """Write synthetic abdominal CT in the layout of a data set."""
    from guidednet.data.datasets import organ_set
    from guidednet.phantom import write_phantoms
    from guidednet.support.files import check_folder

    organ_set(options.dataset)
    check_folder(options.out)
    labelled = (options.cases + 1) // 2 if options.labelled is None else options.labelled
    if labelled > options.cases:
        raise InputError(
            f"--labelled {labelled}: this is more than --cases {options.cases}; lower it"
        )
    if not 0.5 <= options.voxel_mm <= 20:
        raise InputError(
            f"--voxel-mm {options.voxel_mm:g}: the size is outside 0.5 to 20 mm; use one in between"
        )
    if options.matrix is not None and not 32 <= options.matrix <= 1024:
        raise InputError(
            f"--matrix {options.matrix}: the size is outside 32 to 1024 pixels; "
            "use one in between, such as 512"
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


def _prepare_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("raw", type=Path, help="folder of raw NIfTI in the data set's layout")
    command.add_argument("store", type=Path, help="folder to write to")
    command.add_argument("--dataset", required=True, help=arguments.NAMES_OF_DATASETS)
    command.add_argument(
        "--spacing",
        type=float,
        nargs=3,
        metavar=("Z", "Y", "X"),
        help="voxel size in mm (default: the preset's)",
    )
    command.add_argument(
        "--preset",
        choices=("paper", "official"),
        default="paper",
        help="as in the paper (default) or the released code",
    )
    command.add_argument(
        "--skip-broken",
        action="store_true",
        help="leave out unusable cases and list them in broken.csv",
    )
    command.add_argument(
        "--verify",
        action="store_true",
        help="only compare the case store and the raw files with their recorded hashes",
    )
    command.add_argument(
        "--workers",
        type=arguments.processes,
        default=cores(),
        help="processes (default: all cores)",
    )


def prepare_store(options: Namespace) -> None:
    """Prepare a folder of raw NIfTI into a case store, or verify an existing one."""
    from guidednet.cli.options import dataset_at
    from guidednet.data.case_store import PRESETS, CaseStore
    from guidednet.data.prepare import prepare, unlabelled_organs

    dataset = dataset_at(options.dataset)
    options.dataset = dataset.name
    if options.verify:
        return _verify_store(options)
    settings = PRESETS[options.preset]()
    if options.preset == "paper":
        settings = dataclasses.replace(
            settings,
            spacing_mm=dataset.spacing_mm or settings.spacing_mm,
            hu_window=dataset.hu_window,
            percentiles=dataset.percentiles,
        )
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
    if warning := unlabelled_organs(CaseStore(options.store)):
        print(f"guidednet: {warning}", file=sys.stderr)
    print(f"case store in {options.store}; its cases are listed in {options.store / 'cases.csv'}")


def _verify_store(options: Namespace) -> None:
    from guidednet.data.verify import verify

    files = verify(
        options.raw, options.store, options.dataset, options.workers, bar("verify", "case")
    )
    print(f"{files} files are unchanged since the cases were prepared")


COMMANDS = (
    Command(
        "init", "describe a folder of scans in a dataset.json", _init_options, init, begins_again
    ),
    Command(
        "phantom", "write synthetic abdominal CT in a data set's layout", _phantom_options, phantom
    ),
    Command("prepare", "make a case store of raw NIfTI", _prepare_options, prepare_store),
)
