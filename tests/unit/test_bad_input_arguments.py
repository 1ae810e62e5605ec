"""Bad tables, series, stores and arguments of functions: one sentence that names the file or the
argument.
"""

import dataclasses
import shutil

import numpy as np
import pandas as pd
import pytest
import SimpleITK

from guidednet.config import TrainingConfig
from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.dicom import read_series
from guidednet.data.splits import CaseLists, choose, draw_lists, read_lists, read_mapping
from guidednet.evaluation.scores import organ_means
from guidednet.inference import WindowConfig
from guidednet.ktcps import KTCPSConfig
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.runs.record import Run
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import open_workspace
from guidednet.training.loop import make_method
from helpers.bad_input import refused
from helpers.dicom_series import write_series
from helpers.tiny_runs import tiny_config
from helpers.volumes import blobs


def scores(path):
    return Run(tiny_config("cps"), path.parent, {}).scores()


def curves(path):
    return Run(tiny_config("cps"), path.parent, {}).curves()


def cases(path):
    (path.parent / "store.json").write_text('{"dataset": "flare22"}')
    return CaseStore(path.parent).table


TABLES = {
    ("scores.csv", None): (scores, "no such file"),
    ("scores.csv", ""): (scores, "cannot be read as CSV with the columns predictor (text)"),
    ("scores.csv", "\x00\x01\x02"): (scores, "has no column predictor"),
    ("scores.csv", "a,b\n1,2\n"): (
        scores,
        "has no column predictor; its columns must be predictor, case, organ",
    ),
    (
        "scores.csv",
        "predictor,case,organ,metric,value,reference_voxels,predicted_voxels\na,b,c,d,good,1,1\n",
    ): (scores, "value (numbers)"),
    ("curves.csv", "step,loss\n1,2\n"): (curves, "has no column validation_dice"),
    ("curves.csv", "step,validation_dice\nfirst,0.5\n"): (
        curves,
        "cannot be read as CSV with the columns step (whole numbers)",
    ),
    ("cases.csv", "case_id,labelled\na,True\n"): (cases, "has no column prepared_image_sha256"),
    ("cases.csv", "case_id,labelled,prepared_image_sha256\na,perhaps,0\n"): (
        cases,
        "labelled (True or False)",
    ),
    ("cases.csv", "case_id,labelled,prepared_image_sha256\na,True,0\na,True,1\n"): (
        cases,
        "case a is listed twice",
    ),
    ("split.csv", "case,split\na,train\n,test\n"): (
        read_lists,
        "line 3 has nothing in column case; fill it in",
    ),
    ("split.csv", "case,split\na,\n"): (read_lists, "line 2 has nothing in column split"),
    ("split.csv", "case,split\na,train\na,train\n"): (
        read_lists,
        "case a occurs more than once",
    ),
    ("split.csv", "case;split\na;train\n"): (read_lists, "has no column case"),
    ("mapping.csv", "released,case\na,b\nc,b\n"): (read_mapping, "case b occurs more than once"),
    ("mapping.csv", 'released,case\n"a,b\n'): (
        read_mapping,
        "cannot be read as CSV with the columns released (text), case (text)",
    ),
}


@pytest.mark.parametrize(("name", "content"), TABLES, ids=str)
def test_a_table_that_is_none_is_one_sentence(name, content, tmp_path):
    read, message = TABLES[name, content]
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    refused(message, read, tmp_path / name)


def test_a_table_in_bytes_is_one_sentence(tmp_path):
    (tmp_path / "split.csv").write_bytes(bytes(range(256)) * 4)
    refused("split.csv: cannot be read as CSV", read_lists, tmp_path / "split.csv")


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    write_series(folder, blobs()[0], np.diag([-3.0, -3.0, 5.0, 1.0]))
    return folder


def in_colour(folder, files):
    for file in files:
        grey = SimpleITK.Cast(SimpleITK.ReadImage(str(file)), SimpleITK.sitkUInt8)
        writer = SimpleITK.ImageFileWriter()
        writer.KeepOriginalImageUIDOn()
        writer.SetFileName(str(file))
        colour = SimpleITK.Compose(grey, grey, grey)
        for key in ("0020|000e", "0020|000d", "0008|0018", "0020|0032", "0020|0037", "0020|0013"):
            colour.SetMetaData(key, SimpleITK.ReadImage(str(file)).GetMetaData(key))
        writer.Execute(colour)


