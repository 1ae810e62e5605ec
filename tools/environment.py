"""Check whether the running Python satisfies the lock file.

    python -m tools.environment requirements.lock

exits with status 0 if it does; otherwise it prints the differences and exits with status 1. It runs
before anything is installed, so it needs only the standard library.
"""

import importlib.metadata
import sys
from pathlib import Path


def locked_versions(lock: Path) -> dict[str, str]:
    """Version by package name, from a lock file of `name==version` lines.

    Comments and empty lines are skipped.
    """
    lines = [line.split("#")[0].strip() for line in lock.read_text(encoding="utf-8").splitlines()]
    return dict(line.split("==") for line in lines if line)


def differences(lock: Path) -> list[str]:
    """One line per package that is missing or has another version.

    A build suffix such as +cpu does not count as a difference.
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
