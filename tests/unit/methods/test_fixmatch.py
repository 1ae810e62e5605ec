"""FixMatch: its limits at thresholds 0 and 1, and its views."""

import pytest
import torch

from guidednet.losses import supervised_loss
from guidednet.methods.fixmatch import FixMatchConfig
from guidednet.optimiser import OptimiserConfig, update
from helpers.batches import a_batch, a_method


def test_a_threshold_of_1_is_supervised_training():
    weights = []
    for name, options in (("fixmatch", FixMatchConfig(threshold=1.0)), ("supervised", None)):
        method = a_method(name, options).eval()
        terms = method(a_batch(), 4)
        update(method.optimisers(OptimiserConfig()), sum(terms.values()))
        weights.append(method.network.state_dict())
    fixmatch, supervised = weights
    assert all(torch.equal(fixmatch[key], supervised[key]) for key in supervised)


def test_a_threshold_of_0_is_the_loss_of_all_pseudo_labels(monkeypatch):
    monkeypatch.setattr("guidednet.methods.fixmatch.random_intensity", lambda image, options: image)
    monkeypatch.setattr(
        "guidednet.methods.fixmatch.cut_mix", lambda image, label, *options: (image, label)
    )
    method = a_method("fixmatch", FixMatchConfig(weight=1.0, threshold=0.0)).eval()
    logits = method.network(a_batch().image[2:]).logits
    expected = method.ramp_weight(4) * supervised_loss(logits, logits.argmax(1))
    torch.testing.assert_close(method(a_batch(), 4)["pseudo_label"], expected)


@pytest.mark.parametrize("views", [1, 2])
def test_every_view_is_segmented_once(monkeypatch, views):
    method = a_method("fixmatch", FixMatchConfig(views=views)).eval()
    seen, forward = [], method.network.forward
    monkeypatch.setattr(
        method.network, "forward", lambda image: seen.append(image) or forward(image)
    )
    method(a_batch(), 4)
    assert len(seen) == 2 + views
    assert all(not torch.equal(view, seen[1]) for view in seen[2:])
    assert views == 1 or not torch.equal(seen[2], seen[3])
