"""Five steps of every method in float64 stand in golden/losses.csv, so that no change of the
mathematics passes unseen.

After a change that is meant, run `PYTHONPATH=.:tests python tests/unit/methods/test_golden_losses.py`
and say why in the commit.
"""

import dataclasses

import pandas as pd
import pytest
import torch

from guidednet.data.sampling import Batch, BatchDataset
from guidednet.methods import METHODS
from guidednet.methods.ad_mt import ADMTConfig
from guidednet.methods.depl import DePLConfig
from guidednet.methods.fixmatch import FixMatchConfig
from guidednet.methods.guidednet import GuidedNetConfig
from guidednet.methods.noisy_student import NoisyStudentConfig
from guidednet.methods.ua_mt import UAMTConfig
from guidednet.networks import NetworkConfig
from guidednet.optimiser import set_learning_rate, update
from guidednet.training.loop import make_method
from helpers.cases import SPLIT, BlobStore
from helpers.paths import GOLDEN
from helpers.tiny_runs import tiny_config

FILE = GOLDEN / "losses.csv"
OPTIONS = {
    "guidednet, printed": ("guidednet", GuidedNetConfig.printed()),
    "guidednet, official": ("guidednet", GuidedNetConfig.official()),
    "ua_mt, ln K": ("ua_mt", UAMTConfig(entropy_base=None)),
    "fixmatch, two views": ("fixmatch", FixMatchConfig(threshold=0.0, views=2)),
    "noisy_student, all sure": ("noisy_student", NoisyStudentConfig(0.2, threshold=0.0)),
    "ad_mt, short turns": ("ad_mt", ADMTConfig(threshold=0.0, period=2)),
    "depl, all sure": ("depl", DePLConfig(threshold=0.0)),
}
NAMES = [*METHODS, *OPTIONS]


def five_steps(name):
    """Loss terms by step: columns method, step, term, value."""
    method_name, options = OPTIONS.get(name, (name, None))
    config = dataclasses.replace(
        tiny_config(method_name, options), network=NetworkConfig(width=2, depth=3, dropout=0.0)
    )
    torch.set_default_dtype(torch.float64)
    try:
        method = make_method(config, BlobStore().class_voxels(SPLIT.labelled)).double().train()
        torch.manual_seed(0)
        dataset = BatchDataset(
            BlobStore(), SPLIT.labelled, SPLIT.unlabelled, config.batch, seed=0, distance_classes=14
        )
        optimisers, rows = method.optimisers(config.optimiser), []
        for step in range(5):
            batch = dataset[step]
            set_learning_rate(optimisers, 1 - step / 5)
            terms = method(
                Batch(batch.image.double(), batch.label.long(), batch.distance_maps.double()), step
            )
            update(optimisers, sum(terms.values()))
            method.after_step(step)
            rows += [(name, step, term, value.item()) for term, value in terms.items()]
    finally:
        torch.set_default_dtype(torch.float32)
    return pd.DataFrame(rows, columns=["method", "step", "term", "value"])


@pytest.mark.parametrize("name", NAMES)
def test_losses_are_the_golden_ones(name):
    expected = pd.read_csv(FILE).query("method == @name").reset_index(drop=True)
    pd.testing.assert_frame_equal(five_steps(name), expected, rtol=1e-7, atol=1e-12)


if __name__ == "__main__":
    torch.set_num_threads(1)
    pd.concat([five_steps(name) for name in NAMES]).to_csv(FILE, index=False, float_format="%.12g")
