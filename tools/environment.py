"""Whether the running Python satisfies the lock file.

    python -m tools.environment requirements.lock

ends with status 0 where it does, else names what differs and ends with 1. It runs before anything
is installed: the standard library alone.
"""

import importlib.metadata
import sys
from pathlib import Path


def locked_versions(lock: Path) -> dict[str, str]:
    """Version by package name of a lock file of `name==version` lines; comments and empty lines are
    skipped.
    """
    lines = [line.split("#")[0].strip() for line in lock.read_text(encoding="utf-8").splitlines()]
    return dict(line.split("==") for line in lines if line)


def differences(lock: Path) -> list[str]:
    """One line for each package that is missing or has another version; a build suffix such as +cpu
    is no difference.
    """
    found = []
    for name, wanted in locked_versions(lock).items():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            installed = "missing"
        if installed.split("+")[0] != wanted:
            found.append(f"{name}: {installed} instead of {wanted}")
    return found


def main() -> int:
    """Compare the running Python with the lock file given as the only argument."""
    found = differences(Path(sys.argv[1]))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
