"""The data sets by name. A new one of the package is a description (JSON) and a line here; one's
own data need neither, since their description lies beside them.
"""

import json
from importlib import resources
from pathlib import Path

from guidednet.data.datasets.base import Dataset, Layout, PhantomForm
from guidednet.data.datasets.description import FILE, parse, read_description
from guidednet.data.organs import OrganSet
from guidednet.errors import InputError, one_of
from guidednet.support.registry import Registry

__all__ = [
    "DATASETS",
    "Dataset",
    "Layout",
    "PhantomForm",
    "dataset_of",
    "labels_of",
    "organ_set",
    "packaged",
    "parse",
    "register",
    "resolve",
]


def packaged(name: str) -> Dataset:
    """The data set whose description comes with the package as <name>.json."""
    source = resources.files(__name__).joinpath(f"{name}.json")
    return parse(json.loads(source.read_text(encoding="utf-8")))


DATASETS: Registry[Dataset] = Registry(
    "guidednet.data.datasets:DATASETS",
    {
        "flare22": packaged("flare22"),
        "amos": packaged("amos"),
        "btcv": packaged("btcv"),
        "left_atrium": packaged("left_atrium"),
        "totalsegmentator": packaged("totalsegmentator"),
    },
)


def dataset_of(name: str) -> Dataset:
    """The data set called `name`; raises InputError for an unknown name."""
    return one_of("data set", name, DATASETS)


def organ_set(name: str) -> OrganSet:
    """The labels of the data set called `name`; raises InputError for an unknown name."""
    return dataset_of(name).organs


def register(dataset: Dataset) -> Dataset:
    """Make `dataset` known by its name.

    Raises InputError if another data set with other labels has this name: runs and models would be
    read with the wrong organs.
    """
    known = DATASETS.get(dataset.name)
    if known is not None and labels_of(known) != labels_of(dataset):
        fix = f"give one of them another 'name' in its {FILE}"
        raise InputError(f"{dataset.name}: two data sets with different labels; {fix}")
    DATASETS[dataset.name] = dataset
    return dataset


def labels_of(dataset: Dataset) -> list[tuple[int, str]]:
    """(id in files, name) of each organ, by rising id."""
    numbers = dataset.organs.ids[1:]
    organs = (organ.name for _, organ in dataset.organs.in_order)
    return list(zip(numbers, organs, strict=True))


def resolve(text: str, data_root: Path | None = None) -> Dataset:
    """The data set that `text` names: a known one, the folder of a description or its file, or a
    folder of `data_root`.

    Raises InputError if there is none.
    """
    places = [Path(text)] + ([data_root / text] if data_root is not None else [])
    for place in places:
        if (place / FILE).is_file() or (place.is_file() and place.suffix == ".json"):
            if text not in DATASETS:
                return register(read_description(place))
    if text not in DATASETS and Path(text).is_dir():
        return read_description(Path(text))  # says how to write one
    return dataset_of(text)
