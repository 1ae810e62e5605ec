"""Registries of methods, data sets and metrics by name, open to entries from outside."""

import pickle
from collections.abc import Mapping
from importlib import import_module
from typing import Any, TypeVar

Entry = TypeVar("Entry")
Additions = dict[str, dict[str, Any]]
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
    """All entries from outside that another process can import, by place and name."""
    return {
        registry.place: {name: entry for name, entry in registry.added().items() if travels(entry)}
        for registry in _registries
        if registry.added()
    }


def add(found: Additions) -> None:
    """Add what `additions` found in another process."""
    for place, entries in found.items():
        module, name = place.split(":")
        getattr(import_module(module), name).update(entries)


def travels(entry: Any) -> bool:
    """Whether another process can import `entry`; it cannot if a notebook or a script made it."""
    try:
        return b"__main__" not in pickle.dumps(entry)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
