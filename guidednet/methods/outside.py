"""Methods from outside the package: a class of a file, of a module, or of an installed package.

A method is named by `FILE.py:Class` or `module:Class`; an installed package offers its own under
the entry point group `guidednet.methods`. Nothing is imported that the user has not named or
installed. EXTRA_METHODS hands the names on to notebooks, workers and the tasks of a cluster.
"""

import dataclasses
import importlib
import os
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from guidednet.errors import InputError, in_one_line
from guidednet.methods.base import Method
from guidednet.support.registry import Registry

VARIABLE = "EXTRA_METHODS"
GROUP = "guidednet.methods"
Methods = Registry[type[Method]]


def register(text: str, methods: Methods) -> str:
    """Add the class that `text` names to `methods` and hand it on; returns its name there.

    The name is that of the class, unless the file registers it under its own. Raises InputError if
    there is no such class, or if it is no method.
    """
    place, _, class_name = text.rpartition(":")
    if not place:
        raise InputError(f"{text}: the class is missing; write it as {text}:ClassName")
    module = _module_of_file(Path(place)) if place.endswith(".py") else _module(place)
    kind = _checked(module, class_name, place)
    name = _name(kind, methods)
    methods[name] = kind
    _hand_on(text)
    return name


def _name(kind: type[Method], methods: Methods) -> str:
    """The name of `kind` in `methods`; raises InputError if another method has it."""
    own = [name for name, known in methods.items() if known is kind]
    name = own[0] if own else kind.__name__
    if methods.get(name, kind) is not kind:
        raise InputError(f"{name}: there is another method of this name; rename the class")
    label = label_of(kind, name)
    same = [one for one, other in methods.items() if one != name and label_of(other, one) == label]
    if same:
        raise InputError(
            f"{name}: its label '{label}' is that of {same[0]}, so tables could not tell them "
            "apart; change it"
        )
    return name


def label_of(kind: type[Method], name: str) -> str:
    """The label in tables of the class `kind`, which is called `name`: its own, or its name."""
    return vars(kind).get("label") or name


def register_installed(name: str, methods: Methods) -> bool:
    """Add the method that an installed package offers as `name`; whether there is one."""
    found = list(entry_points(group=GROUP, name=name))
    if found:
        place, _, class_name = found[0].value.partition(":")
        methods[name] = _checked(_module(place), class_name.strip(), place)
    return bool(found)


def register_named(methods: Methods) -> None:
    """Add the methods that EXTRA_METHODS names, separated by commas."""
    texts = [_absolute(text.strip()) for text in os.environ.get(VARIABLE, "").split(",") if text]
    os.environ[VARIABLE] = ",".join(texts)  # notebooks run in a folder of their own
    for text in texts:
        register(text, methods)


def _absolute(text: str) -> str:
    """`text` with the whole path of its file."""
    place, colon, class_name = text.rpartition(":")
    path = Path(place).resolve() if place.endswith(".py") else place
    return f"{path}{colon}{class_name}"


def _hand_on(text: str) -> None:
    known = [one for one in os.environ.get(VARIABLE, "").split(",") if one]
    os.environ[VARIABLE] = ",".join(dict.fromkeys([*known, _absolute(text)]))


def _module_of_file(path: Path) -> ModuleType:
    """The module in the file `path`, whose folder this process and its children then import from.

    Raises InputError if there is no such file, or if its name is that of another module.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; give the file of the method's class")
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # last, so that the files beside it hide nothing
    found = find_spec(path.stem) if path.stem.isidentifier() else None
    if found is None or Path(found.origin or "").resolve() != path.resolve():
        other = f"{found.origin or 'another module'} has it" if found else "it is no name of Python"
        raise InputError(f"{path}: its name cannot be imported, because {other}; rename the file")
    return _module(path.stem)


def _module(name: str) -> ModuleType:
    """The module called `name`; raises InputError, which says why, if it cannot be imported."""
    try:
        return importlib.import_module(name)
    except Exception as error:  # whatever the user's own file raises
        raise InputError(
            f"{name}: cannot be imported ({in_one_line(error)}); "
            "repair it, or give the method as FILE.py:Class"
        ) from error


def _checked(module: ModuleType, name: str, place: str) -> type[Method]:
    """The class `name` of `module`; raises InputError if it is missing or is no method."""
    kind = getattr(module, name, None)
    if not isinstance(kind, type):
        own = [
            key
            for key, value in vars(module).items()
            if isinstance(value, type)
            and issubclass(value, Method)
            and value.__module__ == module.__name__
        ]
        near = f"it defines {', '.join(own)}" if own else "it defines no method"
        raise InputError(f"{place}: there is no class '{name}' in it; {near}")
    if not issubclass(kind, Method):
        raise InputError(
            f"{place}:{name}: the class is no method; derive it from guidednet.methods.base.Method"
        )
    frozen = getattr(getattr(kind.Config, "__dataclass_params__", None), "frozen", False)
    if not (dataclasses.is_dataclass(kind.Config) and frozen):
        raise InputError(
            f"{place}:{name}: its Config is no frozen dataclass; write @dataclass(frozen=True)"
        )
    return kind
