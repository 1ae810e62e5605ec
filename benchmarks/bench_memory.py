"""Peak memory of a training step at the paper's size, estimated on a CPU: tensors take as much
there as on a GPU.

Measured with one and with two rows of each kind; memory grows in proportion to the rows (see the
benchmark `growth`), so that the paper's four follow. On a GPU the benchmark `steps` measures it
directly.
"""

import dataclasses
from functools import partial
from typing import Any

import torch

from benchmarks.bench_steps import MEMORY_GIB, config_of, step_of
from benchmarks.common import comparison, peak_mebibytes
from guidednet.config import RunConfig
from guidednet.support.progress import bar

CASES = [(method, precision) for precision in ("bf16", "fp32") for method in ("cps", "guidednet")]
ROWS = (1, 2)


def with_rows(config: RunConfig, rows: int) -> RunConfig:
    """`config` with `rows` labelled and as many unlabelled rows in a batch."""
    return dataclasses.replace(
        config, batch=dataclasses.replace(config.batch, labelled=rows, unlabelled=rows)
    )


def gibibytes(method: str, precision: str, size: str) -> float:
    """Peak of a step with the batch of the profile `size`, on the line through two smaller batches."""
    config = config_of(method, size, precision=precision)
    fewer, more = (
        peak_mebibytes(partial(step_of, with_rows(config, rows), torch.device("cpu"))) / 1024
        for rows in ROWS
    )
    return fewer + (more - fewer) * (config.batch.labelled - ROWS[0]) / (ROWS[1] - ROWS[0])


def measure(quick: bool = False) -> list[dict[str, Any]]:
    """A row for each method and precision: GiB against those of a card of 24."""
    size, cases = ("smoke", CASES[-1:]) if quick else ("paper", CASES)
    turns = bar("benchmark: memory", "step")(cases, len(cases))
    peaks = {case: gibibytes(*case, size) for case in turns}
    return [
        comparison(
            f"peak memory of {method}, {size}, {precision}, estimated",
            "GiB",
            peak,
            "a card",
            MEMORY_GIB,
            1.0,
            1,
        )
        for (method, precision), peak in peaks.items()
    ]
