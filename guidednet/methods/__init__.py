"""All methods by name. A new method needs one file and one line in this dictionary."""

from guidednet.errors import one_of
from guidednet.methods import outside
from guidednet.methods.ad_mt import ADMT
from guidednet.methods.all_labels import AllLabels
from guidednet.methods.base import Method, MethodSetup
from guidednet.methods.bcp import BCP
from guidednet.methods.cld import CLD
from guidednet.methods.cps import CPS
from guidednet.methods.crest import CReST
from guidednet.methods.dan import DAN
from guidednet.methods.depl import DePL
from guidednet.methods.dhc import DHC
from guidednet.methods.dtc import DualTaskConsistency
from guidednet.methods.fixmatch import FixMatch
from guidednet.methods.ga_cps import GACPS
from guidednet.methods.guidednet import GuidedNet
from guidednet.methods.magicnet import MagicNet
from guidednet.methods.mean_teacher import MeanTeacher
from guidednet.methods.noisy_student import NoisyStudent
from guidednet.methods.sassnet import SASSnet
from guidednet.methods.supervised import Supervised
from guidednet.methods.supervised_augmented import SupervisedAugmented
from guidednet.methods.ua_mt import UncertaintyAwareMeanTeacher
from guidednet.support.registry import Registry

# The paper's methods in the order of its tables, then others.
METHODS: Registry[type[Method]] = Registry(
    "guidednet.methods:METHODS",
    {
        "supervised": Supervised,
        "dan": DAN,
        "mean_teacher": MeanTeacher,
        "ua_mt": UncertaintyAwareMeanTeacher,
        "sassnet": SASSnet,
        "dtc": DualTaskConsistency,
        "cps": CPS,
        "cld": CLD,
        "dhc": DHC,
        "magicnet": MagicNet,
        "guidednet": GuidedNet,
        "supervised_augmented": SupervisedAugmented,
        "all_labels": AllLabels,
        "noisy_student": NoisyStudent,
        "fixmatch": FixMatch,
        "bcp": BCP,
        "ad_mt": ADMT,
        "ga_cps": GACPS,
        "crest": CReST,
        "depl": DePL,
    },
)


def method_class(name: str) -> type[Method]:
    """The class of the method `name`; raises InputError for an unknown name."""
    is_known(name)
    return one_of("method", name, METHODS)


def is_known(name: str) -> bool:
    """Whether there is a method `name`: in this package, in EXTRA_METHODS, or installed."""
    if name not in METHODS:
        outside.register_named(METHODS)
    return name in METHODS or outside.register_installed(name, METHODS)


def find_method(text: str) -> str:
    """The name of the method that `text` names: a known one, FILE.py:Class or module:Class.

    A class from outside becomes known. Raises InputError if there is no such method.
    """
    if ":" in text or text.endswith(".py"):
        return outside.register(text, METHODS)
    method_class(text)
    return text


def use_variable() -> None:
    """Make the methods known that EXTRA_METHODS names."""
    outside.register_named(METHODS)


def method_label(name: str) -> str:
    """The label of the method `name` in tables; a class does not inherit that of another method."""
    return outside.label_of(method_class(name), name)


def is_printed(kind: type[Method]) -> bool:
    """Whether the paper compares the method; one derived from such a method is none of them."""
    return kind.in_paper and is_of_this_package(kind)


def is_of_this_package(kind: type[Method]) -> bool:
    """Whether the method ships with this package."""
    return kind.__module__.startswith(f"{__name__}.")


def build_method(name: str, setup: MethodSetup, options: object) -> Method:
    """Build the method `name` with its options (an instance of its Config)."""
    return method_class(name)(setup, options)
