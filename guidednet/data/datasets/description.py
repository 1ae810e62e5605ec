"""A data set's description: dataset.json beside the data, or in this package, as a Dataset.

    {"labels": {"1": "liver", "2": "spleen"},
     "images": "{case}/ct.nii.gz", "segmentations": "{case}/seg.nii.gz"}

docs/add-a-data-set.md explains every field. nnU-Net's dataset.json (imagesTr, labelsTr, labels by
name) is read as it is. Every mistake is one InputError that names the file, the field and the fix.
"""

import json
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

from guidednet.data.datasets.base import ENDING, Dataset, Layout, Modality, PhantomForm
from guidednet.data.datasets.fields import (
    flag,
    is_number,
    is_whole,
    pair,
    refuse_twice,
    spacing,
    texts,
)
from guidednet.data.datasets.nnunet import from_nnunet, is_nnunet
from guidednet.data.organs import Organ, OrganSet, organs_of
from guidednet.errors import InputError, naming, one_of
from guidednet.support.files import read_json

FILE = "dataset.json"
FIELDS = (
    *("name", "modality", "labels", "images", "segmentations", "masks", "cases", "hu_window"),
    *("percentiles", "spacing_mm", "hides_labels", "organs", "column_order", "always_labelled"),
    *("never_labelled", "numbers_below", "published_split", "phantom", "comment"),
)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
MOST_LABELS = 250  # label maps are uint8


def read_description(path: Path) -> Dataset:
    """The data set that the file at `path` describes; its data lie in the file's folder."""
    path = path / FILE if path.is_dir() else path
    if not path.is_file():
        fix = f"'guidednet init {path.parent}' writes one"
        raise InputError(f"{path}: no such description of a data set; {fix}")
    document = read_json(path)
    folder = path.resolve().parent
    with naming(path):
        return replace(parse(document, folder.name, folder), folder=folder)


def parse(document: dict[str, Any], name: str = "", folder: Path | None = None) -> Dataset:
    """The data set that `document` describes, called `name` if it has no name of its own.

    The files of `folder`, if given, decide between the two ways in which nnU-Net names its images.
    Raises InputError for a field that is unknown, missing or of another kind.
    """
    if not isinstance(document, dict):
        raise InputError('is not a description; write {"labels": ..., "images": ...}')
    if is_nnunet(document):
        document = from_nnunet(document, folder)
    for field in document:
        one_of("field", field, FIELDS)
    name = _name(document.get("name", name))
    modality = one_of("modality", document.get("modality", "CT"), get_args(Modality))
    organs = _organ_set(name, document)
    return Dataset(
        name=name,
        organs=organs,
        layout=_layout(document, organs),
        document=json.dumps(document | {"name": name}, sort_keys=True),
        modality=modality,
        hu_window=_hu_window(document, modality),
        percentiles=pair(document, "percentiles", (0.5, 99.5), 0, 100),
        spacing_mm=spacing(document),
        hides_labels=flag(document, "hides_labels"),
        published_split=document.get("published_split"),
        phantom=_phantom(document.get("phantom")),
    )


def _name(name: Any) -> str:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        fix = "use letters, digits, '_', '.' and '-', beginning with a letter or digit"
        raise InputError(f"field 'name': {name!r} cannot name a folder; {fix}")
    return name


# Labels and organs


def _organ_set(name: str, document: dict[str, Any]) -> OrganSet:
    by_id = _labels(document.get("labels"))
    organs = _with_own_values(organs_of(list(by_id.values())), document.get("organs", {}))
    ids = tuple(by_id)
    consecutive = ids == tuple(range(1, len(ids) + 1))
    by_label = dict(enumerate(organs, start=1))
    order = _column_order(document.get("column_order", []), list(by_id.values()))
    return OrganSet(name, by_label, order, () if consecutive else ids)


def _labels(labels: Any) -> dict[int, str]:
    """Name by id, rising, without the background; reads "1": "liver" and "liver": 1 alike."""
    if not isinstance(labels, dict) or not labels:
        example = '{"1": "liver", "2": "spleen"}'
        raise InputError(f"field 'labels' is missing; give the organs by id, such as {example}")
    by_id: dict[int, str] = {}
    for key, value in labels.items():
        number, organ = _id_and_name(key, value)
        if number in by_id:
            raise InputError(f"field 'labels': id {number} appears twice; give every organ its own")
        by_id[number] = organ
    background = by_id.pop(0, None)
    if background is not None and background.lower() != "background":
        raise InputError(
            f"field 'labels': id 0 is the background, not {background!r}; use 1 or more"
        )
    if not by_id:
        raise InputError("field 'labels' names no organ; give at least one besides the background")
    if len(by_id) > MOST_LABELS:
        raise InputError(f"field 'labels' has {len(by_id)} organs; {MOST_LABELS} are possible")
    refuse_twice("labels", [text.strip().lower() for text in by_id.values()])
    return dict(sorted(by_id.items()))


def _id_and_name(key: Any, value: Any) -> tuple[int, str]:
    for number, organ in ((key, value), (value, key)):
        whole = isinstance(number, int) or (isinstance(number, str) and number.isdecimal())
        named = isinstance(organ, str) and organ.strip() and not organ.strip().isdecimal()
        if whole and named and not isinstance(number, bool):
            return _checked_id(int(number)), organ.strip()
    if isinstance(value, list):
        raise InputError(f"field 'labels': {key!r} is a region of several ids; give each one id")
    raise InputError(f"field 'labels': {key!r}: {value!r} is not an id and the name of an organ")


def _checked_id(number: int) -> int:
    if not 0 <= number <= 65_535:
        raise InputError(f"field 'labels': id {number} is outside 0 to 65535")
    return number


