"""What a run's record says about its machine: versions, device, memory, commit."""

import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from guidednet.processes.distributed import world_size

STATUS, CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")
CPUINFO = Path("/proc/cpuinfo")  # Linux alone
# The instructions for matrix products that a CPU may have, best first: with others it sums in
# another order.
INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "avx512f", "avx2")
HELD_TO = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")  # variables that keep oneDNN from some of them
RECORDED = ("torch", "numpy", "scipy", "pandas", "torchio", "nibabel")


def provenance(device: torch.device | str) -> dict[str, Any]:
    """What a record says about the machine that made the run.

    It names versions, device, threads, processor, peak memory (of the first process), commit and
    time.
    """
    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "versions": {name: version for name in RECORDED if (version := _version(name))},
        "device": device_name(device, world_size()),
        "processor": processor(os.environ),
        "processes": world_size(),
        "peak_memory_gib": None if (peak := peak_memory(device)) is None else round(peak, 3),
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain", "--untracked-files=no")),
    }


def device_name(device: torch.device | str, processes: int = 1) -> str:
    """The name of `device` in records: the GPU's name, or the CPU and its number of threads.

    It begins with "2 x" if two processes share a training run.
    """
    name = _name_of_one(torch.device(device))
    return name if processes == 1 else f"{processes} x {name}"


def _name_of_one(device: torch.device) -> str:
    if device.type == "mps":
        return f"GPU of {platform.processor() or 'Apple'} (Metal)"
    if device.type == "cuda":
        here = torch.cuda.is_available()
        return torch.cuda.get_device_name(device) if here else "GPU of another machine"
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}"


def processor(environment: Mapping[str, str]) -> str:
    """The model of the CPU and the instructions that decide the order of its sums.

    These are the best it has of INSTRUCTIONS, or those that a variable of `environment` (HELD_TO)
    holds oneDNN to.
    """
    facts = _cpu_facts()
    held = [f"held to {value}" for name in HELD_TO if (value := environment.get(name))]
    best = [name for name in INSTRUCTIONS if name in facts.get("flags", "").split()]
    model = facts.get("model name") or platform.processor() or platform.machine()
    return ", ".join([model, *(held or best)[:1]])


def _cpu_facts() -> dict[str, str]:
    """What Linux says about the first core, by name; empty elsewhere."""
    if not CPUINFO.is_file():
        return {}
    first = CPUINFO.read_text(encoding="utf-8").split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def reset_peak_memory(device: torch.device | str) -> None:
    """Start measuring peak memory anew.

    A process that trains several runs would otherwise report the largest so far. On a CPU this
    works only on Linux.
    """
    if torch.device(device).type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif os.access(CLEAR_REFS, os.W_OK):
        CLEAR_REFS.write_text("5", encoding="ascii")


def peak_memory(device: torch.device | str) -> float | None:
    """Most memory in GiB that this process has held on `device` since `reset_peak_memory`.

    On systems that cannot reset it, the measurement covers the whole process. It is that of the CPU
    on Apple's GPUs, which share it, and None on Windows.
    """
    if torch.device(device).type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    if os.access(CLEAR_REFS, os.W_OK):
        (line,) = (
            line
            for line in STATUS.read_text(encoding="utf-8").splitlines()
            if line.startswith("VmHWM:")
        )
        return int(line.split()[1]) / 2**20
    try:
        import resource
    except ImportError:  # Windows
        return None
    # bytes on macOS, KiB elsewhere
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _git(*arguments: str) -> str | None:
    """The output of a git command in the repository; None without git or a repository."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=30,
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
