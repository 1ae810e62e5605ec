"""Find known vulnerabilities of the lock file's packages, with pip-audit and PyPI's advisories.

    python -m tools.audit requirements.lock

exits with status 0 if none is known, 1 if some are, and 2 if a package could not be checked:
pip-audit itself skips packages that it cannot look up.
"""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from guidednet.errors import InputError
from tools.licences import packages, summary


def advisories(lock: Path) -> list[dict[str, Any]]:
    """pip-audit's answer for each package: name, version and vulns, or name and skip_reason.

    Raises InputError if pip-audit gives no answer.
    """
    options = ["--no-deps", "--disable-pip", "--format=json", "--progress-spinner=off"]
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "-r", str(lock), *options],
        capture_output=True,
        text=True,
    )
    try:
        return json.loads(done.stdout)["dependencies"]
    except ValueError as error:
        reason = textwrap.shorten((done.stderr.strip().splitlines() or ["no answer"])[-1], 150)
        raise InputError(
            f"{lock}: its packages could not be checked ({reason}); "
            "the audit needs pip-audit and the network"
        ) from error


def vulnerabilities(found: list[dict[str, Any]]) -> list[str]:
    """One line per known vulnerability, with the versions that fix it."""
    return [
        f"{package['name']} {package['version']}: {one['id']}, "
        f"fixed in {', '.join(one['fix_versions']) or 'no version yet'}"
        for package in found
        for one in package.get("vulns", ())
    ]


def refuse_gaps(lock: Path, found: list[dict[str, Any]]) -> None:
    """Raise InputError if pip-audit could not look up every package."""
    unknown = [package["name"] for package in found if "skip_reason" in package]
    if unknown:
        raise InputError(
            f"{lock}: {len(unknown)} of its {len(found)} packages could not be checked, "
            f"such as {unknown[0]}; try again later"
        )


def main() -> int:
    """Audit the lock file given as the only argument, and summarise its licences."""
    lock = Path(sys.argv[1])
    print(summary(packages(lock)), flush=True)
    try:
        found = advisories(lock)
        known = vulnerabilities(found)
        print("\n".join(known), end="\n" if known else "")
        refuse_gaps(lock, found)
    except InputError as error:
        print(f"audit: {error}", file=sys.stderr)
        return 2
    print(f"{len(known)} known vulnerabilities in {len(found)} packages")
    return 1 if known else 0


if __name__ == "__main__":
    sys.exit(main())
