"""Hashes that a run's key is made of: of plain values, and of code without its documentation."""

import ast
import hashlib
import inspect
import json
from collections.abc import Collection, Iterable
from functools import lru_cache
from importlib.util import find_spec, resolve_name
from pathlib import Path
from typing import Any

from guidednet.errors import InputError

PACKAGE = __name__.split(".")[0]
# A registry imports every method or data set, but a run that uses one does not depend on the rest.
REGISTRIES = (f"{PACKAGE}.methods", f"{PACKAGE}.data.datasets")


def hash_of(value: Any) -> str:
    """SHA-256 (hex) of a JSON-serialisable value in canonical form."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=1024)  # every run needs the hashes of the same few files
def code_hash(source: str) -> str:
    """SHA-256 (hex) of Python source, blind to comments, docstrings and formatting."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        kinds = ast.Module | ast.ClassDef | ast.FunctionDef
        if isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return hash_of(_as_lists(tree))


def _as_lists(node: Any) -> Any:
    """`node` of a syntax tree as nested lists, the same in every version of Python.

    Newer versions give nodes more fields, which are empty in code that does not use them.
    """
    if isinstance(node, ast.AST):
        fields = [(name, _as_lists(value)) for name, value in ast.iter_fields(node)]
        return [type(node).__name__, *(field for field in fields if field[1] not in (None, []))]
    if isinstance(node, list):
        return [_as_lists(item) for item in node]
    return None if node is None else [type(node).__name__, repr(node)]


def code_fingerprint(modules: Iterable[str]) -> dict[str, str]:
    """`code_hash` of each module by name, so that a changed key can tell which file changed."""
    return {module: code_hash(source_of(module)) for module in sorted(modules)}


def modules_reached(roots: Iterable[str], within: Collection[str]) -> set[str]:
    """`roots` and all modules in the rooms `within` that they import, directly or indirectly.

    `within` holds folders and files of this package, such as "methods" or "data.sampling". Imports
    are read from the source, so that a module counts even if only a constant of it is used. To a
    module from outside this package, those beside it that it imports are added.
    """
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            source = source_of(module)
            imported = imported_modules(source) - set(REGISTRIES)
            waiting += [name for name in imported if is_within(name, within)]
            waiting += modules_beside(module, source)
    return found


def modules_beside(module: str, source: str) -> list[str]:
    """The modules that `module` imports from its own package, or from its folder if it has none.

    It is empty for modules of this package.
    """
    top = module.partition(".")[0]
    if top == PACKAGE:
        return []
    path = Path(find_spec(module).origin)
    in_package = "." in module or path.name == "__init__.py"
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names = [name for node in ast.walk(ast.parse(source)) for name in _names(node, package)]
    if in_package:
        own = [name for name in names if name.partition(".")[0] == top]
        return [name for name in dict.fromkeys(own) if _origin(name) is not None]
    # a dotted name is not looked for, because that would import the first part of it
    plain = [name for name in dict.fromkeys(names) if "." not in name]
    return [name for name in plain if (origin := _origin(name)) and origin.parent == path.parent]


def _names(node: ast.AST, package: str) -> list[str]:
    """The modules that an import in the module of `package` may name."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom) or (node.level and not package):
        return []
    place = resolve_name(f"{'.' * node.level}{node.module or ''}", package)
    return [place, *(f"{place}.{alias.name}" for alias in node.names)]


def _origin(name: str) -> Path | None:
    """The Python file of the module `name`; None without one."""
    try:
        found = find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None
    origin = found.origin if found is not None else None
    return Path(origin) if origin is not None and origin.endswith(".py") else None


def is_within(module: str, rooms: Collection[str]) -> bool:
    """Whether `module` is one of the `rooms` (folders and files) of this package or lies in one."""
    return any(f"{module}.".startswith(f"{PACKAGE}.{room}.") for room in rooms)


@lru_cache(maxsize=1024)
def imported_modules(source: str) -> frozenset[str]:
    """The modules of this package that `source` imports anywhere, by dotted name."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names += [name if _is_module(name) else node.module for name in inner]
    return frozenset(name for name in names if name.split(".")[0] == PACKAGE)


def _is_module(name: str) -> bool:
    path = Path(__file__).parents[1].joinpath(*name.split(".")[1:])
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def module_of(kind: type) -> str:
    """The name of the module that defines `kind`.

    Raises InputError for a class without a file, because nothing would tell its runs from those of
    another version of the class.
    """
    try:
        inspect.getfile(kind)
    except (TypeError, OSError) as error:
        fix = "put it into a Python file and import it"
        raise InputError(
            f"{kind.__name__}: the class is defined in a notebook cell; {fix}"
        ) from error
    return kind.__module__


def source_of(module: str) -> str:
    """The source of an importable module."""
    return Path(find_spec(module).origin).read_text(encoding="utf-8")
