"""The data sets by name. A new data set takes one file and one line in DATASETS."""

from guidednet.data.datasets.amos import AMOS
from guidednet.data.datasets.base import Dataset, Layout, PhantomForm
from guidednet.data.datasets.flare22 import FLARE22
from guidednet.data.organs import OrganSet
from guidednet.errors import one_of
from guidednet.support.registry import Registry

__all__ = ["DATASETS", "Dataset", "Layout", "PhantomForm", "dataset_of", "organ_set"]

DATASETS: Registry[Dataset] = Registry(
    "guidednet.data.datasets:DATASETS", {"flare22": FLARE22, "amos": AMOS}
)


def dataset_of(name: str) -> Dataset:
    """The data set called `name`; raises InputError for an unknown name."""
    return one_of("data set", name, DATASETS)


def organ_set(name: str) -> OrganSet:
    """The labels of the data set called `name`; raises InputError for an unknown name."""
    return dataset_of(name).organs
