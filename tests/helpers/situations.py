"""What can be wrong with what a user gives, and what the command then says.

The tests run every situation and hold docs/when-something-goes-wrong.md to what is seen; the table
there is written by `python -m tools.situations`.
"""

import gzip
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from helpers import dicom_files as dicom
from helpers.dicom_files import file_of, picture, positions, slice_values, write_slices
from helpers.volumes import save, save_case

TILTED = (1.0, 0.0, 0.0, 0.0, np.cos(0.3), -np.sin(0.3))
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
PREDICT = "predict {} --run RUN -o out.nii.gz"
SERIES, SCAN = PREDICT.format("ct"), PREDICT.format("scan.nii.gz")
FOLDER = "predict scans --run RUN -o out"
EVALUATE = "evaluate predictions references"


@dataclass(frozen=True)
class Situation:
    """A situation in words, what makes it in a folder, the command, its status, and a part of what
    it says; "" if it says nothing but what it has done, and `done` tells what that is.
    """

    group: str
    what: str
    make: Callable[[Path], None]
    command: str
    status: int
    says: str = ""
    done: str = "segmented"


def ct(**changes):
    """Makes a series in the folder ct; `places` of its slices, and changes of their elements."""
    places = changes.pop("places", positions())

    def make(folder):
        write_slices(folder / "ct", places, **changes)

    return make


def beside(name, sop_class=dicom.CT, values=None, **changes):
    """Makes a good series and one more file in its folder."""

    def make(folder):
        write_slices(folder / "ct", positions())
        own = values or slice_values(picture(0), (0, 0, 42), number=99, series="1.2.9", **changes)
        content = file_of(own | {0x00080016: ("UI", sop_class)})
        (folder / "ct" / name).write_bytes(content)

    return make


def hu():
    """HU (X,Y,Z) of a small body in air."""
    return np.stack([picture(index) for index in range(8)]).transpose(2, 1, 0).astype(np.int16)


AFFINE = np.diag([-3.0, -3.0, 5.0, 1.0])


def scan(change=lambda values: values, voxel=1.0, unit="mm", codes=None, apart=0.0):
    """Makes scan.nii.gz with changed values, size of voxels, unit or codes."""

    def make(folder):
        affine = AFFINE @ np.diag([voxel, voxel, voxel, 1.0])
        image = nib.Nifti1Image(change(hu()), affine)
        image.header.set_xyzt_units(unit)
        image.set_sform(affine, 2)
        image.set_qform(affine + apart * np.eye(4, k=3), 1)
        if codes:
            image.header["sform_code"], image.header["qform_code"] = codes
            image = nib.Nifti1Image(image.dataobj, None, image.header)
        nib.save(image, folder / "scan.nii.gz")

    return make


def content(data, name="scan.nii.gz"):
    """Makes a file of these bytes."""

    def make(folder):
        (folder / name).write_bytes(data)

    return make


def scans(*names, also=None):
    """Makes a folder of scans; `also` are files of other content by name."""

    def make(folder):
        for name in names:
            save(folder / "scans" / name, hu(), AFFINE)
        for name, data in (also or {}).items():
            (folder / "scans" / name).write_bytes(data)

    return make


def cut(name):
    """Makes scans a, b and c, of which one is cut off."""

    def make(folder):
        scans("a.nii.gz", "b.nii.gz", "c.nii.gz")(folder)
        path = folder / "scans" / name
        path.write_bytes(path.read_bytes()[:100])

    return make


def labels(predictions=("a",), references=("a",), change=lambda label: label, ending=".nii.gz"):
    """Makes folders of label maps."""

    def make(folder):
        label = (hu() > 20).astype(np.uint8)
        for name in predictions:
            save(folder / "predictions" / f"{name}{ending}", change(label), AFFINE)
        for name in references:
            save(folder / "references" / f"{name}.nii.gz", label, AFFINE)

    return make


def enhanced(folder):
    (folder / "ct").mkdir()
    (folder / "ct" / "all.dcm").write_bytes(file_of(dicom.enhanced_values(positions())))


def two_series(folder):
    write_slices(folder / "ct", positions())
    write_slices(
        folder / "ct", positions(5), name="thin{:03d}.dcm", series="1.2.4", x00200011=("IS", "3")
    )


def cut_slice(folder):
    write_slices(folder / "ct", positions(), name="I{:03d}")
    path = folder / "ct" / "I007"
    path.write_bytes(path.read_bytes()[:-100])


