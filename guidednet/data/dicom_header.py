"""The elements of a DICOM file, which SimpleITK does not give for all files.

It skips sequences, which hold the geometry of multi-frame CT, and refuses files without an image,
such as plans and reports, as it refuses damaged ones. Element numbers are those of PS3.6.
"""

import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREAMBLE = 128  # bytes before the letters DICM
DEFLATED, BIG_ENDIAN = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
UNDEFINED = 0xFFFFFFFF  # the length of what ends with a delimiter
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
META_CLASS, TRANSFER_SYNTAX, PIXEL_DATA = 0x00020002, 0x00020010, 0x7FE00010
LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
SHORT = {
    *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN"),
    *(b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"),
}
# The sequences that are read here: files without types do not tell sequences by themselves.
SEQUENCES = {0x52009229, 0x52009230, 0x00209113, 0x00209116, 0x00289110, 0x00289145, 0x00189329}

DECIMAL = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")

Elements = dict[int, Any]  # bytes of each element by its number; a list of Elements for a sequence


class _DamagedError(Exception):
    """The file ends early, or what stands in it is no element."""


@dataclass(frozen=True)
class Header:
    """What stands before the pixels of a file.

    `elements` are those that could be read; `is_damaged` tells whether some could not, or whether
    the pixels are cut off. `pixel_bytes` is the length of the pixels, 0 without any, and -1 if they
    are compressed.
    """

    elements: Elements
    byte_order: str = "<"
    pixel_bytes: int = 0
    is_damaged: bool = False


@dataclass(frozen=True)
class _Coding:
    """How elements are written: `order` as in struct, and whether each tells its type."""

    order: str
    has_types: bool


def begins_as_dicom(start: bytes) -> bool:
    """Whether the first 132 bytes of a file are those of DICOM, with or without a preamble."""
    return start[PREAMBLE : PREAMBLE + 4] == b"DICM" or (
        len(start) >= 8 and start[:4] in (b"\2\0\0\0", b"\2\0\1\0") + _FIRST_OF_GROUP_8
    )


_FIRST_OF_GROUP_8 = tuple(b"\x08\0" + bytes([number]) + b"\0" for number in (0, 5, 8, 18, 20, 22))


def read_header(path: Path) -> Header:
    """The elements of the DICOM file at `path` up to its pixels."""
    content = path.read_bytes()
    elements: Elements = {}
    pixels, order = 0, "<"
    try:
        place = _read_meta(content, elements)
        syntax = text(elements, TRANSFER_SYNTAX)
        if syntax == DEFLATED:
            content, place = zlib.decompress(content[place:], -zlib.MAX_WBITS), 0
        order = ">" if syntax == BIG_ENDIAN else "<"
        coding = _Coding(order, content[place + 4 : place + 6] in LONG | SHORT)
        pixels = _read_elements(content, place, len(content), coding, elements)
    except (_DamagedError, struct.error, zlib.error, RecursionError):
        return Header(elements, order, pixels, is_damaged=True)
    return Header(elements, order, pixels)


def text(elements: Elements, number: int) -> str:
    """The value of an element as text, "" if it is absent."""
    value = elements.get(number, b"")
    if not isinstance(value, bytes):
        return ""
    try:
        return value.decode().strip(" \0")
    except UnicodeDecodeError:  # no other coding is looked up: numbers and names of codes are ASCII
        return value.decode("latin-1").strip(" \0")


def decimals(elements: Elements, number: int) -> tuple[float, ...]:
    """The numbers of an element that holds them as text; none if it is absent or holds others."""
    parts = text(elements, number).split("\\")
    if not all(DECIMAL.fullmatch(part) for part in parts):
        return ()
    return tuple(map(float, parts))


def unsigned(header: Header, number: int) -> int:
    """The value of an element of two bytes, 0 if it is absent."""
    value = header.elements.get(number, b"")
    return struct.unpack(header.byte_order + "H", value[:2])[0] if len(value) >= 2 else 0


def items(elements: Elements, number: int) -> list[Elements]:
    """The items of a sequence; none if it is absent."""
    value = elements.get(number, [])
    return value if isinstance(value, list) else []


def _read_meta(content: bytes, elements: Elements) -> int:
    """Read the elements of group 2, which tell the coding; returns where the others begin."""
    place = PREAMBLE + 4 if content[PREAMBLE : PREAMBLE + 4] == b"DICM" else 0
    while content[place : place + 2] == b"\2\0":
        number, _, length, start = _head(content, place, _Coding("<", True))
        place = start + length
        if place > len(content):
            raise _DamagedError
        elements[number] = content[start:place]
    return place


def _read_elements(
    content: bytes, place: int, end: int, coding: _Coding, elements: Elements
) -> int:
    """Read elements from `place` up to the pixels or to `end`; returns the length of the pixels."""
    while place < end:
        number, kind, length, place = _head(content, place, coding)
        if number == PIXEL_DATA:
            return _pixels(content, place, length, coding)
        if number in (ITEM_END, SEQUENCE_END):
            raise _DamagedError
        place = _read_value(content, place, end, number, kind, length, coding, elements)
    return 0


def _read_value(
    content: bytes,
    place: int,
    end: int,
    number: int,
    kind: bytes,
    length: int,
    coding: _Coding,
    elements: Elements,
) -> int:
    """Read the value of one element into `elements`; returns where it ends."""
    if kind == b"SQ" or length == UNDEFINED or (not coding.has_types and number in SEQUENCES):
        # PS3.5 6.2.2: what has no known type is written without types
        inner = _Coding("<", False) if kind == b"UN" else coding
        elements[number], place = _items(content, place, length, end, inner)
    else:
        elements[number] = content[place : place + length]
        place += length
    if place > end:
        raise _DamagedError
    return place


def _items(
    content: bytes, place: int, length: int, end: int, coding: _Coding
) -> tuple[list[Elements], int]:
    """The items of a sequence, and where it ends."""
    found: list[Elements] = []
    stop = end if length == UNDEFINED else place + length
    if stop > end:
        raise _DamagedError
    while place < stop:
        number, _, size, place = _head(content, place, coding)
        if number == SEQUENCE_END and length == UNDEFINED:
            return found, place
        if number != ITEM:
            raise _DamagedError
        item, place = _item(content, place, size, stop, coding)
        found.append(item)
    if length == UNDEFINED:
        raise _DamagedError
    return found, place


def _item(content: bytes, place: int, size: int, end: int, coding: _Coding) -> tuple[Elements, int]:
    """One item of a sequence, and where it ends."""
    item: Elements = {}
    stop = end if size == UNDEFINED else place + size
    if stop > end:
        raise _DamagedError
    while place < stop:
        number, kind, length, place = _head(content, place, coding)
        if number == ITEM_END and size == UNDEFINED:
            return item, place
        place = _read_value(content, place, stop, number, kind, length, coding, item)
    if size == UNDEFINED:
        raise _DamagedError
    return item, place


def _pixels(content: bytes, place: int, length: int, coding: _Coding) -> int:
    """The length of the pixels, -1 if they are compressed; raises _DamagedError if they are cut."""
    if length != UNDEFINED:
        if place + length > len(content):
            raise _DamagedError
        return length
    while True:
        number, _, size, place = _head(content, place, coding)
        if number == SEQUENCE_END:
            return -1
        place += size
        if number != ITEM or place > len(content):
            raise _DamagedError


def _head(content: bytes, place: int, coding: _Coding) -> tuple[int, bytes, int, int]:
    """Number, type and length of the element at `place`, and where its value begins."""
    group, element = struct.unpack_from(coding.order + "HH", content, place)
    number, kind = group << 16 | element, b""
    if group == 0xFFFE or not coding.has_types:
        (length,) = struct.unpack_from(coding.order + "I", content, place + 4)
        return number, kind, length, place + 8
    kind = content[place + 4 : place + 6]
    if kind in LONG:
        (length,) = struct.unpack_from(coding.order + "I", content, place + 8)
        return number, kind, length, place + 12
    if kind not in SHORT:
        raise _DamagedError
    (length,) = struct.unpack_from(coding.order + "H", content, place + 6)
    return number, kind, length, place + 8
