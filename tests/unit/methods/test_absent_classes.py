"""A class of which no labelled case has a voxel takes part in no loss, no weight and no score."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from guidednet.evaluation.scores import score_method
from guidednet.ktcps import KTCPSConfig, KTCPSWeights
from guidednet.methods import METHODS
from guidednet.optimiser import OptimiserConfig, update
from guidednet.training.loop import make_method, validation_dice
from helpers.batches import a_batch
from helpers.cases import SPLIT, BlobStore
from helpers.tiny_runs import tiny_config

VOXELS = BlobStore().class_voxels(SPLIT.labelled)  # five organs of thirteen
ABSENT = torch.tensor(VOXELS == 0)


@pytest.mark.parametrize("name", METHODS)
def test_its_weights_do_not_move_and_it_is_never_predicted(name):
    config = replace(tiny_config(name), optimiser=OptimiserConfig(weight_decay=0.0))
    torch.manual_seed(0)
    method = make_method(config, VOXELS)
    before = {
        key: value.clone() for key, value in method.state_dict().items() if "classifier" in key
    }
    optimisers = method.optimisers(config.optimiser)
    for step in (2, 4):
        terms = method.train()(a_batch(), step)
        assert all(term.isfinite() for term in terms.values())
        update(optimisers, sum(terms.values()))
        method.after_step(step)
    after = method.state_dict()
    for key, value in before.items():
        if len(value) == len(ABSENT):
            assert torch.equal(after[key][ABSENT], value[ABSENT]), key
            waits = key.startswith("second_teacher")  # for its turn, which comes later
            assert waits or not torch.equal(after[key][~ABSENT], value[~ABSENT]), key
    predicted = method.eval().predictors()["primary"](a_batch().image).logits.argmax(1)
    assert not ABSENT[predicted].any()


def test_difficult_classes_are_weighed_among_those_that_exist():
    counts = torch.tensor([1000.0, 100, 10, 0])
    for config in (KTCPSConfig(), KTCPSConfig.official()):
        weights = KTCPSWeights(counts, config).weights_a
        assert weights[3] == 0 and weights.argmax() == 2 and weights.max() == 4


def test_it_has_no_score_and_no_part_in_the_validation():
    config, cases = tiny_config("supervised"), BlobStore()
    method = make_method(config, VOXELS)
    scores = score_method(method, config, cases, SPLIT.test)
    never = [organ.name for label, organ in config.organs.in_order if ABSENT[label]]
    assert scores["value"][scores["organ"].isin(never)].isna().all()
    assert not np.isnan(validation_dice(method, config, cases, SPLIT.validation, "cpu"))
