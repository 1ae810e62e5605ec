"""Case ids become names of folders and files: one that could lead elsewhere is refused wherever ids
come in.
"""

from collections.abc import Iterable
from pathlib import Path

from guidednet.errors import InputError

SEPARATORS = "/\\"


def check_case_ids(case_ids: Iterable[str], source: Path) -> None:
    """Raise InputError, naming the file or folder `source` where they stand, for an id that is no
    plain name of a file.

    Spaces, quotes, accents and the like are fine; separators, unprintable characters, and a dot or
    dash in front are not.
    """
    for case_id in case_ids:
        if not _is_plain(case_id):
            rule = "no / or \\ or unprintable character in it, no dot or dash in front"
            raise InputError(f"{source}: case id {case_id!r} is no plain name; rename it: {rule}")


def _is_plain(case_id: object) -> bool:
    """Whether it is a text (an empty cell of a table is none) that names something inside a folder."""
    return (
        isinstance(case_id, str)
        and case_id.isprintable()
        and not case_id.startswith((".", "-"))
        and case_id.strip() != ""
        and not set(SEPARATORS) & set(case_id)
    )
