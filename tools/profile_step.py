"""Where the time of a training step goes: its operations by their time, the longest first.

    python -m tools.profile_step cps guidednet [--profile paper] [--rows 20]

The step is that of benchmark `steps`, in bf16, on a GPU if there is one. On a GPU the time of an
operation is that of its kernels.
"""

import argparse
from collections.abc import Sequence

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.bench_steps import config_of, step_of

WARM_UP = 2  # steps


def profiled(method: str, size: str, device: torch.device) -> profile:
    """The profile of a step of `method` at the size of profile `size`, after a warm-up."""
    step = step_of(config_of(method, size, precision="bf16"), device)
    for _ in range(WARM_UP):
        step()
    kinds = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device.type == "cuda" else [])]
    with profile(activities=kinds) as found:
        step()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each method."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("methods", nargs="+", help="such as cps guidednet")
    parser.add_argument("--profile", default="paper", help="whose size the step has")
    parser.add_argument("--rows", type=int, default=20, help="operations to list")
    options = parser.parse_args(arguments)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    order = f"self_{device.type}_time_total"
    for method in options.methods:
        found = profiled(method, options.profile, device).key_averages()
        print(f"{method}, {options.profile}, {device}")
        print(found.table(sort_by=order, row_limit=options.rows, max_name_column_width=60))


if __name__ == "__main__":
    main()
