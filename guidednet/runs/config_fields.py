"""The fields of a configuration by dotted name, such as "optimiser.learning_rate", and as text."""

import dataclasses
import inspect
import math
import re
import types
import typing
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
END_OF_SENTENCE = re.compile(r"(?<=[.)])\s+(?=[A-Z`\"])")
PLAIN = {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}


@dataclass(frozen=True)
class Field:
    """A field: its dotted name, value and type, and what its class says of it."""

    name: str
    value: Any
    hint: Any
    meaning: str


def fields_of(config: Any, prefix: str = "") -> dict[str, Field]:
    """All fields of the dataclass `config` and of the dataclasses in it, by dotted name."""
    hints, found = typing.get_type_hints(type(config)), {}
    for item in dataclasses.fields(config):
        name, value = f"{prefix}{item.name}", getattr(config, item.name)
        if dataclasses.is_dataclass(value):
            found |= fields_of(value, f"{name}.")
        else:
            found[name] = Field(name, value, hints[item.name], meaning(type(config), item.name))
    return found


def with_fields(config: T, values: dict[str, Any]) -> T:
    """`config` with the `values` of some fields, given by dotted name.

    The fields of one dataclass change together, because its checks may compare them.
    """
    inner: dict[str, dict[str, Any]] = {}
    own = {name: value for name, value in values.items() if "." not in name}
    for name, value in values.items():
        part, dot, rest = name.partition(".")
        if dot:
            inner.setdefault(part, {})[rest] = value
    parts = {part: with_fields(getattr(config, part), of_part) for part, of_part in inner.items()}
    return dataclasses.replace(config, **own, **parts)


def meaning(kind: type, name: str) -> str:
    """What the docstring of the dataclass `kind` says of its field `name`: the sentences with it.

    It is empty if the docstring does not name the field.
    """
    text = " ".join((inspect.getdoc(kind) or "").split())
    return " ".join(part for part in END_OF_SENTENCE.split(text) if f"`{name}`" in part)


def as_text(value: Any) -> str:
    """`value` as `read` takes it: 0.03, true, none, or 16,32,32."""
    if isinstance(value, tuple | list):
        return ",".join(map(as_text, value)) or "()"
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def read(text: str, hint: Any) -> Any:
    """The value of type `hint` that `text` stands for; raises ValueError if it stands for none."""
    if typing.get_origin(hint) in {types.UnionType, typing.Union}:
        return _read_one_of(text, typing.get_args(hint))
    if typing.get_origin(hint) is typing.Literal:
        return {as_text(choice): choice for choice in typing.get_args(hint)}[text]
    if is_list(hint):
        return _read_list(text, hint)
    if hint is bool:
        return {"true": True, "false": False}[text.lower()]
    if hint is types.NoneType:
        return {"none": None}[text.lower()]
    if hint is int and re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    if hint is float and "_" not in text and math.isfinite(float(text)):
        return float(text)
    if hint is str and text:
        return text
    raise ValueError(text)


def is_list(hint: Any) -> bool:
    """Whether values of type `hint` are tuples, whose entries commas separate."""
    return typing.get_origin(hint) is tuple


def _read_list(text: str, hint: Any) -> tuple[Any, ...]:
    kinds = typing.get_args(hint)
    entries = [] if text in ("", "()") else text.strip("()").split(",")
    if kinds[-1] is not Ellipsis and len(entries) != len(kinds):
        raise ValueError(text)
    return tuple(read(entry.strip(), kinds[0]) for entry in entries)


def _read_one_of(text: str, hints: tuple[Any, ...]) -> Any:
    # "none" is no word if the field may be None
    for hint in sorted(hints, key=lambda one: one is not types.NoneType):
        try:
            return read(text, hint)
        except (ValueError, KeyError):
            continue
    raise ValueError(text)


def described(hint: Any) -> str:
    """What a value of type `hint` is, in words: "a whole number or none"."""
    if typing.get_origin(hint) in {types.UnionType, typing.Union}:
        return " or ".join(map(described, typing.get_args(hint)))
    if typing.get_origin(hint) is typing.Literal:
        return f"one of {', '.join(map(as_text, typing.get_args(hint)))}"
    if is_list(hint):
        kinds = typing.get_args(hint)
        entry = described(kinds[0]).removeprefix("a ")
        return f"{'any' if kinds[-1] is Ellipsis else len(kinds)} {entry}s with commas between"
    return "none" if hint is types.NoneType else PLAIN.get(hint, f"of type {hint}")
