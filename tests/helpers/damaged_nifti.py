"""NIfTI files with wrong bytes, and what they cost to read or refuse."""

import gzip
import time
import zlib

import nibabel as nib
import numpy as np

from guidednet.data.case_store import PrepareConfig
from guidednet.data.datasets import organ_set
from guidednet.data.disk_space import needed_bytes
from guidednet.data.layouts import RawCase
from guidednet.data.nifti import read_image, read_label
from guidednet.errors import InputError
from guidednet.runs.provenance import peak_memory, reset_peak_memory
from helpers.volumes import blobs

HEADERS = (nib.Nifti1Header, nib.Nifti2Header)
MEMORY_GIB, SECONDS = 0.03, 5  # the intact files hold 30 kB; a step of unpacking takes 4 MB

NUMBERS = [np.nan, np.inf, -np.inf, 0, -1, 1e-38, 1e38, -1e38, 2.5]
WHOLE = [-32768, -1, 0, 1, 2, 3, 5, 8, 1000, 32767]
EXTREMES = {
    "sizeof_hdr": WHOLE,
    "dim": WHOLE,
    "datatype": [-1, 0, 1, 3, 4, 8, 16, 32, 64, 128, 256, 768, 1024, 1536, 1792, 2304, 9999],
    "bitpix": WHOLE,
    "vox_offset": [*NUMBERS, 4, 352.7, 353, 1e6, 2**40],
    "scl_slope": NUMBERS,
    "scl_inter": NUMBERS,
    "pixdim": NUMBERS,
    "qform_code": WHOLE,
    "sform_code": WHOLE,
    "quatern_b": NUMBERS,
    "qoffset_x": NUMBERS,
    "srow_x": NUMBERS,
    "srow_z": NUMBERS,
    "magic": [b"ni1", b"n+2", b"", b"xyz"],
}


def flip_bits(content, first, last, generator):
    damaged = bytearray(content)
    for place in generator.integers(first, last, generator.integers(1, 6)):
        damaged[place] ^= 1 << int(generator.integers(8))
    return bytes(damaged)


def overwrite_field(content, header, generator):
    """One field of the header, or one number of it, becomes an extreme one."""
    damaged = bytearray(content)
    fields = np.frombuffer(damaged, header.template_dtype, count=1)
    name = generator.choice([*EXTREMES])
    value = EXTREMES[name][generator.integers(len(EXTREMES[name]))]
    field = fields[name].reshape(-1)
    with np.errstate(all="ignore"):
        field[generator.integers(field.size)] = np.asarray(value).astype(field.dtype)
    return bytes(damaged)


# What happens to a file's content, and then to its compressed form, if it is to have one.
CONTENT_DAMAGES = {
    "header bits": lambda content, header, g: flip_bits(
        content, 0, header.template_dtype.itemsize, g
    ),
    "header field": overwrite_field,
    "three fields": lambda content, header, g: overwrite_field(
        overwrite_field(overwrite_field(content, header, g), header, g), header, g
    ),
    "data bits": lambda content, header, g: flip_bits(
        content, header.single_vox_offset, len(content), g
    ),
    "cut off": lambda content, header, g: content[: g.integers(len(content))],
    "followed": lambda content, header, g: content + g.bytes(g.integers(1, 100_000)),
    "noise": lambda content, header, g: content[:8] + g.bytes(len(content) - 8),
}
PACKED_DAMAGES = {
    "packed bits": lambda packed, g: flip_bits(packed, 0, len(packed), g),
    "packed cut off": lambda packed, g: packed[: g.integers(len(packed))],
    "packed followed": lambda packed, g: packed + g.bytes(g.integers(1, 1000)),
    "packed twice": lambda packed, g: gzip.compress(packed),
}


def intact(header, is_label):
    """The content of a NIfTI file of a few organs, with a header of the kind `header`."""
    image, label, affine = blobs()
    kind = nib.Nifti1Image if header is nib.Nifti1Header else nib.Nifti2Image
    return kind(label if is_label else image, affine).to_bytes()


def write_damaged(path, damage, header, is_label, generator):
    """A file that `damage` has spoilt; only what happens to the content may meet a file that is not
    compressed.
    """
    content = intact(header, is_label)
    if damage in CONTENT_DAMAGES:
        content = CONTENT_DAMAGES[damage](content, header, generator)
    packed = damage in PACKED_DAMAGES or generator.random() < 0.5
    if packed:
        content = PACKED_DAMAGES.get(damage, lambda packed, g: packed)(
            gzip.compress(content, mtime=0), generator
        )
    path = path.with_suffix(".nii.gz" if packed else ".nii")
    path.write_bytes(content)
    return path


def read_or_refuse(path, is_label):
    """The shape of what is read, or None where it is refused as it should be; at little expense
    either way.
    """
    reset_peak_memory("cpu")
    memory, began = peak_memory("cpu"), time.process_time()
    try:
        volume = read_label(path, None, organ_set("flare22")) if is_label else read_image(path)
        shape = volume.data.shape
        assert (
            len(shape) == 3
            and np.isfinite(volume.data).all()
            and abs(np.linalg.det(volume.affine)) > 0
        )
    except InputError as error:
        assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
        shape = None
    assert needed_bytes([RawCase("case", path, None)], PrepareConfig()) >= 0
    assert peak_memory("cpu") - memory < MEMORY_GIB and time.process_time() - began < SECONDS
    return shape


def damage_many(folder, damage, rounds):
    found = []
    for seed in range(rounds):
        generator = np.random.default_rng([seed, zlib.crc32(damage.encode())])
        is_label = bool(seed % 2)
        path = write_damaged(
            folder / f"{seed}", damage, HEADERS[seed // 2 % 2], is_label, generator
        )
        found.append(read_or_refuse(path, is_label))
    return found
