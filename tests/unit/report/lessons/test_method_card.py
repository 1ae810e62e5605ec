"""A method's card lists its networks, loss terms and cost."""

import pytest
import torch

from guidednet.methods.supervised import Supervised
from guidednet.report.lessons import method_card as module
from guidednet.report.lessons.method_card import (
    card_line,
    method_card,
    networks,
    relative_cost,
    trainable_parameters,
)
from helpers.batches import a_batch, a_method


def test_a_card_lists_networks_terms_and_cost():
    methods = {name: a_method(name) for name in ("supervised", "mean_teacher")}
    card = method_card("mean_teacher", methods, a_batch(), step=4)
    assert (
        card.loc["network", "name"].tolist() == ["student", "teacher"]
        and "not trained" in card.loc["network", "value"].iloc[1]
    )
    assert card.loc["loss term", "name"].tolist() == ["supervised", "consistency"]
    costs = card.loc["cost"].set_index("name")["value"]
    assert (
        costs["trainable parameters"]
        == f"{sum(value.numel() for value in methods['mean_teacher'].student.parameters()):,}"
    )
    assert float(costs["time of a step (Sup only = 1)"]) > 0
    line = card_line(card).data
    assert line.startswith("**network:** student ") and "· **loss term:** supervised " in line


class BelowZero(Supervised):
    """A method with a loss term below 0."""

    def forward(self, batch, step):
        return {
            "supervised": torch.tensor(1.0),
            "dice": -super().forward(batch, step)["supervised"],
        }


def test_a_card_explains_a_loss_below_zero():
    plain = a_method("supervised")
    below = BelowZero(plain.setup, plain.options)
    card = method_card("below", {"supervised": plain, "below": below}, a_batch(), step=4)
    assert card.loc[["note"], "name"].tolist() == ["dice"]
    assert "by design" in card.loc[["note"], "value"].iloc[0]
    assert "note" not in method_card("supervised", {"supervised": plain}, a_batch(), step=4).index


def test_a_busy_moment_is_no_cost(monkeypatch):
    """The clock of a machine on which one step of each method takes ten times as long."""
    methods = {name: a_method(name) for name in ("supervised", "cps", "guidednet")}
    usual = dict(zip(methods, (1.0, 2.0, 2.5), strict=True))
    slow = {(0, "supervised"), (1, "cps"), (0, "guidednet")}
    steps = [usual[name] * (10 if (turn, name) in slow else 1) for turn in (0, 1) for name in usual]
    clock = iter([0.0, *(time for step in steps for time in (step, 0.0))])
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(clock))
    assert relative_cost(methods, a_batch(), step=2, repeats=1) == pytest.approx(usual)


def test_measuring_the_cost_leaves_the_networks_as_they_are():
    methods = {name: a_method(name) for name in ("supervised", "guidednet")}
    before = [parameter.clone() for parameter in methods["guidednet"].parameters()]
    costs = relative_cost(methods, a_batch(), step=2, repeats=1)
    assert costs["supervised"] == 1 and costs["guidednet"] > 0
    assert all(
        torch.equal(*pair) for pair in zip(before, methods["guidednet"].parameters(), strict=True)
    )
    assert set(networks(methods["guidednet"])) == {"network_a", "network_b"}
    assert trainable_parameters(methods["guidednet"]) == 2 * trainable_parameters(
        methods["supervised"]
    )
