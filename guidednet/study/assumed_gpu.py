"""A GPU that is not here, to plan for; and which trainings a GPU's memory holds."""

import argparse
import re
from collections.abc import Iterable
from dataclasses import dataclass

from guidednet.config import RunConfig
from guidednet.runs.cost import ASSUMED_TERAFLOPS
from guidednet.runs.memory import GIB, least_parts, memory_in_parts, training_memory

WRITTEN = re.compile(r"(\d+(?:\.\d+)?) ?(?:GB|GiB|G)?(?:, ?(\d+(?:\.\d+)?) ?(?:TFLOPS?|TFLOP/s)?)?")


@dataclass(frozen=True)
class AssumedGPU:
    """The memory of a GPU in GiB, and the TFLOP/s that it sustains on these networks."""

    gibibytes: float
    teraflops: float = ASSUMED_TERAFLOPS

    def __str__(self) -> str:
        return f"a GPU of {self.gibibytes:g} GiB that sustains {self.teraflops:g} TFLOP/s (assumed)"


def assumed_gpu(text: str) -> AssumedGPU:
    """The GPU that `text` describes, such as "24GB" or "24GB,40TFLOPS".

    A card of 24 GB has about 24 GiB. Raises ArgumentTypeError for anything else.
    """
    found = WRITTEN.fullmatch(text.strip())
    numbers = [float(number) for number in found.groups() if number] if found else [0.0]
    if not all(numbers):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no GPU; give its memory, and its speed if you know it: 24GB, or "
            "24GB,40TFLOPS"
        )
    return AssumedGPU(*numbers)


def memory_text(configs: Iterable[RunConfig], gibibytes: float | None, processes: int = 1) -> str:
    """What the trainings of `configs` need of each GPU, and the option with which they fit.

    Each of `processes` GPUs takes its share of the rows. Without `gibibytes`, nothing is said of
    what fits. Empty without any training.
    """
    needs = {config: needed(config, processes) for config in configs}
    if not needs:
        return ""
    largest = max(needs, key=needs.__getitem__)
    said = f"the largest training needs about {needs[largest]:.1f} GiB"
    if gibibytes is None or needs[largest] <= gibibytes:
        return said
    many = sum(need > gibibytes for need in needs.values())
    return (
        f"{many} of {len(needs)} trainings need more than {gibibytes:g} GiB, up to about "
        f"{needs[largest]:.1f}: {_fix(largest, gibibytes, processes)}"
    )


def needed(config: RunConfig, processes: int = 1) -> float:
    """About how many GiB each of `processes` GPUs needs for the training of `config`."""
    return training_memory(config, processes=processes) / GIB


def _fix(config: RunConfig, gibibytes: float, processes: int) -> str:
    """The least number of parts with which the training of `config` fits."""
    parts = least_parts(config, gibibytes * GIB, processes)
    if parts is None:
        return "use smaller crops or batches, or more GPUs; --accumulate alone does not suffice"
    need = memory_in_parts(config, parts, processes) / GIB
    return f"use --accumulate {parts} (about {need:.1f} GiB)"