def copied(folder):
    write_slices(folder / "ct", positions())
    shutil.copy(folder / "ct" / "I003.dcm", folder / "ct" / "I003 (1).dcm")


def study(folder):
    write_slices(folder / "ct" / "series 2", positions())


def one_slice(folder):
    write_slices(folder / "ct", positions(1))


def raw_case(folder):
    save_case(folder / "raw", image=hu() + 1024, affine=AFFINE, labelled=False)


def analyze(folder):
    """An Analyze header under a NIfTI's name."""
    header = nib.AnalyzeHeader()
    header.set_data_shape((10, 12, 8))
    content(header.binaryblock + bytes(4000), "scan.nii")(folder)


def in_capitals(folder):
    scans("a.nii.gz")(folder)
    (folder / "scans" / "a.nii.gz").rename(folder / "scans" / "A.NII.GZ")


def five_axes(folder):
    save(folder / "scan.nii.gz", hu()[..., None, None], AFFINE)


def two_volumes(folder):
    save(folder / "scan.nii.gz", np.stack([hu(), hu()], -1), AFFINE)


def patients(folder):
    save(folder / "scans" / "p1" / "ct.nii.gz", hu(), AFFINE)


def eight_bits(values):
    return (np.clip((values + 160.0) / 400, 0, 1) * 255).astype(np.uint8)


def clipped(values):
    """A grey window of a body whose edges are not all the same."""
    return np.clip(values, -250, 60).astype(np.int16)


def changed_from(index, step):
    return [*positions(index), *positions(8, (0, 0, step), (-20, -30, 35 + 5 * index))[1:]]


SLICES, OBJECTS, VALUES = "Slices of a DICOM series", "A DICOM folder", "Values and sizes"
PLACE, FORMATS, FOLDERS = "Where a scan lies", "Files", "Folders"
NO_RESCALE = {"x00281052": None, "x00281053": None}
MR = {"x00080016": ("UI", dicom.MR), "x00080060": ("CS", "MR")}
CAPTURE = {"x00080016": ("UI", dicom.CAPTURE)}
SETTINGS = "Settings and methods of your own"
CONFIG = "config --method cps"


def nothing(folder):
    """Makes nothing."""


