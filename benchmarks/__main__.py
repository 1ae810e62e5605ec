"""Run benchmarks, print their tables and write them to figures/benchmarks.

    python -m benchmarks [NAME ...] [--quick]

A benchmark is a module benchmarks.bench_<name> with `measure(quick: bool) -> list[dict]`, which
returns one flat dict per row. With `quick` it runs at a tiny size, which checks that it works but
says nothing about speed.
"""

import argparse
import importlib
import importlib.util
import sys
from types import ModuleType

import torch

from benchmarks.common import write
from guidednet.errors import FailedError, InputError

BENCHMARKS = {
    "cgmm": "3D-CGMM, matrix form against plain broadcasting",
    "windows": "sliding-window inference against MONAI",
    "loader": "crop loading against gzipped HDF5 and torchio's Queue",
    "prepare": "preparation of a scan",
    "steps": "training steps of every method",
    "waiting": "time that a training waits for its crops",
    "scaling": "training steps on several processes",
    "growth": "time and memory as batch, crop, classes and cases grow",
    "memory": "peak memory of a step at the paper's size, estimated on a CPU",
    "gpu": "steps on a GPU against the CPU's, times and memory at the paper's size",
    "precision": "learning in bf16 against learning in float32",
    "machines": "difference between results on this CPU and on another kind",
    "viewer": "time from a hand's movement to the picture in the slice viewer",
}


def available() -> list[str]:
    """Names of the benchmarks whose module exists."""
    return [name for name in BENCHMARKS if importlib.util.find_spec(f"benchmarks.bench_{name}")]


def load(name: str) -> ModuleType:
    """The module of the benchmark `name`. Raises InputError if there is no such benchmark."""
    if name not in available():
        raise InputError(f"there is no benchmark '{name}'; use one of {', '.join(available())}")
    return importlib.import_module(f"benchmarks.bench_{name}")


def run(names: list[str], quick: bool) -> None:
    """Run the benchmarks `names` (all if empty) in turn, and write each table when it is ready.

    "gpu" is among all of them only where there is one.
    """
    here = [name for name in available() if name != "gpu" or torch.cuda.is_available()]
    for name, module in {name: load(name) for name in names or here}.items():
        write(f"{name}_quick" if quick else name, module.measure(quick))


def main() -> int:
    """Run the command line and return its status: 0, 1 after a failure, or 2 after bad input.

    An error is one sentence on stderr.
    """
    listed = "\n".join(f"  {name:8} {BENCHMARKS[name]}" for name in available())
    parser = argparse.ArgumentParser(
        prog="benchmarks",
        description=f"benchmarks:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmark to run (default: all)")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="check only that they run: tiny sizes, written as <name>_quick.csv",
    )
    options = parser.parse_args()
    try:
        run(options.names, options.quick)
    except (InputError, FailedError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
