"""Hashes that make up a run's key: of plain values, and of code without its comments and docstrings."""

import ast
import hashlib
import inspect
import json
from pathlib import Path
from types import ModuleType
from typing import Any


def hash_of(value: Any) -> str:
    """SHA-256 (hex) of a JSON-serialisable value in canonical form."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def code_hash(source: str) -> str:
    """SHA-256 (hex) of Python source, blind to comments, docstrings and formatting."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def code_fingerprint(modules: list[ModuleType]) -> dict[str, str]:
    """`code_hash` of each module by its name, so that a changed key can name the file that changed it."""
    return {module.__name__: code_hash(Path(inspect.getfile(module)).read_text()) for module in modules}
