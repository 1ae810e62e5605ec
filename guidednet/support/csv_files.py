"""Read CSV files that people edit and copy, with one sentence for anything wrong with them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from guidednet.errors import InputError

KINDS = {str: "text", int: "whole numbers", float: "numbers", bool: "True or False"}


def read_csv(path: Path, columns: Mapping[str, type], **options: Any) -> pd.DataFrame:
    """The table in the CSV file at `path`.

    `columns` gives the type of each column that it must have; `options` go to pandas. Raises
    InputError if the file is missing, empty or not CSV, lacks a column, or has text instead of a
    number.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; check the path")
    try:
        table = pd.read_csv(path, dtype=dict(columns), **options)
    except (OSError, ValueError, OverflowError) as error:
        needed = ", ".join(f"{name} ({KINDS[kind]})" for name, kind in columns.items())
        raise InputError(
            f"{path}: cannot be read as CSV with the columns {needed}; correct it or copy it again"
        ) from error
    if missing := [name for name in columns if name not in {*table.columns, table.index.name}]:
        raise InputError(
            f"{path}: has no column {missing[0]}; its columns must be {', '.join(columns)}"
        )
    return table
