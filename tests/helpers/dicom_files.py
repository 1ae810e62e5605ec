"""DICOM files written element by element, so that a test can make each of them wrong in its own way.

`write_series` of helpers.dicom_series writes what SimpleITK writes; here nothing is added.
"""

import struct
import zlib

import numpy as np

CT, ENHANCED_CT, MR = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("2", "2.1", "4"))
DOSE, PLAN, REPORT, CAPTURE = (
    f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("481.2", "481.5", "88.11", "7")
)
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
DEFLATED, BIG_ENDIAN = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
LONG = ("OB", "OW", "SQ", "UN", "UT")
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
PIXELS = 0x7FE00010


def element(number, kind, value, order="<", typed=True):
    """One element; `value` is text, a number of two bytes, bytes, or a list of items."""
    if kind == "SQ":
        value = b"".join(
            struct.pack(order + "HHI", 0xFFFE, 0xE000, len(item)) + item
            for item in (elements(part, order, typed) for part in value)
        )
    elif kind == "US":
        value = struct.pack(order + "H", value)
    elif isinstance(value, str):
        value = value.encode()
        value += b"\0" * (len(value) % 2) if kind == "UI" else b" " * (len(value) % 2)
    head = struct.pack(order + "HH", number >> 16, number & 0xFFFF)
    if not typed:
        return head + struct.pack(order + "I", len(value)) + value
    size = "2xI" if kind in LONG else "H"
    return head + kind.encode() + struct.pack(order + size, len(value)) + value


def elements(values, order="<", typed=True):
    return b"".join(
        element(number, *value, order, typed)
        for number, value in sorted(values.items(), key=lambda pair: pair[0])
        if value is not None
    )


def file_of(values, syntax=EXPLICIT, preamble=True):
    """The bytes of a file with the elements `values`: {number: (type, value)}."""
    order, typed = ">" if syntax == BIG_ENDIAN else "<", syntax != IMPLICIT
    body = elements(values, order, typed)
    if syntax == DEFLATED:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        body = packer.compress(body) + packer.flush()
    if not preamble:
        return body
    meta = elements(
        {
            0x00020001: ("OB", b"\0\1"),
            0x00020002: ("UI", values.get(0x00080016, ("UI", CT))[1] or CT),
            0x00020003: ("UI", values.get(0x00080018, ("UI", "1.2"))[1] or "1.2"),
            0x00020010: ("UI", syntax),
        }
    )
    length = element(0x00020000, "UL", struct.pack("<I", len(meta)))
    return bytes(128) + b"DICM" + length + meta + body


def numbers(values, decimals=6):
    return "\\".join(f"{value:.{decimals}f}" for value in values)


def slice_values(
    pixels, position, orientation=AXIAL, spacing=(3.0, 3.0), number=1, series="1.2.3", order="<"
):
    """The elements of a CT slice; `pixels` (rows, columns) are HU."""
    rows, columns = pixels.shape
    return {
        0x00080008: ("CS", "ORIGINAL\\PRIMARY\\AXIAL"),
        0x00080016: ("UI", CT),
        0x00080018: ("UI", f"{series}.{number}"),
        0x00080060: ("CS", "CT"),
        0x0008103E: ("LO", "abdomen"),
        0x0020000D: ("UI", "1.2"),
        0x0020000E: ("UI", series),
        0x00200011: ("IS", "2"),
        0x00200013: ("IS", str(number)),
        0x00200032: ("DS", numbers(position)),
        0x00200037: ("DS", numbers(orientation, 10)),
        0x00280002: ("US", 1),
        0x00280004: ("CS", "MONOCHROME2"),
        0x00280010: ("US", rows),
        0x00280011: ("US", columns),
        0x00280030: ("DS", numbers(spacing)),
        0x00280100: ("US", 16),
        0x00280101: ("US", 16),
        0x00280102: ("US", 15),
        0x00280103: ("US", 1),
        0x00281052: ("DS", "-1024"),
        0x00281053: ("DS", "1"),
        PIXELS: ("OW", (np.asarray(pixels) + 1024).astype(order + "i2").tobytes()),
    }


def picture(index, shape=(12, 10)):
    """HU of slice `index` (rows, columns): air, and a body that tells the index."""
    pixels = np.full(shape, -1000)
    pixels[2:-2, 2:-2] = 10 * index
    return pixels


def positions(count=8, step=(0.0, 0.0, 5.0), first=(-20.0, -30.0, 40.0)):
    return [tuple(np.add(first, np.multiply(step, index))) for index in range(count)]


def write_slices(folder, places, orientation=AXIAL, series="1.2.3", name="I{:03d}.dcm", **changes):
    """A slice at each of `places`; `changes` are other elements of all slices, as x00081030=..."""
    folder.mkdir(parents=True, exist_ok=True)
    other = {int(key[1:], 16): value for key, value in changes.items()}
    for index, place in enumerate(places):
        values = slice_values(picture(index), place, orientation, number=index + 1, series=series)
        (folder / name.format(index)).write_bytes(file_of(values | other))
    return folder


def enhanced_values(places, orientation=AXIAL, slopes=None):
    """The elements of a multi-frame CT, with a frame at each of `places`."""
    values = slice_values(picture(0), places[0])
    stack = np.stack([picture(index) + 1024 for index in range(len(places))]).astype("<i2")
    slopes = slopes or ["1"] * len(places)
    frames = [
        {
            0x00209113: ("SQ", [{0x00200032: ("DS", numbers(place))}]),
            0x00289145: (
                "SQ",
                [
                    {
                        0x00281052: ("DS", "-1024"),
                        0x00281053: ("DS", slope),
                        0x00281054: ("LO", "HU"),
                    }
                ],
            ),
        }
        for place, slope in zip(places, slopes, strict=True)
    ]
    shared = {
        0x00209116: ("SQ", [{0x00200037: ("DS", numbers(orientation, 10))}]),
        0x00289110: (
            "SQ",
            [{0x00180050: ("DS", "5"), 0x00280030: ("DS", numbers((3.0, 3.0)))}],
        ),
    }
    gone = (0x00200032, 0x00200037, 0x00280030, 0x00281052, 0x00281053)
    return {number: value for number, value in values.items() if number not in gone} | {
        0x00080016: ("UI", ENHANCED_CT),
        0x00280008: ("IS", str(len(places))),
        0x52009229: ("SQ", [shared]),
        0x52009230: ("SQ", frames),
        PIXELS: ("OW", stack.tobytes()),
    }