WRONG_SETTINGS = (
    (
        "a setting that does not exist",
        nothing,
        f"{CONFIG} --set optimiser.learning_rat=0.1",
        "did you mean 'optimiser.learning_rate'",
    ),
    (
        "an option of another method",
        nothing,
        f"{CONFIG} --set options.lambda_g=0.1",
        "it is an option of guidednet",
    ),
    (
        "a setting of the wrong type",
        nothing,
        f"{CONFIG} --set batch.crop=16,32",
        "not 3 whole numbers",
    ),
    (
        "a setting given twice",
        nothing,
        f"{CONFIG} --set batch.labelled=1 --set batch.labelled=2",
        "given twice",
    ),
    (
        "a crop that the network cannot halve",
        nothing,
        f"{CONFIG} --set batch.crop=16,16,15",
        "use multiples of 4",
    ),
    (
        "a file with a setting that does not exist",
        content(b'{"optimiser": {"lr": 0.1}}', "my.json"),
        f"{CONFIG} --config my.json",
        "use one of optimiser.name, optimiser.learning_rate",
    ),
    (
        "two methods for one run",
        content(b'{"method": "dhc"}', "my.json"),
        f"{CONFIG} --config my.json",
        "the method is given twice",
    ),
    (
        "a file without the class of the method",
        content(b"", "no_method.py"),
        "config --method no_method.py:Mine",
        "it defines no method",
    ),
)
SITUATIONS = (
    Situation(
        SLICES,
        "the gantry was tilted",
        ct(orientation=TILTED),
        SERIES,
        0,
        done="segmented; the affine has the shear",
    ),
    Situation(
        SLICES,
        "the distance between slices changes",
        ct(places=changed_from(4, 7)),
        SERIES,
        2,
        "the distance between slices changes at I003.dcm, from 5 to 7 mm",
    ),
    Situation(
        SLICES,
        "slices are missing",
        ct(places=positions(4) + positions(9)[6:]),
        SERIES,
        2,
        "slices are missing between I003.dcm and I004.dcm (15.0 mm apart instead of 5.0 mm)",
    ),
    Situation(SLICES, "a slice is there twice", copied, SERIES, 2, "are copies of one slice"),
    Situation(
        SLICES,
        "several phases in one series",
        ct(places=positions() * 2),
        SERIES,
        2,
        "several volumes, such as phases",
    ),
    Situation(
        SLICES,
        "one slice lies beside the others",
        ct(places=[*positions()[:3], (-14.0, -30.0, 55.0), *positions()[4:]]),
        SERIES,
        2,
        "I003.dcm lies",
    ),
    Situation(
        SLICES,
        "the header has no position",
        ct(x00200032=None),
        SERIES,
        2,
        "I000.dcm has no position",
    ),
    Situation(SLICES, "a slice is cut off, its name has no ending", cut_slice, SERIES, 2, "I007"),
    Situation(SLICES, "a single slice", one_slice, SERIES, 2, "holds a single slice"),
    Situation(
        SLICES,
        "one slice of a series is given",
        one_slice,
        PREDICT.format("ct/I000.dcm"),
        2,
        "is a single DICOM slice",
    ),
    Situation(SLICES, "enhanced CT, all slices in one file", enhanced, SERIES, 0),
    Situation(
        OBJECTS,
        "a scout with the slices",
        beside(
            "scout",
            values=slice_values(picture(0), (0, 0, 42), CORONAL, number=99)
            | {0x00080008: ("CS", "ORIGINAL\\PRIMARY\\LOCALIZER")},
        ),
        SERIES,
        0,
        "leaves aside 1 x scout (scout)",
    ),
    Situation(
        OBJECTS,
        "a scout that nothing marks as one",
        beside("I099.dcm", values=slice_values(picture(0), (0, 0, 42), CORONAL, number=99)),
        SERIES,
        2,
        "I099.dcm is not oriented like the other slices",
    ),
    Situation(
        OBJECTS,
        "a dose beside the slices",
        beside("dose", dicom.DOSE),
        SERIES,
        0,
        "leaves aside 1 x dose (dose)",
    ),
    Situation(OBJECTS, "two series", two_series, SERIES, 2, "choose one with --series NUMBER"),
    Situation(
        OBJECTS,
        "two series, `--series 2`",
        two_series,
        f"{SERIES} --series 2",
        0,
        "takes CT 'abdomen', 5 slices",
    ),
    Situation(
        OBJECTS, "the series is a folder deeper", study, SERIES, 2, "give its folder ct/series 2"
    ),
    Situation(OBJECTS, "MR", ct(**MR), SERIES, 2, "holds no CT but 8 x MR image"),
    Situation(OBJECTS, "pictures of a screen", ct(**CAPTURE), SERIES, 2, "8 x secondary capture"),
    Situation(
        VALUES,
        "the slices do not say how values become HU",
        ct(**NO_RESCALE),
        SERIES,
        2,
        "(no rescale slope and intercept)",
    ),
    Situation(VALUES, "HU + 1024", scan(lambda values: values + 1024), SCAN, 2, "HU + 1024"),
    Situation(VALUES, "a grey window of 8 bits", scan(eight_bits), SCAN, 2, "lowest value is 0"),
    Situation(
        VALUES, "clipped to a grey window", scan(clipped), SCAN, 2, "clipped to a grey window"
    ),
    Situation(
        VALUES,
        "values that you know to be HU",
        scan(lambda values: np.clip(values, -150, 300)),
        f"{SCAN} --assume-hu",
        0,
    ),
    Situation(
        VALUES,
        "HU + 1024 in a data set",
        raw_case,
        "prepare raw store --dataset flare22 --workers 1",
        0,
        "is this CT in HU?",
    ),
    Situation(
        VALUES, "voxels in metres, which the header says", scan(voxel=1e-3, unit="meter"), SCAN, 0
    ),
    Situation(
        VALUES, "voxels in metres, which it does not say", scan(voxel=1e-3), SCAN, 2, "too little"
    ),
    Situation(
        VALUES, "voxels a hundred times too large", scan(voxel=100), SCAN, 2, "too much for a scan"
    ),
    Situation(
        PLACE, "no orientation in the header", scan(codes=(0, 0)), SCAN, 0, "has no orientation"
    ),
    Situation(
        PLACE,
        "sform and qform disagree",
        scan(codes=(2, 1), apart=40.0),
        SCAN,
        0,
        "lie 13.3 voxels apart",
    ),
    Situation(FORMATS, "NRRD", content(b"NRRD0004\ntype: short\n"), SCAN, 2, "is NRRD, not NIfTI"),
    Situation(
        FORMATS,
        "MetaImage",
        content(b"ObjectType = Image\nNDims = 3\n"),
        SCAN,
        2,
        "is MetaImage, not NIfTI",
    ),
    Situation(FORMATS, "Analyze", analyze, PREDICT.format("scan.nii"), 2, "is Analyze, not NIfTI"),
    Situation(
        FORMATS,
        "a web page instead of the file",
        content(b"<!DOCTYPE html><html>log in</html>" * 20),
        SCAN,
        2,
        "is a web page",
    ),
    Situation(
        FORMATS,
        "a file that is cut off",
        content(gzip.compress(nib.Nifti1Image(hu(), AFFINE).to_bytes(), mtime=0)[:100]),
        SCAN,
        2,
        "is damaged or truncated",
    ),
    Situation(FORMATS, "a volume with more axes of length 1", five_axes, SCAN, 0),
    Situation(
        FORMATS, "two volumes in one file", two_volumes, SCAN, 2, "but a 3-D volume is needed"
    ),
    Situation(FORMATS, "an ending in capitals", in_capitals, FOLDER, 0),
    Situation(
        FORMATS,
        "labels stored as 0.9999999",
        labels(change=lambda label: label * 0.9999999),
        EVALUATE,
        0,
        done="scored as 1",
    ),
    Situation(
        FORMATS,
        "labels that are no whole numbers",
        labels(change=lambda label: label * 0.9),
        EVALUATE,
        2,
        "label value 0.9 is not one of",
    ),
    Situation(
        FOLDERS, "one of three scans is broken", cut("b.nii.gz"), FOLDER, 2, "1 of 3 scans cannot"
    ),
    Situation(
        FOLDERS,
        "`._a.nii.gz` of macOS beside a scan",
        scans("a.nii.gz", also={"._a.nii.gz": b"of another system"}),
        FOLDER,
        0,
    ),
    Situation(
        FOLDERS,
        "a scan in another format among others",
        scans("a.nii.gz", also={"b.nrrd": b"NRRD0004\n"}),
        FOLDER,
        2,
        "b.nrrd: is NRRD, not NIfTI",
    ),
    Situation(
        FOLDERS, "scans in folders of patients", patients, FOLDER, 2, "use --glob '*/ct.nii.gz'"
    ),
    Situation(
        FOLDERS,
        "a reference without a prediction",
        labels(references=("a", "b")),
        EVALUATE,
        2,
        "references/b.nii.gz: 1 of 2 references have no prediction",
    ),
    Situation(
        FOLDERS,
        "a prediction without a reference",
        labels(predictions=("a", "b")),
        EVALUATE,
        2,
        "the reference of predictions/b.nii.gz is missing",
    ),
    Situation(
        FOLDERS,
        "`.nii` beside `.nii.gz`",
        labels(ending=".nii"),
        EVALUATE,
        0,
        done="scored as one pair",
    ),
    Situation(
        FOLDERS,
        "one pair of files",
        labels(),
        "evaluate predictions/a.nii.gz references/a.nii.gz",
        0,
        done="scored",
    ),
    Situation(
        FOLDERS,
        "a file and a folder",
        labels(),
        "evaluate predictions/a.nii.gz references",
        2,
        "give two files or two folders",
    ),
    Situation(FOLDERS, "DICOM for a data set", ct(), "init ct", 2, "no NIfTI file"),
    Situation(
        FOLDERS,
        "a path of a notebook that is not there",
        lambda folder: None,
        "notebook 30_slice_viewer --profile smoke --set image=ct.nii.gz",
        2,
        "--set image=ct.nii.gz: there is no",
    ),
    *(
        Situation(SETTINGS, what, make, f"{command} --profile smoke", 2, says)
        for what, make, command, says in WRONG_SETTINGS
    ),
)


def sentences(error, folder):
    """What a command says on stderr, without its progress bars and without the folder's name."""
    lines = [line.rpartition("\r")[2] for line in error.replace(f"{folder}/", "").split("\n")]
    kept = [line for line in lines if line.startswith(("guidednet:", "  "))]
    return [line.removeprefix("guidednet: ").strip() for line in kept if "%|" not in line]


def row(situation, said):
    """The row of a situation in the table of the page."""
    seen = "<br>".join(said) if said else situation.done
    seen = re.sub(r"([|<>*_])", r"\\\1", seen).replace("\\<br\\>", "<br>")
    return f"| {situation.what} | {seen} | {situation.status} |"
