"""The method card of notebook 04: networks, loss terms on one batch, parameters and step cost."""

import time

import pandas as pd
import torch
from IPython.display import Markdown

from guidednet.data.sampling import Batch
from guidednet.methods import Method
from guidednet.optimiser import OptimiserConfig, update
from guidednet.report.tables.markup import markdown_text

BELOW_ZERO = "below 0 by design: it holds minus a weighted Dice, which falls as Dice rises"


def method_card(name: str, methods: dict[str, Method], batch: Batch, step: int) -> pd.DataFrame:
    """One line per network, loss term and cost of the method `name`, with columns name and value.

    The index is the kind of line. Loss terms are weighted as at `step`. The cost is the time of a
    step divided by that of `methods["supervised"]`, both measured now.
    """
    method = methods[name]
    torch.manual_seed(0)
    terms = {term: f"{value.item():.4f}" for term, value in method.train()(batch, step).items()}
    cost = relative_cost({"supervised": methods["supervised"], name: method}, batch, step)[name]
    lines = [
        *[("network", part, size) for part, size in networks(method).items()],
        *[("loss term", term, value) for term, value in terms.items()],
        *[("note", term, BELOW_ZERO) for term, value in terms.items() if float(value) < 0],
        ("cost", "trainable parameters", f"{trainable_parameters(method):,}"),
        ("cost", "time of a step (Sup only = 1)", f"{cost:.2f}"),
    ]
    return pd.DataFrame(lines, columns=["kind", "name", "value"]).set_index("kind")


def networks(method: Method) -> dict[str, str]:
    """The parts of a method with parameters: how many they have, and whether they are trained."""
    sizes = {
        name: sum(value.numel() for value in part.parameters())
        for name, part in method.named_children()
    }
    trained = {
        name: any(value.requires_grad for value in part.parameters())
        for name, part in method.named_children()
    }
    return {
        name: f"{size:,} parameters" + ("" if trained[name] else ", not trained")
        for name, size in sizes.items()
        if size
    }


def trainable_parameters(method: Method) -> int:
    """Number of parameters that an optimiser updates."""
    return sum(value.numel() for value in method.parameters() if value.requires_grad)


def relative_cost(
    methods: dict[str, Method], batch: Batch, step: int, repeats: int = 1
) -> dict[str, float]:
    """Time of one training step of each method divided by that of "supervised".

    The methods take turns, and the fastest of `repeats` + 1 steps counts. The networks keep their
    weights (learning rate 0), but discriminators and running statistics are updated.
    """
    best = dict.fromkeys(methods, float("inf"))
    for _ in range(repeats + 1):  # the first round warms up and is rarely the fastest
        for name, method in methods.items():
            optimisers = method.train().optimisers(
                OptimiserConfig(learning_rate=0.0, weight_decay=0.0)
            )
            began = time.perf_counter()
            update(optimisers, sum(method(batch, step).values()))
            best[name] = min(best[name], time.perf_counter() - began)
    return {name: seconds / best["supervised"] for name, seconds in best.items()}


def card_line(card: pd.DataFrame) -> Markdown:
    """A method's card as one paragraph: networks, loss terms and costs."""
    parts = []
    for kind, entries in card.groupby(level=0, sort=False):
        shown = ", ".join(
            f"{entry.name} {entry.value}" for entry in entries.itertuples(index=False)
        )
        parts.append(f"**{kind}:** {markdown_text(shown)}")
    return Markdown(" · ".join(parts))
