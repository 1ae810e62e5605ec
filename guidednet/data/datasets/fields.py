"""Fields of a description: each is read with one sentence for whatever is wrong with it."""

from collections.abc import Iterable
from typing import Any

from guidednet.errors import InputError

SMALLEST_MM, LARGEST_MM = 0.1, 100.0  # what a voxel may measure


def pair(
    document: dict[str, Any], field: str, default: tuple[float, float], least: float, most: float
) -> tuple[float, float]:
    """Two rising numbers from `least` to `most`; `default` if the field is missing."""
    value = document.get(field, default)
    numbers = isinstance(value, list | tuple) and len(value) == 2 and all(map(is_number, value))
    if not numbers or not least <= value[0] < value[1] <= most:
        fix = f"give two rising numbers from {least:g} to {most:g}, such as {list(default)}"
        raise InputError(f"field '{field}': {value!r} is not possible; {fix}")
    return float(value[0]), float(value[1])


def spacing(document: dict[str, Any]) -> tuple[float, float, float] | None:
    """A voxel size (z,y,x) in mm, or None if the field is missing."""
    value = document.get("spacing_mm")
    if value is None:
        return None
    numbers = isinstance(value, list) and len(value) == 3 and all(map(is_number, value))
    if not numbers or not all(SMALLEST_MM <= size <= LARGEST_MM for size in value):
        fix = f"give three sizes (z, y, x) from {SMALLEST_MM:g} to {LARGEST_MM:g} mm"
        raise InputError(f"field 'spacing_mm': {value!r} is not possible; {fix}")
    return float(value[0]), float(value[1]), float(value[2])


def flag(document: dict[str, Any], field: str) -> bool:
    """True or false; false if the field is missing."""
    value = document.get(field, False)
    if not isinstance(value, bool):
        raise InputError(f"field '{field}': {value!r} is not true or false")
    return value


def texts(field: str, value: Any) -> tuple[str, ...]:
    """One text or a list of texts."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(text, str) and text for text in values):
        raise InputError(f"field '{field}': {value!r} is not a text or a list of texts")
    return tuple(values)


def is_number(value: Any) -> bool:
    """Whether `value` is a finite number of a sensible size."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def is_whole(value: Any) -> bool:
    """Whether `value` is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def refuse_twice(field: str, values: Iterable[str]) -> None:
    """Raise InputError if one of `values` appears twice."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise InputError(f"field '{field}': {value!r} appears twice; use different names")
        seen.add(value)
