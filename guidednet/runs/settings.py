"""Settings that a user changes: fields of runs by dotted name, as options or in a file.

`--set optimiser.learning_rate=0.03` changes a field of every run of a command, and
`--set options.lambda_g=0.1` that of every method which has it. A file has the form of a record's
"config". What differs from the profile stands in the names of runs and folders and in captions.
"""

import dataclasses
import difflib
import json
import os
import re
import typing
from collections.abc import Collection, Iterable
from typing import Any

from guidednet.config import RunConfig, restore
from guidednet.errors import InputError, naming
from guidednet.methods import METHODS, method_class
from guidednet.runs.config_fields import (
    Field,
    as_text,
    described,
    fields_of,
    is_list,
    read,
    with_fields,
)
from guidednet.runs.fingerprint import hash_of
from guidednet.runs.profile import Profile

Changes = dict[str, Any]
LONGEST = 80  # characters of a name that changes may take
VARIABLE = "RUN_SETTINGS"  # hands the changes on to notebooks
PARTS = ("network", "batch", "optimiser", "training", "window", "initialisation")
# Fields that say which run it is, and the options that choose them.
OF_ONE_RUN = {
    "dataset": "--dataset",
    "method": "--method",
    "seed": "--seed or --seeds",
    "n_labelled": "--ratio",
    "n_unlabelled": "--ratio",
    "partition": "--all or --folds",
}


def changeable(profile: Profile, methods: Iterable[str]) -> dict[str, Field]:
    """The fields that can be changed: those of the profile, and the options of `methods`."""
    found = {
        name: field for name, field in fields_of(profile).items() if name.partition(".")[0] in PARTS
    }
    for method in methods:
        options = fields_of(method_class(method).Config(), "options.")
        found |= {name: field for name, field in options.items() if name not in found}
    return found


def changes_of_texts(profile: Profile, texts: list[str], methods: Collection[str]) -> Changes:
    """The values of `--set FIELD=VALUE` by field.

    Raises InputError for an unknown field, a field given twice, or a value of another type.
    """
    fields, changes = changeable(profile, methods), {}
    for name, text in assignments(texts).items():
        changes[name] = value_of_text(_known(name, fields), text)
    return changes


def lists_of_texts(profile: Profile, texts: list[str], method: str) -> dict[str, list[Any]]:
    """The values that each field takes in a sweep.

    Commas separate them, or slashes if the field is itself a list: `batch.crop=16,32,32/16,24,24`.
    """
    fields, found = changeable(profile, [method]), {}
    for name, text in assignments(texts).items():
        field = _known(name, fields)
        parts = text.split("/" if is_list(field.hint) else ",")
        found[name] = [value_of_text(field, part.strip()) for part in parts]
        if len(set(found[name])) < len(parts):
            raise InputError(f"--set {name}={text}: a value stands there twice; give it once")
    return found


def assignments(texts: list[str]) -> dict[str, str]:
    """The texts of fields by name, from FIELD=VALUE."""
    found: dict[str, str] = {}
    for assignment in texts:
        name, equals, text = (part.strip() for part in assignment.partition("="))
        if not equals or not name:
            raise InputError(f"--set {assignment}: not an assignment; write it as FIELD=VALUE")
        if name in found:
            raise InputError(
                f"--set {name}: given twice, as {found[name]} and as {text}; give it once"
            )
        found[name] = text
    return found


def value_of_text(field: Field, text: str) -> Any:
    """The value of `field` that `text` stands for; raises InputError if it is of another type."""
    try:
        return read(text, field.hint)
    except (ValueError, KeyError):
        raise InputError(
            f"--set {field.name}={text}: the value is not {described(field.hint)}; "
            f"the profile has {as_text(field.value)}"
        ) from None


def _known(name: str, fields: dict[str, Field]) -> Field:
    """The field called `name`; raises InputError, which suggests another, if there is none."""
    if name in OF_ONE_RUN:
        raise InputError(f"{name}: this field has an option of its own; use {OF_ONE_RUN[name]}")
    if name not in fields:
        raise InputError(f"unknown field '{name}': {_suggestion(name, fields)}")
    return fields[name]


def _suggestion(name: str, fields: Iterable[str]) -> str:
    """What a user may have meant by `name`, which is none of `fields`."""
    methods = [
        method for method, kind in METHODS.items() if name in fields_of(kind.Config(), "options.")
    ]
    if methods:
        return f"it is an option of {', '.join(methods)}, and of no method of this command"
    part, _, last = name.rpartition(".")
    if whole := [field for field in fields if _is_in(field, name)]:
        return f"use one of {', '.join(whole)}"
    inside = {field.removeprefix(f"{part}."): field for field in fields if _is_in(field, part)}
    near = difflib.get_close_matches(last, list(inside), n=1)
    if inside and not near:
        return f"use one of {', '.join(inside.values())}"
    same_end = [field for field in fields if field.split(".")[-1] == last]
    found = [*map(inside.get, near), *same_end, *difflib.get_close_matches(name, list(fields), n=1)]
    hint = f"did you mean '{found[0]}'? " if found else ""
    return f"{hint}guidednet config lists the fields"


