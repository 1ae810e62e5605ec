"""An exported network computes what the run's network computes, and says how to use it."""

import importlib.util
import json
import shutil

import numpy as np
import pytest
import torch

from guidednet.exports.network import export_network
from guidednet.runs.model_file import load_model
from guidednet.runs.store import RunStore
from guidednet.support.files import file_hash
from helpers.bad_input import refused
from helpers.tiny_runs import TinyWorkspace, save_run, tiny_config

SUFFIX = {"safetensors": ".safetensors", "torchscript": ".pt", "onnx": ".onnx"}
NEEDS = {"safetensors": ("safetensors",), "onnx": ("onnx", "onnxscript", "onnxruntime")}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of two networks."""
    store = RunStore(TinyWorkspace(tmp_path_factory.mktemp("results")))
    return store.get(tiny_config("cps")).folder


@pytest.fixture(scope="module")
def image():
    return torch.rand(3, 1, 8, 8, 8, generator=torch.Generator().manual_seed(0))


def from_torchscript(path, run, image):
    return torch.jit.load(str(path))(image)


def from_onnx(path, run, image):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path))
    return torch.from_numpy(session.run(None, {"image": image.numpy()})[0])


def from_safetensors(path, run, image):
    from safetensors.torch import load_file

    network = load_model(run).method.network_b  # which has other weights
    network.load_state_dict(load_file(path))
    return network.eval()(image).logits


READERS = {
    "safetensors": from_safetensors,
    "torchscript": from_torchscript,
    "onnx": from_onnx,
}


@pytest.mark.parametrize("kind", READERS)
@torch.inference_mode()
def test_an_exported_network_gives_the_logits_of_the_run(kind, run, image, tmp_path):
    """Where an optional package is not installed, one sentence says so and nothing is written."""
    path = tmp_path / f"network{SUFFIX[kind]}"
    absent = [name for name in NEEDS.get(kind, ()) if importlib.util.find_spec(name) is None]
    if absent:
        refused(f"pip install {absent[0]}", export_network, run, path, kind)
        assert not list(tmp_path.iterdir())
        return
    export_network(run, path, kind)
    expected = load_model(run).method.eval().predictors()["primary"](image).logits
    torch.testing.assert_close(READERS[kind](path, run, image), expected, rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_the_ensemble_is_the_mean_of_both_networks_at_another_size(run, tmp_path):
    image = torch.rand(1, 1, 16, 8, 12)
    export_network(run, tmp_path / "network.pt", "torchscript", ensemble=True)
    expected = load_model(run).method.eval().predictors()["ensemble"](image).logits
    found = from_torchscript(tmp_path / "network.pt", run, image)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_the_description_holds_preparation_labels_and_window(run, tmp_path):
    export_network(run, tmp_path / "network.pt", "torchscript")
    found = json.loads((tmp_path / "network.json").read_text())
    assert found["sha256"] == file_hash(tmp_path / "network.pt")
    assert found["labels"]["0"] == "background" and found["labels"]["1"] == "liver"
    assert found["input"]["shape"] == ["batch", 1, 8, 8, 8]
    assert found["window"]["stride"] == [4, 4, 4] and len(found["prepare"]["spacing_mm"]) == 3
    assert found["run"] == run.name.rpartition("-")[2] and found["predictor"] == "primary"


def test_the_card_says_on_which_data_under_which_terms_and_how_well(run, tmp_path):
    export_network(run, tmp_path / "network.pt", "torchscript")
    card = (tmp_path / "network.md").read_text()
    for text in ("synthetic phantoms", "of no use on patients", "CC BY-NC-SA 4.0", "## Limits"):
        assert text in card
    dice = json.loads((run / "record.json").read_text())["key"]
    assert f"run `{dice}`" in card and "warning of the training: no labelled" in card
    (line,) = [line for line in card.splitlines() if line.startswith("| liver |")]
    assert len(line.split("|")) == 8 and np.isfinite(float(line.split("|")[2]))
    assert "1 test case, one seed" in card


def test_an_old_run_without_scores_has_a_card_that_says_so(tmp_path):
    export_network(save_run(tmp_path / "run", "supervised"), tmp_path / "n.pt", "torchscript")
    card = (tmp_path / "n.md").read_text()
    assert "does not say whether the cases were synthetic" in card and "no usable scores" in card


def test_what_cannot_be_exported_is_one_sentence_and_no_file(run, tmp_path):
    output = tmp_path / "network.pt"
    refused("unknown format 'onxx': use one of", export_network, run, output, "onxx")
    single = save_run(tmp_path / "run", "supervised")
    refused("supervised has no ensemble", export_network, single, output, "torchscript", True)
    spoilt = shutil.copytree(run, tmp_path / "spoilt")
    shutil.copy(single / "weights.pt", spoilt / "weights.pt")
    refused("the weights do not fit", export_network, spoilt, output, "torchscript")
    assert not output.exists() and not output.with_suffix(".json").exists()
