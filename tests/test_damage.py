"""Damaged NIfTI files: whatever bytes are wrong, a file is read as a volume or refused with one
sentence, in the memory it is worth.
"""

import gzip
import time
import zlib

import nibabel as nib
import numpy as np
import pytest
from volumes import blobs, save

from guidednet.data.case_store import PrepareConfig
from guidednet.data.datasets import organ_set
from guidednet.data.disk_space import needed_bytes
from guidednet.data.layouts import RawCase
from guidednet.data.nifti import read_grid, read_image, read_label
from guidednet.errors import InputError
from guidednet.runs.provenance import peak_memory, reset_peak_memory

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


@pytest.mark.parametrize("damage", [*CONTENT_DAMAGES, *PACKED_DAMAGES])
def test_a_damaged_file_is_read_or_refused(damage, tmp_path, recwarn):
    damage_many(tmp_path, damage, rounds=8)
    assert not recwarn.list, "a warning beside the sentence"


@pytest.mark.slow
@pytest.mark.parametrize("damage", [*CONTENT_DAMAGES, *PACKED_DAMAGES])
def test_many_damaged_files_are_read_or_refused(damage, tmp_path, recwarn):
    damage_many(tmp_path, damage, rounds=80)
    assert not recwarn.list, "a warning beside the sentence"


def lying(**fields):
    """The content of an intact file whose header says something else."""
    damaged = bytearray(intact(nib.Nifti1Header, is_label=False))
    header = np.frombuffer(damaged, nib.Nifti1Header.template_dtype, count=1)
    for name, value in fields.items():
        header[name] = value
    return bytes(damaged)


HUGE = {"dim": (3, 30_000, 30_000, 30_000, 1, 1, 1, 1)}
LARGE = {"dim": (3, 1000, 1000, 1000, 1, 1, 1, 1)}
ZEROS = gzip.compress(bytes(2**26), mtime=0)
LIES = {
    "27e12 voxels in 32 kB": lambda: lying(**HUGE),
    "27e12 voxels in 32 kB, packed": lambda: gzip.compress(lying(**HUGE)),
    "voxels that begin at a terabyte": lambda: lying(vox_offset=2.0**40),
    "voxels that begin at a terabyte, packed": lambda: gzip.compress(lying(vox_offset=2.0**40)),
    "2 GB in 3 MB": lambda: gzip.compress(
        lying(**LARGE) + np.random.default_rng(0).bytes(3_000_000)
    ),
    "4 GB behind the last voxel": lambda: gzip.compress(lying()) + 64 * ZEROS,
}


@pytest.mark.parametrize(
    ("affine", "message"),
    [
        (np.diag([90, 90, 90, 1.0]), "an extent of .2700. 2340. 1800.. mm"),
        (np.eye(4) + 1e6 * np.eye(4, k=3), "puts voxels 1e"),
    ],
)
def test_a_body_of_several_metres_or_kilometres_away_is_refused_from_its_header(
    affine, message, tmp_path
):
    """Resampled, it would fill the memory, or lose its place in the arithmetic."""
    path = save(tmp_path / "scan.nii.gz", blobs()[0], affine)
    for read in (read_image, read_grid):
        with pytest.raises(InputError, match=message):
            read(path)


@pytest.mark.parametrize("name", LIES)
def test_a_header_that_lies_costs_no_memory(name, tmp_path):
    content = LIES[name]()
    path = tmp_path / ("scan.nii" if content.startswith(lying()[:4]) else "scan.nii.gz")
    path.write_bytes(content)
    assert read_or_refuse(path, is_label=False) is None


def test_an_intact_file_is_read_at_that_expense(tmp_path):
    """Else the limits above would show nothing."""
    for name in ("scan.nii", "scan.nii.gz"):
        assert read_or_refuse(save(tmp_path / name, blobs()[0], blobs()[2]), is_label=False) == (
            30,
            26,
            20,
        )


@pytest.mark.parametrize("kind", ["<i2", ">i2", "|u1", "<u2", "<i4", "<f4", ">f4", "<f8"])
@pytest.mark.parametrize("scaling", [(np.nan, 0), (0, 7), (1, 0), (1, -1024), (2.5, -3)])
def test_an_intact_file_is_read_as_nibabel_reads_it(kind, scaling, tmp_path):
    stored = np.random.default_rng(0).integers(0, 200, (7, 6, 5)).astype(kind)
    header = nib.Nifti1Header(endianness=">" if kind[0] == ">" else "<")
    header.set_data_dtype(stored.dtype)
    header.set_data_shape(stored.shape)
    header["vox_offset"], (header["scl_slope"], header["scl_inter"]) = 352, scaling
    content = header.binaryblock + bytes(4) + stored.tobytes("F")
    for name, written in (("scan.nii", content), ("scan.nii.gz", gzip.compress(content))):
        (tmp_path / name).write_bytes(written)
        expected, found = nib.load(tmp_path / name), read_image(tmp_path / name)
        assert np.array_equal(
            found.data, np.asarray(expected.dataobj, np.float32)
        ) and np.array_equal(found.affine, expected.affine)


def test_an_extension_is_skipped_and_padding_is_no_damage(tmp_path):
    image, _, affine = blobs()
    scan = nib.Nifti1Image(image, affine)
    scan.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"from a scanner" * 100))
    path = tmp_path / "scan.nii.gz"
    path.write_bytes(gzip.compress(scan.to_bytes() + bytes(5000)))
    assert np.array_equal(read_image(path).data, image)


def test_a_file_that_is_no_nifti_is_one_sentence_and_nothing_beside_it(tmp_path, capfd):
    (tmp_path / "scan.nii").write_text("patient,age\n" * 100)
    assert read_or_refuse(tmp_path / "scan.nii", is_label=False) is None
    assert capfd.readouterr() == ("", "")
