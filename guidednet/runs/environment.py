"""What the environment says: the folders of a reproduction, and numbers in variables."""

import os
from pathlib import Path

from guidednet.errors import InputError
from guidednet.support.files import nearest_existing

REPOSITORY = Path(__file__).resolve().parents[2]  # where the package lies beside reproduce.sh


def home() -> Path:
    """The folder that holds `data`, `results` and `figures`.

    It is the repository, or the current folder if the package is installed without it.
    """
    return REPOSITORY if (REPOSITORY / "reproduce.sh").is_file() else Path.cwd()


def number_of_environment(name: str, least: int = 0) -> int:
    """The whole number, `least` or more, in the environment variable `name`; 0 if it is not set.

    Raises InputError for any other value.
    """
    text = os.environ.get(name, "")
    if text and not (text.isdecimal() and int(text) >= least):
        raise InputError(
            f"{name} is '{text}'; "
            f"give a whole number{f' of at least {least}' if least else ''}, or unset it"
        )
    return int(text or 0)


def results_folder(given: str | Path | None = None) -> Path:
    """The folder of the results: `given`, else RESULTS_DIR, else results of the repository."""
    return folder_of(given, "RESULTS_DIR", "results")


def folder_of(given: str | Path | None, variable: str, default: str) -> Path:
    """The folder `given`, else that in the environment `variable`, else `default` below `home()`.

    Raises InputError if a file is in its place.
    """
    folder = Path(given or os.environ.get(variable) or home() / default).resolve()
    if (nearest := nearest_existing(folder)).is_file():
        raise InputError(
            f"{nearest}: this is a file, not a folder; choose another {variable} or option"
        )
    return folder
