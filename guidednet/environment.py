"""Which versions run here: checked against the lock file, and written into every run's record.

    python -m guidednet.environment requirements.lock

ends with status 0 where the running Python satisfies the lock, else names what differs and ends with 1.
Only the standard library is imported at module level, so that it runs before anything is installed.
"""

import importlib.metadata
import os
import platform
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

STATUS, CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RECORDED = ("torch", "numpy", "scipy", "pandas", "torchio", "nibabel")


def locked_versions(lock: Path) -> dict[str, str]:
    """Version by package name of a lock file of `name==version` lines; comments and empty lines are skipped."""
    lines = [line.split("#")[0].strip() for line in lock.read_text(encoding="utf-8").splitlines()]
    return dict(line.split("==") for line in lines if line)


def differences(lock: Path) -> list[str]:
    """One line for each package that is missing or has another version; a build suffix such as +cpu is no difference."""
    found = []
    for name, wanted in locked_versions(lock).items():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            installed = "missing"
        if installed.split("+")[0] != wanted:
            found.append(f"{name}: {installed} instead of {wanted}")
    return found


def provenance(device: Any) -> dict[str, Any]:
    """What a record says of the machine: versions, device, threads, peak memory (of the first process), commit, time."""
    from guidednet.distributed import world_size

    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "versions": {name: version for name in RECORDED if (version := _version(name))},
        "device": device_name(device, world_size()),
        "processes": world_size(),
        "peak_memory_gib": round(peak_memory(device), 3),
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain", "--untracked-files=no")),
    }


def device_name(device: Any, processes: int = 1) -> str:
    """What records call `device`: the GPU's name, or the CPU and the number of threads; "2 x ..." where two processes share a training."""
    import torch

    threads = torch.get_num_threads()
    on_gpu = torch.device(device).type == "cuda"
    gpu = torch.cuda.get_device_name(device) if on_gpu and torch.cuda.is_available() else "GPU of another machine"
    name = gpu if on_gpu else f"CPU, {threads} thread{'s' if threads > 1 else ''}"
    return name if processes == 1 else f"{processes} x {name}"


def reset_peak_memory(device: Any) -> None:
    """Begin to measure peak memory anew, so that a process that trains several runs does not add them up (CPU: Linux alone)."""
    import torch

    if torch.device(device).type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif os.access(CLEAR_REFS, os.W_OK):
        CLEAR_REFS.write_text("5", encoding="ascii")


def peak_memory(device: Any) -> float:
    """GiB that this process held at most on `device` since `reset_peak_memory`; where that cannot be had, since it began."""
    import torch

    if torch.device(device).type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    if os.access(CLEAR_REFS, os.W_OK):
        (line,) = (line for line in STATUS.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _git(*arguments: str) -> str | None:
    """The output of a git command in the repository, None where there is no git or no repository."""
    try:
        done = subprocess.run(["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, timeout=30)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def main() -> int:
    """Compare the running Python with the lock file given as the only argument."""
    found = differences(Path(sys.argv[1]))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
