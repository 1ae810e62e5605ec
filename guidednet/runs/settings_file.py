"""Settings from a file in the form of a record's "config"."""

import json
import typing
from collections.abc import Collection
from pathlib import Path
from typing import Any

from guidednet.config import RunConfig, restore
from guidednet.errors import InputError, naming
from guidednet.runs.profile import Profile
from guidednet.runs.settings import OF_ONE_RUN, Changes, restored
from guidednet.support.files import read_json


def changes_of_file(profile: Profile, path: Path, methods: Collection[str]) -> Changes:
    """What a file in the form of a record's "config" changes.

    Fields that the file lacks are the profile's. Options that are the defaults of the file's method
    change nothing. Raises InputError for an unknown field or a value of another type.
    """
    values = _values_in(path)
    with naming(path):
        methods = [str(values["method"])] if "method" in values else methods
        rest = {name: value for name, value in values.items() if name not in OF_ONE_RUN}
        return restored(profile, rest, methods)


def fields_of_one_run(path: Path) -> Changes:
    """The fields of such a file that say which run it is: method, data set, seed, cases.

    Raises InputError for a value of another type.
    """
    hints = typing.get_type_hints(RunConfig)
    found = {name: value for name, value in _values_in(path).items() if name in OF_ONE_RUN}
    with naming(path):
        return {name: restore(name, hints[name], value) for name, value in found.items()}


def _values_in(path: Path) -> Changes:
    """The configuration in `path`, which may be a whole record."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; give a JSON file of fields")
    read_json(path)  # says what is wrong with a file that is no JSON
    with naming(path):
        values = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    return values["config"] if isinstance(values.get("config"), dict) else values


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The dictionary of `pairs`; raises InputError for a name that is there twice."""
    names = [name for name, _ in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"{twice[0]}: given twice; give it once")
    return dict(pairs)
