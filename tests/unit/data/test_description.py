"""Descriptions of data sets: what is read, and one sentence for every mistake, before anything is done."""

import json
import re

import pytest

from guidednet.data.datasets import DATASETS
from guidednet.data.datasets.description import parse, read_description
from guidednet.data.layouts import expression
from guidednet.errors import InputError

LABELS = {"1": "liver", "2": "spleen"}
GOOD = {"name": "mine", "labels": LABELS, "images": "{case}/ct.nii.gz"}


def test_names_columns_colours_and_tolerances_have_defaults():
    organs = parse(GOOD | {"labels": {"1": "kidney_left", "2": "thymus", "3": "Esophagus"}}).organs
    known, new, spelt = (organs.by_label[label] for label in (1, 2, 3))
    assert (known.name, known.column, known.tolerance_mm) == ("kidney_left", "L.kid", 3)
    assert (new.column, new.tolerance_mm) == ("Thy", 3) and spelt.column == "Eso"
    assert len({organ.colour for organ in (known, new, spelt)}) == 3


def test_own_values_win():
    own = {"liver": {"column": "L", "colour": "#010203", "tolerance_mm": 4}}
    liver = parse(GOOD | {"organs": own}).organs.by_label[1]
    assert (liver.column, liver.colour, liver.tolerance_mm) == ("L", "#010203", 4)


def test_other_numbers_become_classes_in_their_order():
    organs = parse(GOOD | {"labels": {"7": "liver", "3": "spleen"}}).organs
    assert organs.ids == (0, 3, 7) and organs.by_label[1].name == "spleen"


def test_an_mr_has_no_window():
    assert parse(GOOD | {"modality": "MR"}).hu_window is None
    assert parse(GOOD).hu_window == (-325, 325)


def test_a_description_survives_its_document():
    for dataset in (parse(GOOD), *DATASETS.values()):
        again = parse(json.loads(dataset.document))
        assert again.organs == dataset.organs and again.layout == dataset.layout


def test_nnunets_description_is_taken_as_it_is(tmp_path):
    document = {
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, "liver": 1, "spleen": 2},
        "numTraining": 3,
        "file_ending": ".nii.gz",
    }
    (tmp_path / "dataset.json").write_text(json.dumps(document))
    dataset = read_description(tmp_path)
    assert [organ.name for _, organ in dataset.organs.in_order] == ["liver", "spleen"]
    assert dataset.layout.images == (
        "imagesTr/{case}_0000.nii.gz",
        "imagesTs/{case}_0000.nii.gz",
    )
    assert dataset.name == tmp_path.name and dataset.folder == tmp_path


def test_the_decathlons_images_have_no_channel_in_their_name(tmp_path):
    document = {
        "name": "Task09 Spleen",
        "modality": {"0": "CT"},
        "labels": {"0": "background", "1": "spleen"},
        "training": [
            {"image": "./imagesTr/spleen_2.nii.gz", "label": "./labelsTr/spleen_2.nii.gz"}
        ],
    }
    (tmp_path / "imagesTr").mkdir()
    (tmp_path / "imagesTr" / "spleen_2.nii.gz").touch()
    (tmp_path / "dataset.json").write_text(json.dumps(document))
    dataset = read_description(tmp_path)
    assert dataset.layout.images[0] == "imagesTr/{case}.nii.gz" and dataset.name == "Task09_Spleen"


@pytest.mark.parametrize(
    ("pattern", "path", "case"),
    [
        ("{case}/ct.nii.gz", "p1/ct.nii.gz", "p1"),
        ("{case}/ct.nii.gz", "a/p1/ct.nii.gz", None),
        ("**/{case}_0000.nii.gz", "a/b/x_0000.nii.gz", "x"),
        ("**/labels*/{case}.nii.gz", "/d/labelsTr/x.nii.gz", "x"),
        ("{case}/{case}_t1.nii.gz", "p1/p1_t1.nii.gz", "p1"),
        ("{case}/{case}_t1.nii.gz", "p1/p2_t1.nii.gz", None),
        ("img.{case}.nii.gz", "imgx1.nii.gz", None),
    ],
)
def test_a_pattern_means_what_it_says(pattern, path, case):
    found = re.fullmatch(expression(pattern), path)
    assert (found and found["case"]) == case