def _is_in(field: str, part: str) -> bool:
    return bool(part) and field.startswith(f"{part}.")


def restored(profile: Profile, values: dict[str, Any], methods: Iterable[str]) -> Changes:
    """Typed changes from JSON `values`, nested or by dotted name; what changes nothing is left out.

    Raises InputError for an unknown field or a value of another type.
    """
    fields = changeable(profile, methods)
    changes = {
        name: _typed(_known(name, fields), value) for name, value in _flat(values, fields).items()
    }
    return {name: value for name, value in changes.items() if value != fields[name].value}


def _typed(field: Field, value: Any) -> Any:
    """The JSON `value` as `field` has it; 1 becomes 1.0, because keys of runs tell them apart."""
    value = restore(field.name, field.hint, value)
    floats = field.hint is float or float in typing.get_args(field.hint)
    whole_too = int in typing.get_args(field.hint)
    return float(value) if type(value) is int and floats and not whole_too else value


def _flat(values: dict[str, Any], fields: dict[str, Field], prefix: str = "") -> dict[str, Any]:
    """Nested dictionaries as one by dotted name, down to the known `fields`."""
    found = {}
    for name, value in values.items():
        is_part = isinstance(value, dict) and prefix + name not in fields
        new = _flat(value, fields, f"{prefix}{name}.") if is_part else {prefix + name: value}
        if twice := [field for field in new if field in found]:
            raise InputError(f"{twice[0]}: given twice; give it once")
        found |= new
    return found


def changed(profile: Profile, changes: Changes) -> Profile:
    """`profile` with `changes`; those that change nothing leave no trace."""
    fields = fields_of(profile)
    new = {name: value for name, value in changes.items() if _is_new(name, value, fields)}
    options = {name: new[name] for name in new if name.startswith("options.")}
    parts = {name: new[name] for name in new if name not in options}
    return dataclasses.replace(
        with_fields(profile, parts),
        changed_options=(*profile.changed_options, *options.items()),
        changed=tuple(dict.fromkeys((*profile.changed, *new))),
    )


def showing(profile: Profile, names: Iterable[str]) -> Profile:
    """`profile` with the fields called `names` in the names of runs."""
    return dataclasses.replace(profile, shown=tuple(names))


def _is_new(name: str, value: Any, fields: dict[str, Field]) -> bool:
    """Whether `value` differs from the profile's, or from the default of a method that has it."""
    if not name.startswith("options."):
        return value != fields[name].value
    options = [fields_of(kind.Config(), "options.").get(name) for kind in METHODS.values()]
    return any(field is not None and field.value != value for field in options)


def values_of(profile: Profile) -> Changes:
    """The fields that the user changed, with their values."""
    fields, options = fields_of(profile) if profile.changed else {}, dict(profile.changed_options)
    return {
        name: options[name] if name in options else fields[name].value for name in profile.changed
    }


def to_variable(profile: Profile) -> str:
    """The changes of `profile` as JSON, for the environment of notebooks."""
    return json.dumps(values_of(profile))


def from_variable(profile: Profile) -> Profile:
    """`profile` with the changes of the environment; unchanged if there are none."""
    text = os.environ.get(VARIABLE, "")
    if not text:
        return profile
    with naming(VARIABLE):
        try:
            values = json.loads(text)
        except ValueError as error:
            raise InputError(f"{text!r} is not JSON; unset it") from error
        return changed(profile, restored(profile, values, METHODS))


def suffix(profile: Profile) -> str:
    """What the user changed, for the names of folders: "-learning_rate=0.03-lambda_g=0.1"."""
    changes = values_of(profile).items()
    return shortened("".join(f"-{short_text(name, value)}" for name, value in changes))


def suffix_of_run(profile: Profile, config: RunConfig) -> str:
    """The values that a run has in the fields that its name shows."""
    return shortened("".join(f"-{text}" for text in texts_of(profile, config, short=True)))


def texts_of(profile: Profile, config: RunConfig, short: bool = False) -> list[str]:
    """The values that a run has in the fields that its name shows, as FIELD=VALUE.

    A method without such an option is not changed by it.
    """
    names = dict.fromkeys((*profile.changed, *profile.shown))
    fields = fields_of(config) if names else {}
    write = short_text if short else full_text
    return [write(name, fields[name].value) for name in names if name in fields]


def texts_of_changes(profile: Profile) -> list[str]:
    """What the user changed, as FIELD=VALUE."""
    return [full_text(name, value) for name, value in values_of(profile).items()]


def full_text(name: str, value: Any) -> str:
    """A field and its value as `--set` takes them."""
    return f"{name}={as_text(value)}"


def short_text(name: str, value: Any) -> str:
    """The last part of a field's name and its value: "learning_rate=0.03"."""
    return f"{name.split('.')[-1]}={as_text(value)}"


def shortened(text: str) -> str:
    """`text`, or its beginning and its hash if it is too long for the name of a folder."""
    text = re.sub(r"[^\w.,=+()-]", "_", text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}-{hash_of(text)[:8]}"
