"""Fields by dotted name: their text reads back, and each has a meaning."""

import dataclasses
from typing import Literal

import pytest

from guidednet.config import RunConfig
from guidednet.methods import METHODS
from guidednet.runs.config_fields import as_text, described, fields_of, meaning, read, with_fields
from guidednet.runs.profiles import profile

SMOKE = profile("smoke").run("flare22", "guidednet", (2, 2), 0)


def test_what_is_printed_reads_back():
    for field in fields_of(SMOKE).values():
        assert read(as_text(field.value), field.hint) == field.value, field.name


@pytest.mark.parametrize("method", METHODS)
def test_every_field_has_a_meaning(method):
    options = fields_of(METHODS[method].Config())
    assert [name for name, field in options.items() if not field.meaning] == []


def test_every_field_of_a_run_has_a_meaning():
    assert [name for name, field in fields_of(SMOKE).items() if not field.meaning] == []
    assert "Raises" not in meaning(RunConfig, "seed")


@pytest.mark.parametrize(
    ("text", "hint", "value"),
    [
        ("0.03", float, 0.03),
        ("1", float, 1.0),
        ("7", int, 7),
        ("TRUE", bool, True),
        ("none", int | None, None),
        ("3", int | None, 3),
        ("none", str | None, None),
        ("bf16", Literal["fp32", "bf16"], "bf16"),
        ("16, 32,32", tuple[int, int, int], (16, 32, 32)),
        ("(16,32,32)", tuple[int, int, int], (16, 32, 32)),
        ("()", tuple[int, ...], ()),
        ("", tuple[int, ...], ()),
        ("2", tuple[int, ...], (2,)),
    ],
)
def test_text_becomes_a_value_of_its_type(text, hint, value):
    found = read(text, hint)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("0.5", int),
        ("1_000", int),
        ("1_000.0", float),
        ("nan", float),
        ("inf", float),
        ("1", bool),
        ("yes", bool),
        ("none", int),
        ("", str),
        ("fp8", Literal["fp32", "bf16"]),
        ("16,32", tuple[int, int, int]),
        ("16,32,1.5", tuple[int, int, int]),
        ("{}", dict[str, float]),
    ],
)
def test_text_of_another_type_is_refused(text, hint):
    with pytest.raises((ValueError, KeyError)):
        read(text, hint)


def test_a_type_is_described_in_words():
    assert described(tuple[int, int, int]) == "3 whole numbers with commas between"
    assert described(float | None) == "a number or none"
    assert described(Literal["sgd", "adam"]) == "one of sgd, adam"


def test_the_fields_of_one_part_change_together():
    """Each of the two alone would be refused: the stride must fit into the window."""
    changed = with_fields(SMOKE, {"window.size": (4, 4, 4), "window.stride": (2, 2, 2)})
    assert changed.window == type(SMOKE.window)((4, 4, 4), (2, 2, 2))
    assert dataclasses.replace(changed, window=SMOKE.window) == SMOKE
