"""Train the study on real CT side by side, the first seed of all rows first, then the next.

    python -m tools.train_study --data-root DATA --results RESULTS [--gpu] [--jobs N] [--minutes M]

It may be stopped at any time, and ends by itself after `--minutes`; the same command goes on where
it stopped. With --gpu all jobs share one GPU, which one run at this size does not fill. With
prepared cases in RESULTS/stores/study the scans are not needed. `python -m tools.ship_study
RESULTS/runs` adds the finished runs to the figures.
"""

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch

from guidednet.config import RunConfig
from guidednet.processes.workers import cores
from guidednet.runs.profiles import profile
from guidednet.runs.side_by_side import train_runs
from guidednet.runs.store import RunStore
from guidednet.runs.workspace import Workspace
from guidednet.study.real_ct import DATASET, shipped_rows

SHARED_GPU = "nvidia-cuda-mps-control"  # lets processes compute on one GPU at the same time


def seeds_first(methods: Sequence[str] | None = None) -> list[RunConfig]:
    """The runs of the study, the first seed of every row before the second of any."""
    rows = [row.configs for row in shipped_rows()]
    configs = [config for of_seed in zip(*rows, strict=True) for config in of_seed]
    return [config for config in configs if methods is None or config.method in methods]


@contextmanager
def shared_gpu() -> Iterator[None]:
    """Let several processes compute on one GPU at the same time, where NVIDIA's service can.

    Where the service starts but no process can compute through it, they take turns instead.
    """
    if shutil.which(SHARED_GPU) is None:
        yield
        return
    subprocess.run([SHARED_GPU, "-d"], check=False)
    try:
        if not _can_compute():
            _end_service()
        yield
    finally:
        _end_service()


def _end_service() -> None:
    """End the service, if it is installed and runs."""
    if shutil.which(SHARED_GPU):
        subprocess.run([SHARED_GPU], input="quit\n", text=True, check=False, capture_output=True)


def _can_compute() -> bool:
    """Whether a new process can compute on the GPU."""
    command = [sys.executable, "-c", "import torch; torch.ones(1, device='cuda').item()"]
    try:
        return subprocess.run(command, timeout=60, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def train_for(seconds: float, arguments: Sequence[str]) -> None:
    """Run this program with `arguments` in a process of its own, and end it after `seconds`.

    Its workers end with it; what they trained stays in their checkpoints.
    """
    command = [sys.executable, "-m", "tools.train_study", *arguments]
    with subprocess.Popen(command) as training:
        until = time.monotonic() + seconds
        while training.poll() is None and time.monotonic() < until:
            time.sleep(0.5)
        training.terminate()
    if "--gpu" in arguments:
        _end_service()  # which a process that is ended leaves behind


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-root", type=Path, default=Path("data"))
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--methods", help="comma-separated, such as cps,guidednet (default: all)")
    parser.add_argument("--jobs", type=int, default=max(1, cores() - 1))
    parser.add_argument("--gpu", action="store_true", help="share one GPU among the jobs")
    parser.add_argument("--minutes", type=float, help="end after so many minutes")
    options, given = parser.parse_args(arguments), list(arguments or sys.argv[1:])
    if options.minutes is not None:
        place = given.index("--minutes")
        return train_for(60 * options.minutes, given[:place] + given[place + 2 :])
    workspace = Workspace(
        profile("study"), options.data_root, options.results, options.results / "figures"
    )
    workspace.cases(DATASET)
    runs = RunStore(workspace, torch.device("cuda" if options.gpu else "cpu"))
    methods = options.methods.split(",") if options.methods else None
    with shared_gpu() if options.gpu else nullcontext():
        train_runs(runs, seeds_first(methods), options.jobs, int(options.gpu))


if __name__ == "__main__":
    main()
