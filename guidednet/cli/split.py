"""The command split: which cases of a raw folder train, validate and test.

The action imports what it needs itself, so that the command line starts at once.
"""

import argparse
from argparse import Namespace
from pathlib import Path

from guidednet.cli import arguments
from guidednet.cli.arguments import Command, begins_again


def _split_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("raw", type=Path, help="folder of raw NIfTI in the data set's layout")
    command.add_argument("--dataset", required=True, help=arguments.NAMES_OF_DATASETS)
    command.add_argument(
        "--seed",
        type=arguments.seed,
        default=0,
        help="seed of the 6:2:2 split of the labelled cases",
    )
    command.add_argument(
        "--released",
        action="store_true",
        help="write the lists of the paper's released code instead",
    )
    command.add_argument(
        "--mapping",
        type=Path,
        metavar="CSV",
        help="columns released,case: names in the released lists and on disk",
    )
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="CSV",
        help="file to write (default: split.csv in the raw folder)",
    )


def split(options: Namespace) -> None:
    """Write the lists of training, validation and test cases of a raw folder."""
    from guidednet.cli.options import dataset_at
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

    dataset = dataset_at(options.dataset)
    hides_labels, options.dataset = dataset.hides_labels, dataset.name
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
        f"{', '.join(f'{len(part)} {name}' for name, part in vars(lists).items())} "
        f"cases in {output}"
    )


COMMANDS = (
    Command(
        "split", "write which cases train, validate and test", _split_options, split, begins_again
    ),
)
