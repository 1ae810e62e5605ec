"""Case ids become folder and file names, so ids that could lead elsewhere are always refused."""

from collections.abc import Iterable
from pathlib import Path

from guidednet.errors import InputError

SEPARATORS = "/\\"


def check_case_ids(case_ids: Iterable[str], source: Path) -> None:
    """Raise InputError, naming the file or folder `source`, for an id that is not a plain name.

    Spaces, quotes, accents and the like are fine; separators, unprintable characters and a leading
    dot or dash are not.
    """
    for case_id in case_ids:
        if not _is_plain(case_id):
            rule = "without / or \\, unprintable characters, or a leading dot or dash"
            raise InputError(f"{source}: case id {case_id!r} is not a plain name; rename it {rule}")


def _is_plain(case_id: object) -> bool:
    """Whether `case_id` is text, not an empty table cell, and names something in a folder."""
    return (
        isinstance(case_id, str)
        and case_id.isprintable()
        and not case_id.startswith((".", "-"))
        and case_id.strip() != ""
        and not set(SEPARATORS) & set(case_id)
    )