def _with_own_values(organs: list[Organ], own: Any) -> list[Organ]:
    """`organs` with the columns, colours and tolerances that the description gives."""
    if not isinstance(own, dict):
        raise InputError("field 'organs' is not an object; give values by the name of the organ")
    names = [organ.name for organ in organs]
    by_name = {organ.name: organ for organ in organs}
    for name, values in own.items():
        one_of("organ in field 'organs'", name, names)
        by_name[name] = _with_values(by_name[name], values)
    refuse_twice("organs, column", [organ.column for organ in by_name.values()])
    return list(by_name.values())


def _with_values(organ: Organ, values: Any) -> Organ:
    place = f"field 'organs': {organ.name}"
    if not isinstance(values, dict):
        raise InputError(f"{place} is not an object; give column, colour or tolerance_mm")
    for key in values:
        one_of(f"value of {organ.name}", key, ("column", "colour", "tolerance_mm"))
    column, colour = values.get("column", organ.column), values.get("colour", organ.colour)
    tolerance = values.get("tolerance_mm", organ.tolerance_mm)
    if not isinstance(column, str) or not 0 < len(column.strip()) <= 12:
        raise InputError(f"{place}: column {column!r} is not a text of 1 to 12 letters")
    if not isinstance(colour, str) or not COLOUR.fullmatch(colour):
        raise InputError(f"{place}: colour {colour!r} is not like '#88CC88'")
    if not is_number(tolerance) or not 0 < tolerance <= 100:
        raise InputError(f"{place}: tolerance_mm {tolerance!r} is not a number from 0 to 100 mm")
    return Organ(organ.name, column, colour, float(tolerance))


def _column_order(order: Any, names: list[str]) -> tuple[int, ...]:
    order = texts("column_order", order)
    for name in order:
        one_of("organ in field 'column_order'", name, names)
    if order and sorted(order) != sorted(names):
        missing = next(iter(set(names) - set(order)), "one twice")
        raise InputError(f"field 'column_order' must name every organ once; it has not {missing}")
    return tuple(names.index(name) + 1 for name in order)


# Files


def _layout(document: dict[str, Any], organs: OrganSet) -> Layout:
    images = _patterns("images", document.get("images", []))
    segmentations = _patterns("segmentations", document.get("segmentations", []))
    table = document.get("cases")
    if table is not None and (not isinstance(table, str) or not table.endswith(".csv")):
        raise InputError(f"field 'cases': {table!r} is not the name of a CSV file")
    if table is not None and (images or segmentations):
        raise InputError("field 'cases': give the table or the patterns of files, not both")
    if table is None and not images:
        raise InputError("field 'images' is missing; give a pattern such as '{case}/ct.nii.gz'")
    number = document.get("numbers_below")
    if number is not None and not is_whole(number):
        raise InputError(f"field 'numbers_below': {number!r} is not a whole number")
    return Layout(
        images=images,
        segmentations=segmentations,
        masks=_masks(document, segmentations, organs),
        table=table,
        always_labelled=texts("always_labelled", document.get("always_labelled", [])),
        never_labelled=texts("never_labelled", document.get("never_labelled", [])),
        numbers_below=number,
    )


def _patterns(field: str, value: Any) -> tuple[str, ...]:
    """Patterns of files, each with one {case}."""
    patterns = texts(field, value)
    for pattern in patterns:
        place = f"field '{field}': pattern {pattern!r}"
        if pattern.count("{case}") < 1:
            raise InputError(f"{place} has no {{case}}; put it where the case's name stands")
        if unknown := set(re.findall(r"\{(.*?)\}", pattern)) - {"case", "organ"}:
            raise InputError(
                f"{place} has {{{min(unknown)}}}; only {{case}} and {{organ}} are known"
            )
        if field == "images" and "{organ}" in pattern:
            raise InputError(
                f"{place} has {{organ}}; only segmentations can have one file an organ"
            )
        if pattern.startswith(("/", "~")) or ".." in pattern.split("/") or "\\" in pattern:
            raise InputError(f"{place} leaves the folder; write it relative to the description")
        if not pattern.endswith((ENDING, ".nii")):
            raise InputError(f"{place} does not end in .nii.gz or .nii; only NIfTI files are read")
    return patterns


def _masks(
    document: dict[str, Any], segmentations: tuple[str, ...], organs: OrganSet
) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """For each label the mask files that are merged into it, if there is one file per organ."""
    given = document.get("masks", {})
    if not isinstance(given, dict):
        raise InputError("field 'masks' is not an object; give names of files by organ")
    per_organ = ["{organ}" in pattern for pattern in segmentations]
    if given and not any(per_organ):
        raise InputError("field 'masks' needs {organ} in the pattern of segmentations")
    if any(per_organ) and (not all(per_organ) or len(segmentations) > 1):
        raise InputError("field 'segmentations': give one pattern with {organ} and no other")
    names = {organ.name: label for label, organ in organs.in_order}
    for name in given:
        one_of("organ in field 'masks'", name, names)
    if not any(per_organ):
        return ()
    return tuple(
        (label, texts(f"masks: {name}", given.get(name, name.replace(" ", "_"))))
        for name, label in names.items()
    )


# Intensities and phantoms


def _hu_window(document: dict[str, Any], modality: str) -> tuple[float, float] | None:
    if modality != "CT":
        if document.get("hu_window") is not None:
            raise InputError(f"field 'hu_window': {modality} has no Hounsfield units; take it out")
        return None
    return pair(document, "hu_window", (-325.0, 325.0), -32_768, 32_767)


def _phantom(values: dict[str, Any] | None) -> PhantomForm | None:
    if values is None:
        return None
    known = {field.name for field in fields(PhantomForm)}
    for key in values:
        one_of("value of field 'phantom'", key, known)
    lists = {
        key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
    }
    return PhantomForm(**lists)
