"""Peak memory of a training step at the paper's size, estimated on a CPU.

Tensors take as much memory there as on a GPU. Memory is measured with one and with two rows of each
kind. It grows linearly with the rows (see the benchmark `growth`), so the value for the paper's
four rows follows. On a GPU the benchmark `steps` measures it directly.
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
    """`config` with `rows` labelled and as many unlabelled rows per batch."""
    return dataclasses.replace(
        config, batch=dataclasses.replace(config.batch, labelled=rows, unlabelled=rows)
    )


def gibibytes(method: str, precision: str, size: str) -> float:
    """Peak GiB of a step with the batch of profile `size`, extrapolated from smaller batches."""
    config = config_of(method, size, precision=precision)
    fewer, more = (
        peak_mebibytes(partial(step_of, with_rows(config, rows), torch.device("cpu"))) / 1024
        for rows in ROWS
    )
    return fewer + (more - fewer) * (config.batch.labelled - ROWS[0]) / (ROWS[1] - ROWS[0])


def measure(quick: bool = False) -> list[dict[str, Any]]:
    """One row per method and precision: peak GiB against the 24 GiB of a card."""
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