SERIES = {
    "one slice": (
        lambda folder, files: [file.unlink() for file in files[1:]],
        "holds a single slice",
    ),
    "cut off": (
        lambda folder, files: files[3].write_bytes(files[3].read_bytes()[:900]),
        "1.2.3-003.dcm cannot be read as DICOM",
    ),
    "emptied": (
        lambda folder, files: files[3].write_bytes(b""),
        "1.2.3-003.dcm cannot be read as DICOM",
    ),
    "a slice twice": (
        lambda folder, files: shutil.copy(files[3], folder / "copy.dcm"),
        "lie at the same position; remove one of them",
    ),
    "texts": (
        lambda folder, files: [file.write_text("slice") for file in files],
        "holds no DICOM series",
    ),
    "in colour": (in_colour, "its slices are in colour"),
}


@pytest.mark.parametrize("name", SERIES)
def test_a_series_that_is_none_is_one_sentence_and_nothing_beside_it(name, series, tmp_path, capfd):
    damage, message = SERIES[name]
    folder = shutil.copytree(series, tmp_path / "series")
    damage(folder, sorted(folder.iterdir()))
    refused(message, read_series, folder)
    assert capfd.readouterr().err == ""


def store_with(folder, image):
    """A store of the case a, whose image is the bytes of a file, or missing."""
    (folder / "cases" / "a").mkdir(parents=True)
    (folder / "cases.csv").write_text(
        'case_id,labelled,prepared_image_sha256,spacing\na,False,0,"[5, 3, 3]"\n'
    )
    (folder / "store.json").write_text('{"dataset": "flare22"}')
    if image is not None:
        (folder / "cases" / "a" / "image.npy").write_bytes(image)
    return CaseStore(folder)


@pytest.mark.parametrize("image", [None, b"", b"\x93NUMPY\x01\x00v\x00{'descr'", b"text"], ids=str)
def test_a_damaged_array_of_a_store_is_one_sentence(image, tmp_path):
    refused(
        "image.npy: is missing or damaged; delete the folder",
        store_with(tmp_path, image).image,
        "a",
    )


def guidednet_of(**options):
    return make_method(tiny_config("guidednet", GuidedNetConfig(**options)))


def run_store(folder):
    return RunStore(open_workspace("smoke", results=folder))


def with_stride(stride):
    return dataclasses.replace(tiny_config("cps"), window=WindowConfig((8, 8, 8), stride))


ONE_SCORE = pd.DataFrame(
    {
        "metric": ["dice"],
        "predictor": ["primary"],
        "organ": ["liver"],
        "value": [1.0],
        "reference_voxels": [1],
        "predicted_voxels": [1],
    }
)
CALLS = {
    "a share of cases that are not there": (
        lambda path: draw_lists(["a", "b"], [], 1, 2),
        "2 labelled cases are too few for 1 validation",
    ),
    "a negative share": (
        lambda path: draw_lists(["a", "b"], [], -1, 1),
        "too few for -1 validation and 1 test cases",
    ),
    "more labels than cases": (
        lambda path: choose(CaseLists(("a",), (), ()), {"a"}, 2, 0, "here"),
        "here: 1 labelled and 0 unlabelled",
    ),
    "a case in two lists": (
        lambda path: CaseLists(("a",), ("a",), ()),
        "case a occurs more than once",
    ),
    "a case that a store has not": (
        lambda path: store_with(path, None).spacing("b"),
        "has no case 'b'; use one of those in cases.csv",
    ),
    "another way of missing": (
        lambda path: run_store(path).get(tiny_config("cps"), "guess"),
        "unknown on_missing 'guess': use one of",
    ),
    "a layer beyond the decoder": (
        lambda path: guidednet_of(feature_layer=3),
        "feature_layer: 3 is not a layer of the decoder of depth 3",
    ),
    "a way to normalise": (
        lambda path: KTCPSConfig(normalisation="sum"),
        "use one of weighted_mean, voxel_mean",
    ),
    "a precision": (
        lambda path: TrainingConfig(precision="int8"),
        "unknown precision 'int8': use one of fp32, bf16",
    ),
    "a training of no steps": (
        lambda path: tiny_config("cps", steps=0),
        "training steps: 0 is too small; give a whole number of at least 1",
    ),
    "windows with gaps": (
        lambda path: with_stride((8, 8, 12)),
        "window stride is (8, 8, 12): give numbers from 1 to the window size",
    ),
    "a window upside down": (
        lambda path: PrepareConfig(hu_window=(325, -325)),
        "hu_window is (325, -325): the first number must be below",
    ),
    "percentiles that are one": (
        lambda path: PrepareConfig(percentiles=(50, 50)),
        "percentiles is (50, 50)",
    ),
    "a rule for absent organs": (
        lambda path: organ_means(ONE_SCORE, "dice", rule="best"),
        "unknown rule for absent organs 'best'",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_argument_is_one_sentence(name, tmp_path):
    call, message = CALLS[name]
    refused(message, call, tmp_path)
