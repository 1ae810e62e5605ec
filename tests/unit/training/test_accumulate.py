"""Networks that take the rows of a batch in parts compute what they compute of all rows at once."""

import dataclasses

import pytest
import torch

from guidednet.data.sampling import Batch, BatchDataset
from guidednet.errors import InputError
from guidednet.methods import METHODS
from guidednet.methods.ad_mt import ADMTConfig
from guidednet.methods.fixmatch import FixMatchConfig
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.methods.magicnet import MagicNetConfig
from guidednet.methods.noisy_student import NoisyStudentConfig
from guidednet.optimiser import update
from guidednet.training.device import accelerated
from guidednet.training.loop import make_method, train
from helpers.cases import SPLIT, BlobStore
from helpers.tiny_runs import KilledError, killed_after, result_bytes, tiny_config

# what two steps would not reach
OPTIONS = {
    "magicnet": MagicNetConfig(warm_up=0, window=2),
    "noisy_student": NoisyStudentConfig(teacher_share=0.2, threshold=0.0),
    "fixmatch": FixMatchConfig(threshold=0.0, views=2),
    "ad_mt": ADMTConfig(threshold=0.0, period=1),
}
CASES = {name: (name, OPTIONS.get(name)) for name in METHODS} | {
    "guidednet, official": ("guidednet", GuidedNetConfig.official()),
    "guidednet, layer 1": ("guidednet", GuidedNetConfig(feature_layer=1)),
}


def two_steps(name, accumulate):
    """Loss terms, parameters and buffers after two steps in float64, with dropout and noise."""
    config = tiny_config(*CASES[name], accumulate=accumulate)
    torch.set_default_dtype(torch.float64)
    try:
        method = make_method(config, BlobStore().class_voxels(SPLIT.labelled)).double().train()
        method = accelerated(method, config.training, "cpu")
        torch.manual_seed(0)
        dataset = BatchDataset(BlobStore(), SPLIT.labelled, SPLIT.unlabelled, config.batch, 0, 14)
        optimisers, values = method.optimisers(config.optimiser), {}
        for step in range(2):
            batch = dataset[step]
            terms = method(
                Batch(batch.image.double(), batch.label.long(), batch.distance_maps.double()), step
            )
            update(optimisers, sum(terms.values()))
            method.after_step(step)
            values |= {f"{term} at {step}": value.detach() for term, value in terms.items()}
    finally:
        torch.set_default_dtype(torch.float32)
    return values | {key: value.clone() for key, value in method.state_dict().items()}


@pytest.mark.parametrize("name", CASES)
def test_two_rows_twice_equal_four_rows_at_once(name):
    once, twice = two_steps(name, 1), two_steps(name, 2)
    assert once.keys() == twice.keys()
    for key, value in once.items():
        assert (value.double() - twice[key].double()).abs().max() < 1e-10, key


def test_only_one_part_of_the_activations_is_kept():
    def kept(accumulate):
        config = tiny_config("cps", accumulate=accumulate)
        method, sizes = accelerated(make_method(config), config.training, "cpu"), {}

        def count(tensor):
            sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            method.network_a(torch.rand(4, 1, 16, 16, 16)).logits.sum()
        return sum(sizes.values())

    assert kept(4) < kept(1) / 3


def test_resume_in_parts_equals_no_interruption(tmp_path):
    config = tiny_config("guidednet", accumulate=2)
    train(config, BlobStore(), SPLIT, tmp_path / "whole")
    with pytest.raises(KilledError):
        train(config, BlobStore(), SPLIT, tmp_path / "parts", progress=killed_after(3))
    train(config, BlobStore(), SPLIT, tmp_path / "parts")
    assert result_bytes(tmp_path / "parts") == result_bytes(tmp_path / "whole")


def test_no_part_is_refused():
    with pytest.raises(InputError, match="accumulate: 0 is too small"):
        dataclasses.replace(
            config := tiny_config("cps"),
            training=dataclasses.replace(config.training, accumulate=0),
        )
