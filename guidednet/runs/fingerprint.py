"""Hashes that make up a run's key: of plain values, and of code without its comments and
docstrings.
"""

import ast
import hashlib
import inspect
import json
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any


def hash_of(value: Any) -> str:
    """SHA-256 (hex) of a JSON-serialisable value in canonical form."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=1024)  # the same few files are asked for with every run
def code_hash(source: str) -> str:
    """SHA-256 (hex) of Python source, blind to comments, docstrings and formatting."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def code_fingerprint(modules: list[ModuleType]) -> dict[str, str]:
    """`code_hash` of each module by its name, so that a changed key can name the file that changed
    it.
    """
    return {
        module.__name__: code_hash(Path(inspect.getfile(module)).read_text(encoding="utf-8"))
        for module in modules
    }


def modules_used(roots: list[ModuleType], excluded: set[str]) -> list[ModuleType]:
    """`roots` and every module of this package whose functions, classes or itself they use,
    directly or through others.
    """
    package = __name__.split(".")[0]
    found, waiting = {}, list(roots)
    while waiting:
        module = waiting.pop()
        if module.__name__ not in found:
            found[module.__name__] = module
            names = {
                value.__name__
                if isinstance(value, ModuleType)
                else getattr(value, "__module__", "")
                for value in vars(module).values()
            }
            waiting += [
                sys.modules[name]
                for name in names
                if str(name).startswith(f"{package}.") and name not in excluded
            ]
    return [found[name] for name in sorted(found)]
