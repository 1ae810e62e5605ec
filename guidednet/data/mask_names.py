"""Which file holds which organ, where a case has one mask per organ."""

from collections.abc import Collection

from guidednet.data.organs import known_organ, same_organ
from guidednet.errors import InputError


def organs_of_masks(files: Collection[str]) -> dict[int, str]:
    """Every file is an organ: its known name, or that of the file; ids rise with the files' names.

    An organ that is known by two files keeps their names, so that neither is lost.
    """
    known = {name: organ.name for name in files if (organ := known_organ(name)) is not None}
    once = {name: organ for name, organ in known.items() if [*known.values()].count(organ) == 1}
    names = (once.get(name, name.replace("_", " ")) for name in sorted(files))
    return dict(enumerate(names, start=1))


def masks_of_organs(labels: dict[int, str], files: Collection[str]) -> dict[str, str]:
    """The file of every organ of `labels` whose file is not called as the organ is.

    Raises InputError if no file holds an organ.
    """
    found = {organ: _mask(organ, files) for organ in labels.values()}
    return {organ: name for organ, name in found.items() if name != organ.replace(" ", "_")}


def _mask(organ: str, files: Collection[str]) -> str:
    own = organ.replace(" ", "_")
    if own in files:
        return own
    same = [name for name in sorted(files) if same_organ(name, organ)]
    if not same:
        raise InputError(
            f"--labels: no mask is called '{own}'; there are {', '.join(sorted(files))}"
        )
    return same[0]