# What is wrong, and the part of the sentence that says so.
MISTAKES = {
    "a list": ([], "holds a list instead of named values"),
    "no labels": ({"images": "{case}.nii.gz"}, "field 'labels' is missing"),
    "labels empty": (GOOD | {"labels": {}}, "field 'labels' is missing"),
    "labels a list": (GOOD | {"labels": ["liver"]}, "field 'labels' is missing"),
    "only background": (GOOD | {"labels": {"0": "background"}}, "names no organ"),
    "organ as background": (GOOD | {"labels": {"0": "liver"}}, "id 0 is the background"),
    "an id twice": (GOOD | {"labels": {"1": "liver", "spleen": 1}}, "id 1 appears twice"),
    "a name twice": (GOOD | {"labels": {"1": "liver", "2": "Liver"}}, "'liver' appears twice"),
    "an id that is text": (GOOD | {"labels": {"one": "liver"}}, "is not an id and the name"),
    "a name that is empty": (GOOD | {"labels": {"1": " "}}, "is not an id and the name"),
    "a negative id": (GOOD | {"labels": {"liver": -1}}, "id -1 is outside"),
    "a fraction": (GOOD | {"labels": {"liver": 1.5}}, "is not an id and the name"),
    "true": (GOOD | {"labels": {"liver": True}}, "is not an id and the name"),
    "a region": (GOOD | {"labels": {"kidneys": [1, 2]}}, "is a region of several ids"),
    "too many": (GOOD | {"labels": {str(i): f"o{i}" for i in range(1, 300)}}, "has 299 organs"),
    "unknown field": (GOOD | {"image": "x"}, "unknown field 'image': use one of"),
    "misspelt field": (GOOD | {"spacing": [1, 1, 1]}, "did you mean 'spacing_mm'"),
    "no images": ({"name": "m", "labels": LABELS}, "field 'images' is missing"),
    "no case in a pattern": (GOOD | {"images": "ct.nii.gz"}, "has no {case}"),
    "unknown word in a pattern": (GOOD | {"images": "{case}/{id}.nii.gz"}, "has {id}"),
    "absolute pattern": (GOOD | {"images": "/data/{case}.nii.gz"}, "leaves the folder"),
    "pattern upwards": (GOOD | {"images": "../{case}.nii.gz"}, "leaves the folder"),
    "other ending": (GOOD | {"images": "{case}.mha"}, "does not end in .nii.gz"),
    "an image per organ": (GOOD | {"images": "{case}/{organ}.nii.gz"}, "only segmentations"),
    "images a number": (GOOD | {"images": 3}, "field 'images': 3 is not a text"),
    "table and patterns": (GOOD | {"cases": "cases.csv"}, "give the table or the patterns"),
    "table that is no CSV": (
        {"name": "m", "labels": LABELS, "cases": "cases.xlsx"},
        "is not the name of a CSV file",
    ),
    "masks without organ": (GOOD | {"masks": {"liver": "l"}}, "field 'masks' needs {organ}"),
    "mask of an unknown organ": (
        GOOD | {"segmentations": "{case}/{organ}.nii.gz", "masks": {"lung": "l"}},
        "unknown organ in field 'masks' 'lung'",
    ),
    "unknown modality": (GOOD | {"modality": "PET"}, "unknown modality 'PET': use one of CT, MR"),
    "a window of MR": (
        GOOD | {"modality": "MR", "hu_window": [0, 1]},
        "MR has no Hounsfield units",
    ),
    "window upside down": (GOOD | {"hu_window": [325, -325]}, "field 'hu_window': [325, -325]"),
    "window of three": (GOOD | {"hu_window": [1, 2, 3]}, "field 'hu_window': [1, 2, 3]"),
    "percentiles beyond 100": (GOOD | {"percentiles": [0, 101]}, "field 'percentiles': [0, 101]"),
    "voxels of nothing": (GOOD | {"spacing_mm": [0, 1, 1]}, "field 'spacing_mm': [0, 1, 1]"),
    "two sizes": (GOOD | {"spacing_mm": [1, 1]}, "field 'spacing_mm': [1, 1]"),
    "sizes as text": (GOOD | {"spacing_mm": "1 1 1"}, "field 'spacing_mm': '1 1 1'"),
    "a flag that is text": (GOOD | {"hides_labels": "yes"}, "is not true or false"),
    "a name that is a path": (GOOD | {"name": "../x"}, "cannot name a folder"),
    "a name with a space": (GOOD | {"name": "my data"}, "cannot name a folder"),
    "values of an unknown organ": (
        GOOD | {"organs": {"lung": {}}},
        "unknown organ in field 'organs'",
    ),
    "unknown value": (GOOD | {"organs": {"liver": {"color": "#fff"}}}, "did you mean 'colour'"),
    "a colour by name": (GOOD | {"organs": {"liver": {"colour": "red"}}}, "is not like '#88CC88'"),
    "no tolerance": (GOOD | {"organs": {"liver": {"tolerance_mm": 0}}}, "tolerance_mm 0 is not"),
    "a column twice": (GOOD | {"organs": {"liver": {"column": "Spl"}}}, "'Spl' appears twice"),
    "a column too long": (GOOD | {"organs": {"liver": {"column": "x" * 13}}}, "is not a text of 1"),
    "order without an organ": (GOOD | {"column_order": ["liver"]}, "must name every organ once"),
    "order of an unknown organ": (GOOD | {"column_order": ["lung"]}, "unknown organ in field"),
    "two channels": (
        {"channel_names": {"0": "T1", "1": "T2"}, "labels": {"liver": 1}},
        "has 2 channels",
    ),
    "another file ending": (
        {"channel_names": {"0": "CT"}, "labels": {"liver": 1}, "file_ending": ".nrrd"},
        "convert the files to .nii.gz",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_a_description_is_one_sentence(name, tmp_path):
    document, message = MISTAKES[name]
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError) as caught:
        read_description(tmp_path)
    said = str(caught.value)
    assert message in said and said.startswith(f"{path}: ") and "\n" not in said


def test_a_description_that_is_no_json_or_not_there_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="no such description.*guidednet init"):
        read_description(tmp_path)
    (tmp_path / "dataset.json").write_text("{")
    with pytest.raises(InputError, match=r"dataset\.json"):
        read_description(tmp_path)
