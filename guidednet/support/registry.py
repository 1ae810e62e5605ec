"""Registries of methods, data sets and metrics by name, open to entries from outside."""

import pickle
from collections.abc import Mapping
from importlib import import_module
from typing import Any, TypeVar

Entry = TypeVar("Entry")
Additions = dict[str, dict[str, bytes]]
_registries: list["Registry"] = []


class Registry(dict[str, Entry]):
    """Entries by name; `REGISTRY[name] = entry` adds one from anywhere.

    `place` is where the registry is defined, as "module:NAME". Worker processes get added entries.
    """

    def __init__(self, place: str, entries: Mapping[str, Entry]) -> None:
        super().__init__(entries)
        self.place = place
        self._own = frozenset(entries)
        _registries.append(self)

    def added(self) -> dict[str, Entry]:
        """The entries that came from outside the package."""
        return {name: entry for name, entry in self.items() if name not in self._own}


def additions() -> Additions:
    """All entries from outside, pickled, by place and name.

    Entries that another process cannot import are left out.
    """
    return {
        registry.place: {
            name: pickled
            for name, entry in registry.added().items()
            if (pickled := _pickled(entry)) is not None
        }
        for registry in _registries
        if registry.added()
    }


def add(found: Additions) -> None:
    """Add the entries that `additions` found in another process."""
    for place, entries in found.items():
        module, name = place.split(":")
        registry = getattr(import_module(module), name)
        registry |= {key: pickle.loads(pickled) for key, pickled in entries.items()}


def _pickled(entry: Any) -> bytes | None:
    """`entry` as bytes; None if it was made in a notebook or a script.

    Other processes cannot import from those.
    """
    try:
        pickled = pickle.dumps(entry)
    except (pickle.PicklingError, AttributeError, TypeError):
        return None
    return None if b"__main__" in pickled else pickled
