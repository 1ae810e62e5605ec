"""Wrong arguments of functions are refused with one sentence that names the argument."""

import dataclasses

import pandas as pd
import pytest

from guidednet.config import TrainingConfig
from guidednet.data.case_store import PrepareConfig
from guidednet.data.datasets import organ_set
from guidednet.data.splits import CaseLists, choose, draw_lists
from guidednet.errors import InputError
from guidednet.evaluation.scores import organ_means
from guidednet.inference import WindowConfig
from guidednet.ktcps import KTCPSConfig
from guidednet.methods import method_class
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.runs.profiles import profile
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import open_workspace
from guidednet.study.artefacts import artefacts
from guidednet.training.loop import make_method
from helpers.bad_input import refused, store_with
from helpers.tiny_runs import tiny_config


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
        "unknown precision 'int8': use one of fp32, bf16, fp16",
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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: profile("fast"), "unknown profile 'fast': use one of smoke"),
        (lambda: organ_set("kits"), "unknown data set 'kits': use one of flare22, amos"),
        (lambda: method_class("mixmatch"), "unknown method 'mixmatch': use one of supervised"),
        (lambda: artefacts("table3,table9", profile("quick")), "unknown artefact 'table9'"),
    ],
)
def test_unknown_names_get_one_sentence(call, message):
    with pytest.raises(InputError, match=message):
        call()
